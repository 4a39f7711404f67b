"""What `{$ref: PATH}` and `{$ref: PATH#/json/pointer}` name: a value of a YAML file below the repository root.

A value is resolved once per load, and all manifests that refer to it share it. A pointer is written as in RFC 6901,
without percent-encoding. It cannot lead through another reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, Protocol

from reconciler.diagnostics import Diagnostic, did_you_mean, quoted
from reconciler.keys.faults import Fault, RefusedError
from reconciler.manifest.codes import Code
from reconciler.manifest.findings import MAX_DEPTH, MAX_NODES
from reconciler.manifest.located import LocatedFile, RawPath, display
from reconciler.manifest.origins import LITERAL, Origin
from reconciler.manifest.sharedfiles import SharedFiles
from reconciler.model.values import Json

REF: Final = "$ref"
LONGEST_CHAIN: Final = 20
"""References in one chain."""

Target = tuple[str, str]
"""A file (absolute) and a pointer into it."""


class AbandonedError(RefusedError):
    """A reference that cannot be resolved however it is reached. It is reported at the outermost reference."""


@dataclass(slots=True)
class Resolved:
    """A value whose directives were replaced. Paths are relative to it.

    It can be used if neither `faults` nor `reported` has an error. `origins` are those of what was written elsewhere.
    `stand_ins` are the paths that hold null because of something that was reported: nothing more is reported about
    them. `reported` is what is wrong with files that are referred to, by the path of the reference.
    `nodes` counts the values that references brought in. `unsets` is whether it has `{$unset: true}`.
    """

    value: Json
    faults: list[Fault] = field(default_factory=list)
    origins: dict[RawPath, Origin] = field(default_factory=dict)
    stand_ins: set[RawPath] = field(default_factory=set)
    reported: list[tuple[RawPath, tuple[Diagnostic, ...]]] = field(default_factory=list)
    nodes: int = 0
    unsets: bool = False


@dataclass(slots=True)
class Referred:
    """What a reference leads to. `nodes` and `height` are those of the value, counting shared branches in full.

    `reported` is what is wrong with the file as YAML. If that has an error, the value is a stand-in without `origin`.
    """

    resolved: Resolved
    origin: Origin | None
    nodes: int
    height: int
    reported: tuple[Diagnostic, ...]


class Resolve(Protocol):
    """Resolves the directives of the value that has an origin, `depth` levels deep, at the end of `chain`."""

    def __call__(self, value: Json, origin: Origin, *, depth: int, chain: tuple[Target, ...]) -> Resolved: ...


class References:
    """All values that one load refers to. `resolve` resolves the directives in them."""

    def __init__(self, files: SharedFiles, resolve: Resolve) -> None:
        self._files = files
        self._resolve = resolve
        self._opened: dict[tuple[str, str], LocatedFile] = {}
        self._referred: dict[Target, Referred] = {}
        self._sizes: dict[int, tuple[int, int]] = {}

    def look_up(self, folder: str, named: str, *, depth: int, chain: tuple[Target, ...]) -> Referred:
        """What `named` leads to, seen from the absolute `folder`.

        Raises:
            RefusedError: there is no such value, or it may not be used.
            AbandonedError: the reference leads in a circle, or too deep.
        """
        path, pointer = _split(named)
        if not path:
            raise RefusedError(Code.FILE_NOT_FOUND, "$ref does not name a file", _WITHIN_A_FILE)
        opened = self._open(folder, path)
        if opened.broken:
            return Referred(Resolved(None, stand_ins={()}), None, 0, 0, opened.reported)
        target = (opened.source.file, pointer)
        referred = self._referred.get(target)
        if referred is None:
            self._check_chain(target, chain)
            referred = self._follow(opened, path, pointer, depth=depth, chain=(*chain, target))
            self._referred[target] = referred
        if depth + referred.height > MAX_DEPTH:
            raise AbandonedError(Code.TOO_DEEP, TOO_MANY_LEVELS)
        return referred

    def _open(self, folder: str, path: str) -> LocatedFile:
        opened = self._opened.get((folder, path))
        if opened is None:
            try:
                opened = self._files.yaml(*self._files.fetch(folder, path))
            except RefusedError as refused:
                if "#" in path and refused.code == Code.FILE_NOT_FOUND:
                    refused.label = "a pointer begins with #/"
                raise
            if not opened.broken and len(opened.documents) != 1:
                summary = f'"{path}" has {len(opened.documents) or "no"} YAML documents'
                raise RefusedError(Code.NOT_ONE_DOCUMENT, summary, "A file that $ref names must have exactly one.")
            self._opened[folder, path] = opened
        return opened

    def _check_chain(self, target: Target, chain: tuple[Target, ...]) -> None:
        if target in chain:
            circle = " -> ".join(self._shown(step) for step in (*chain, target))
            detail = f"It goes through {circle}."
            raise AbandonedError(Code.REFERENCE_CIRCLE, "this reference is circular", detail)
        if len(chain) == LONGEST_CHAIN:
            steps = " -> ".join(self._shown(step) for step in chain)
            raise AbandonedError(
                Code.REFERENCE_CHAIN,
                f"a chain of more than {LONGEST_CHAIN} references",
                f"The chain is {steps}. Refer directly to the file that has the value.",
            )

    def _follow(self, file: LocatedFile, path: str, pointer: str, *, depth: int, chain: tuple[Target, ...]) -> Referred:
        """Go down the pointer, and resolve what it ends at."""
        document = file.documents[0]
        value: Json = document.value
        at: RawPath = ()
        literal = False
        for part in _parts(pointer):
            if isinstance(value, dict) and value.keys() == {LITERAL}:
                value, literal = value[LITERAL], True
            key = _step(value, part)
            if key is None:
                raise _not_there(value, part, path, pointer)
            value = value[key]
            at = (*at, key)
        origin = Origin.of(document).at(at)
        resolved = Resolved(value) if literal else self._resolve(value, origin, depth=depth, chain=chain)
        nodes, height = self._measure(resolved.value)
        self._sizes[id(resolved.value)] = nodes, height
        origin = origin.with_origins(resolved.origins)
        origin = replace(origin, through=frozenset(origin.files()))
        return Referred(resolved, origin, nodes, height, file.reported)

    def _measure(self, value: Json) -> tuple[int, int]:
        """Nodes and levels of a value, counting references in full."""
        if not isinstance(value, dict | list):
            return 1, 0
        known = self._sizes.get(id(value))
        if known is not None:
            return known
        nodes, height = 1, 0
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, dict | list):
                more, below = self._measure(inner)
                nodes, height = nodes + more, max(height, below)
            else:
                nodes += 1
        if isinstance(value, dict):
            nodes += len(value)
        return nodes, height + 1

    def _shown(self, target: Target) -> str:
        file, pointer = target
        shown = display(file, self._files.root)
        return f"{shown}#{pointer}" if pointer else shown


TOO_MANY_LEVELS: Final = f"more than {MAX_DEPTH} levels of nesting, including what references bring in"
TOO_MANY_NODES: Final = f"more than {MAX_NODES:,} values, counting references in full"

_WITHIN_A_FILE: Final = (
    "It takes PATH or PATH#/pointer, relative to the file that contains it. To repeat a value within one file, use an "
    "anchor (&name) and its alias (*name)."
)


def _split(named: str) -> tuple[str, str]:
    """The path and the pointer: a # belongs to a file's name unless a / or nothing follows it."""
    path, mark, pointer = named.partition("#/")
    if mark:
        return path, f"/{pointer}"
    return named.removesuffix("#"), ""


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _step(value: Json, part: str) -> str | int | None:
    """The key or index that a part of a pointer means; None if there is none."""
    if isinstance(value, dict):
        return part if part in value else None
    if isinstance(value, list) and part.isascii() and part.isdigit() and (part == "0" or part[0] != "0"):
        return int(part) if len(part) < 10 and int(part) < len(value) else None
    return None


def _not_there(value: Json, part: str, path: str, pointer: str) -> RefusedError:
    summary = f'"{path}" has nothing at #{pointer}'
    if isinstance(value, dict):
        if value.keys() == {REF}:
            return RefusedError(
                Code.POINTER_NOT_FOUND,
                summary,
                "The pointer leads through another reference. Refer to the file that this reference names.",
                str(value[REF]) if isinstance(value[REF], str) else "",
            )
        keys = ", ".join(map(quoted, islice(value, _MOST_KEYS))) or "none"
        more = f" and {len(value) - _MOST_KEYS:,} more" if len(value) > _MOST_KEYS else ""
        return RefusedError(
            Code.POINTER_NOT_FOUND,
            summary,
            f"There is no key {quoted(part)}. The keys are {keys}{more}.",
            did_you_mean(part, value),
        )
    what = f"a list of {len(value):,} items, counted from 0" if isinstance(value, list) else "a single value"
    return RefusedError(Code.POINTER_NOT_FOUND, summary, f"The pointer asks for {quoted(part)} in {what}.")


_MOST_KEYS: Final = 8
