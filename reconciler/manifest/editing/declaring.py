"""Declares new values for projects: decides which file each value goes to, and makes the new bytes of the files.

A value is edited where it comes from (the manifest, a text, a referenced value, a `_defaults.yaml`, an overlay) if that
file may be edited. Otherwise the manifest overrides it.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from reconciler.diagnostics import quoted
from reconciler.errors import FileRefusedError
from reconciler.files.reading import read_file
from reconciler.files.walking import is_below
from reconciler.manifest.directives import UNSET_KEY, is_directive
from reconciler.manifest.editing.alignment import aligned
from reconciler.manifest.editing.forms import in_form
from reconciler.manifest.editing.splicing import NotEditableError, edited
from reconciler.manifest.located import LITERAL, Document, RawPath
from reconciler.manifest.origins import Origin
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.spelling import literal
from reconciler.model.ontology import Ontology
from reconciler.model.project import DesiredProject
from reconciler.model.values import ABSENT, Absent, Json, equal

UNSET: Final = {UNSET_KEY: True}
_LINE: Final = re.compile(rb"[^\n]*\n|[^\n]+")


class Declaring:
    """Collects new values. `kept` are the absolute paths of shared files that must not be edited. `overlay` is the
    target's overlay folder, absolute, whose values win over those of the manifests.

    The methods return the absolute path of the file that a value goes to. They raise NotEditableError.
    """

    def __init__(self, root: str, kept: Collection[str] = (), *, overlay: str | None = None) -> None:
        self._root = root
        self._overlay = overlay
        self._kept = frozenset(kept)
        self._documents: dict[int, tuple[Document, Json]] = {}
        self._texts: dict[str, str] = {}
        self._edits: dict[tuple[int, RawPath], Json | Absent] = {}
        self._wanted: dict[int, tuple[DesiredProject, dict[str, Json | Absent]]] = {}

    def parameter(self, project: DesiredProject, key: str, value: Json | Absent) -> str:
        """Declare a parameter, or that it is absent."""
        root = _root(project)
        self._wanted.setdefault(id(root.document), (project, {}))[1][key] = value
        if value is ABSENT:
            return self._without(root, key)
        return self._place(root, ("params", key), (project.params or {}).get(key, ABSENT), value)

    def ontology(self, project: DesiredProject, ontology: Ontology) -> str:
        """Declare an ontology that has choices. What does not change keeps its form."""
        root = _root(project)
        old = project.document["ontology"]
        return self._place(root, ("ontology",), old, in_form(old, ontology))

    def ignored(self, project: DesiredProject, item: Json) -> str:
        """Add an item to the manifest's own `reconcile.ignore`."""
        root = _root(project)
        own = self._own(root.document)
        if not isinstance(own.setdefault("reconcile", {}), dict) or is_directive(own["reconcile"]):
            raise NotEditableError("reconcile is a directive in the manifest")
        ignore = own["reconcile"].setdefault("ignore", [])
        if not isinstance(ignore, list):
            raise NotEditableError("reconcile.ignore is a directive in the manifest")
        ignore.append(item)
        return root.file

    def not_renamed(self, project: DesiredProject, old: str) -> None:
        """Remove the rename of a choice or label from the manifest's own `reconcile.renames`."""
        own = self._own(_root(project).document)
        reconcile = own.get("reconcile")
        renames = reconcile.get("renames") if isinstance(reconcile, dict) else None
        if not isinstance(renames, dict) or old not in renames:
            raise NotEditableError(f"the rename of {quoted(old)} is not declared in the manifest itself")
        del renames[old]
        if not renames:
            del reconcile["renames"]
        if not reconcile:
            del own["reconcile"]

    def files(self) -> dict[str, tuple[bytes, bytes]]:
        """The old and the new bytes of each file that differs, by absolute path."""
        found: dict[str, tuple[bytes, bytes]] = {}
        by_file: dict[str, dict[int, Json]] = {}
        for document, value in self._documents.values():
            by_file.setdefault(document.source.file, {})[document.whole.value.start] = value
        for file, values in by_file.items():
            data = self._read(file)
            try:
                found[file] = data, _edited(data, values)
            except NotEditableError as problem:
                raise NotEditableError(str(problem), file) from None
        for file, text in self._texts.items():
            data = self._read(file)
            found[file] = data, _text_bytes(data, text)
        return {file: both for file, both in found.items() if both[0] != both[1]}

    def _read(self, file: str) -> bytes:
        try:
            return read_file(self._root, file)
        except FileRefusedError as problem:
            raise NotEditableError(f"{file} cannot be read: {problem.why}") from None

    def _may_edit(self, file: str) -> bool:
        return file not in self._kept

    def _place(self, root: Origin, path: RawPath, old: Json | Absent, new: Json) -> str:
        origin = root
        for key in path:
            below = origin.child(key)
            if below is None:
                return self._add(root, path, new)
            origin = below
        holder = origin.reference.document if origin.reference is not None else origin.document
        if origin.text is not None:
            if self._text(origin.text, new):
                return origin.text
        elif origin.document is root.document and origin.reference is None:
            return self._override(root.document, path, self._written(origin, old, new))
        elif self._may_edit(origin.file) and self._is_free(origin, old, new):
            self._assign(origin, self._written(origin, old, new))
            return origin.file
        is_named = origin.text is not None or origin.reference is not None
        if is_named and holder is not root.document and self._may_edit(holder.source.file):
            self._assign(origin.reference or origin, literal(new))
            return holder.source.file
        return self._override(root.document, path, literal(new))

    def _add(self, root: Origin, path: RawPath, new: Json) -> str:
        """Declare what nothing declares. Params that are a reference get it in that file, if it may be edited."""
        origin = root.at(path[:-1])
        if is_directive(self._own(root.document).get(path[0])) and self._may_edit(origin.file):
            inside, place = self._inside(origin), (id(origin.document), (*_path_of(origin), path[-1]))
            if isinstance(inside, dict) and not is_directive(inside) and equal(self._edits.setdefault(place, new), new):
                inside[path[-1]] = literal(new)
                return origin.file
        return self._override(root.document, path, literal(new))

    def _override(self, document: Document, path: RawPath, written: Json) -> str:
        own = self._own(document)
        for key in path[:-1]:
            own = own.setdefault(key, {}) if key != "params" else self._written_out(document)
            if not isinstance(own, dict) or is_directive(own):
                raise NotEditableError(f"{key} is a directive in the manifest")
        own[path[-1]] = written
        return document.source.file

    def _written_out(self, document: Document) -> Json:
        """The params of a document, to be changed in place. In a manifest, a reference is replaced by its values."""
        own = self._own(document)
        params = own.setdefault("params", {})
        if id(document) not in self._wanted or not is_directive(params):
            return params
        project, wanted = self._wanted[id(document)]
        origin, values, held = _root(project).at(("params",)), {**(project.params or {}), **wanted}, {}
        for key, there in origin.written.get(LITERAL, origin.written).items():
            child = origin.child(key)
            holder = origin if child is None else child.reference or child
            if holder.document is not origin.document and literal(there) != there:
                raise NotEditableError(f"params is a reference, and {key} in it is declared elsewhere, too")
            value = values.get(key, there) if holder.document is origin.document else there
            if value is not ABSENT:
                held[key] = literal(value)
        own["params"] = held
        return held

    def _without(self, root: Origin, key: str) -> str:
        origin = root.at(("params",)).child(key)
        if origin is None:
            return root.file
        holder = origin.reference or origin
        if holder.document is root.document or self._may_edit(holder.file):
            params = self._own(holder.document).get("params")
            path: RawPath = ("params",)
            if not isinstance(params, dict) or is_directive(params):
                origin = root.at(("params",))
                params, path = self._inside(origin), _path_of(origin)
            place = id(holder.document), (*path, key)
            if isinstance(params, dict) and self._edits.setdefault(place, ABSENT) is ABSENT:
                params.pop(key, None)
                return holder.file
        if is_directive(self._own(root.document).get("params")):
            self._written_out(root.document).pop(key, None)
            return root.file
        return self._override(root.document, ("params", key), UNSET)

    def unset(self, project: DesiredProject, key: str) -> str:
        """Declare that a parameter is absent although the project inherits it."""
        root = _root(project)
        self._wanted.setdefault(id(root.document), (project, {}))[1][key] = ABSENT
        origin = root.at(("params",)).child(key)
        holder = (origin.reference or origin).document if origin is not None else root.document
        if self._overlay is None or not is_below(holder.source.file, self._overlay):
            holder = root.document
        return self._override(holder, ("params", key), UNSET)

    def _text(self, file: str, new: Json) -> bool:
        """Whether the value goes to the text file."""
        if not isinstance(new, str) or "\r" in new or "\0" in new or not self._may_edit(file):
            return False
        return self._texts.setdefault(file, new) == new

    def _is_free(self, origin: Origin, old: Json | Absent, new: Json) -> bool:
        """Whether no other project has declared another value at the same place."""
        place = id(origin.document), _path_of(origin)
        return equal(self._edits.setdefault(place, new), new)

    def _own(self, document: Document) -> Json:
        """The new value of a document, to be changed in place."""
        known = self._documents.get(id(document))
        if known is None:
            known = self._documents[id(document)] = document, _copied(document.value)
        return known[1]

    def _inside(self, origin: Origin) -> Json:
        """The new value of a part of a document, to be changed in place."""
        value = self._own(origin.document)
        for key in _path_of(origin):
            value = value[key]
        return value

    def _assign(self, origin: Origin, written: Json) -> None:
        path = _path_of(origin)
        if not path:
            self._documents[id(origin.document)] = origin.document, written
            return
        value = self._own(origin.document)
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = written

    def _written(self, origin: Origin, old: Json | Absent, new: Json) -> Json:
        """The value as it is written. Directives stay where nothing changes, and where their files can be edited."""
        written = origin.written
        if equal(old, new):
            return written
        is_plain = isinstance(written, dict) and not is_directive(written)
        if is_plain and isinstance(old, dict) and isinstance(new, dict) and literal(new).keys() == new.keys():
            kept = {key: self._below(origin, key, old[key], new[key]) for key in old if key in new and key in old}
            return {key: kept[key] if key in kept else literal(value) for key, value in _in_order(old, new)}
        if isinstance(old, list) and isinstance(new, list) and isinstance(written, list):
            places = aligned(old, new)
            return [
                literal(item) if was is None else self._below(origin, was, old[was], item)
                for was, item in zip(places, new, strict=True)
            ]
        return literal(new)

    def _below(self, origin: Origin, key: str | int, old: Json, new: Json) -> Json:
        """The written form of an entry or item."""
        child = origin.child(key)
        if child is None:
            return literal(new)
        there = origin.written[key]
        if equal(old, new):
            return there
        if child.text is not None:
            return there if self._text(child.text, new) else literal(new)
        if child.reference is not None:
            if self._may_edit(child.file) and self._is_free(child, old, new):
                self._assign(child, self._written(child, old, new))
                return there
            return literal(new)
        return self._written(child, old, new)


def _copied(value: Json) -> Json:
    """A copy in which no two places share a value, as an alias and its anchor do."""
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _root(project: DesiredProject) -> Origin:
    assert isinstance(project.origin, Origin)
    return project.origin


def _in_order(old: Mapping[str, Json], new: Mapping[str, Json]) -> Sequence[tuple[str, Json]]:
    """The entries of `new`: first those that `old` has, in its order."""
    first = [(key, new[key]) for key in old if key in new]
    return [*first, *((key, value) for key, value in new.items() if key not in old)]


def _path_of(origin: Origin) -> RawPath:
    """The path of a value in its document."""
    document, wanted = origin.document, origin.part.value.start
    path: RawPath = ()
    value, part = document.value, document.whole
    while part.value.start != wanted or value is not origin.written:
        inside = next(
            (
                each
                for each in document.parts(value, part.block)
                if each[2].value.start <= wanted < max(each[2].value.end, each[2].value.start + 1)
            ),
            None,
        )
        if inside is None:
            raise NotEditableError("the value comes from a YAML alias")
        key, value, part = inside
        path = (*path, key)
    return path


def _edited(data: bytes, values: Mapping[int, Json]) -> bytes:
    documents = read("", data, Words(), best_parser()).documents
    wanted = [values.get(document.whole.value.start, document.value) for document in documents]
    if not values.keys() <= {document.whole.value.start for document in documents}:
        raise NotEditableError("the file changed while reconciler was reading it")
    return edited(data, wanted)


def _text_bytes(data: bytes, text: str) -> bytes:
    """The bytes of a text file with a new text. Lines at its start and its end that are the same keep their ends."""
    mark = BOM_UTF8 if data.startswith(BOM_UTF8) or text.startswith("\ufeff") else b""
    body = data.removeprefix(BOM_UTF8)
    if body.endswith(b"\n") or text.endswith("\n"):
        text += "\n"
    old, new = _LINE.findall(body), _LINE.findall(text.encode())
    same = [line.replace(b"\r\n", b"\n") for line in old]
    above = _alike(same, new, len(new))
    below = _alike(same[::-1], new[::-1], min(len(old), len(new)) - above)
    ending = b"\r\n" if 2 * body.count(b"\r\n") > body.count(b"\n") else b"\n"
    changed = [line.replace(b"\n", ending) for line in new[above : len(new) - below]]
    return mark + b"".join([*old[:above], *changed, *old[len(old) - below :]])


def _alike(one: Sequence[bytes], other: Sequence[bytes], most: int) -> int:
    """How many lines are the same at the start."""
    return next((at for at in range(min(most, len(one))) if one[at] != other[at]), min(most, len(one)))
