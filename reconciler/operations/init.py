"""Lay out a repository: configuration, an example, workflows, from the templates in `reconciler/initial`.

Existing files are not changed.
"""

from __future__ import annotations

import json
import os.path
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote

from reconciler.errors import FileRefusedError, UsageError
from reconciler.files.reading import read_below
from reconciler.files.writing import exists_below, write_below
from reconciler.frozen import dataclass
from reconciler.manifest.discovery import discover
from reconciler.manifest.editorschema import editor_schema, schema_text
from reconciler.operations.pin import PACKAGE_LOCK, Pin, Unpinned
from reconciler.operations.surroundings import WORKFLOWS, Surroundings, look_around

ACTION: Final = ".github/actions/reconciler"
"""The folder of the action, below the git top level."""

_ACTION_FILES: Final = ("action.yml", "action.lock", "installer.lock")
_ACTION_FILE: Final = f"{ACTION}/action.yml"
_IGNORE: Final = ".gitignore"
_UNTRACKED: Final = (".reconciler/", ".reconciler-*.tmp", "*.plan")


@dataclass(frozen=True, slots=True)
class LaidOut:
    """What was done. File names are relative to the working folder, in the order in which they were looked at.

    `had_action` is whether there was an action already: the jobs go on using it. `has_manifests` is whether there is a
    manifest.
    """

    surroundings: Surroundings
    written: tuple[str, ...]
    kept: tuple[str, ...]
    had_action: bool
    has_manifests: bool


@dataclass(frozen=True, slots=True)
class _File:
    """A file to lay out, below `base`. Without a text, it is only looked for."""

    base: Path
    name: str
    text: str | None


def has_action(folder: Path, *, named: bool = False) -> bool:
    """Whether the repository that `folder` is in has the action already, which then decides what the jobs install."""
    return _is_there(look_around(folder, named=named).top, _ACTION_FILE)


def lay_out_repository(folder: Path, pin: Pin | Unpinned | None, *, named: bool = False) -> LaidOut:
    """Write what a repository needs for a configuration in `folder`, which is created if it is missing.

    Another folder is used if `folder` already has a configuration above it, unless the user `named` it. No link below
    the top of the repository is followed. Without a pin and without an action, there is nothing that a job could
    install, so no job is written.

    Raises:
        UsageError: a file or a folder, which the message names, cannot be written. If one is a link, nothing was
            written.
        DiagnosedError: the existing configuration has mistakes.
        GitRefusedError: git refuses the repository, fails, or is missing.
    """
    place = look_around(folder, named=named)
    had_action = _is_there(place.top, _ACTION_FILE)
    files = [*_configuration(place), *_jobs(place, pin, had_action)]
    there = {file for file in files if _is_there(file.base, file.name)}
    if had_action:  # it has the locks that belong to it
        files = [file for file in files if not file.name.startswith(f"{ACTION}/") or file in there]
    ignore = _File(place.root, _IGNORE, _not_ignored(place.root))
    if ignore.text is None:
        there.add(ignore)
    with _reported(place.root):
        place.root.mkdir(parents=True, exist_ok=True)
    written, kept = [], []
    for file in (*files, ignore):
        if file in there:
            kept.append(file)
        elif file.text is not None:
            with _reported(file.base / file.name, "The files that were already written are kept."):
                write_below(file.base, file.name, file.text.encode(), mode=None)
            written.append(file)
    manifests = discover(str(place.root / place.manifests), root=str(place.root)).manifests
    return LaidOut(place, tuple(map(_shown, written)), tuple(map(_shown, kept)), had_action, bool(manifests))


def _configuration(place: Surroundings) -> list[_File]:
    """The files that are needed even without a forge."""
    schema = schema_text(editor_schema("manifest"))
    config = place.config_file.name if place.config_file is not None else "reconciler.toml"
    below = PurePosixPath(place.manifests)
    return [
        _File(place.root, config, template("reconciler.toml")),
        _File(place.root, str(below / "_example.yaml"), template("projects/_example.yaml")),
        _File(place.root, str(below / "_example.md"), template("projects/_example.md")),
        _File(place.root, str(below / "_schema.json"), schema),
        _File(place.top, ".vscode/settings.json", template("settings.json", Placeholders(place))),
        _File(place.top, ".prettierignore", template("prettierignore", Placeholders(place))),
        _File(place.top, _lint_settings(place.top), template("yamllint", Placeholders(place))),
    ]


def _lint_settings(top: Path) -> str:
    """The file that yamllint reads: the first of these that exists."""
    names = (".yamllint", ".yamllint.yaml", ".yamllint.yml")
    return next((name for name in names if _is_there(top, name)), names[0])


def _jobs(place: Surroundings, pin: Pin | Unpinned | None, had_action: bool) -> list[_File]:
    """The action, the workflows that use it, and what keeps them current."""
    texts = {f"{ACTION}/{name}": f"action/{name}" for name in _ACTION_FILES}
    texts |= {place.workflow(command): f"workflows/reconciler-{command}.yml" for command in WORKFLOWS}
    other = ".github/dependabot.yaml"
    texts[other if _is_there(place.top, other) else ".github/dependabot.yml"] = "dependabot.yml"
    if not isinstance(pin, Pin) and not had_action:
        return [_File(place.top, name, None) for name in texts]
    package = pin if isinstance(pin, Pin) else ""
    found = [_File(place.top, name, template(source, Placeholders(place, package))) for name, source in texts.items()]
    if isinstance(pin, Pin) and pin.hashed:
        found.append(_File(place.top, f"{ACTION}/{PACKAGE_LOCK}", pin.lock))
    return found


def _shown(file: _File) -> str:
    return Path(os.path.relpath(file.base / file.name)).as_posix()


def _is_there(folder: Path, name: str) -> bool:
    with _reported(folder / name):
        return exists_below(folder, name)


def _not_ignored(folder: Path) -> str | None:
    """The text that makes git ignore the files that runs create. None if it already does, or if that is unknown."""
    with _reported(folder / _IGNORE):
        found = read_below(folder, _IGNORE) or b""
    try:
        there = found.decode()
    except UnicodeDecodeError:
        return None
    missing = [line for line in _UNTRACKED if line not in there.split("\n")]
    if not missing:
        return None
    ended = there if not there or there.endswith("\n") else f"{there}\n"
    return ended + "".join(f"{line}\n" for line in missing)


@contextmanager
def _reported(file: Path, done: str = "Nothing was written.") -> Iterator[None]:
    """Turns what a file or a folder refuses into an error that names it."""
    try:
        yield
    except (FileRefusedError, OSError) as problem:
        advice = ""
        if isinstance(problem, FileRefusedError):
            why, advice = problem.why, problem.detail
        else:
            why = problem.strerror or str(problem)
        advice = advice or "Check the permissions of this path."
        raise UsageError(f"{file} cannot be written: {why}", f"{done} {advice} Then run init again.") from None


@dataclass(frozen=True, slots=True)
class Placeholders:
    """The values for the placeholders of a template.

    `action` is the action that the workflows use, and `locks` is the folder below it with its lock files. `package` is
    what the action installs: a pin, or arguments for uv as a shell reads them.
    """

    place: Surroundings
    package: Pin | str = ""
    action: str = f"./{ACTION}"
    locks: str = ""

    def values(self) -> Mapping[str, str]:
        """By name."""
        place = self.place
        branch = place.branch
        manifests = str(PurePosixPath(place.inner, place.manifests))
        return {
            "ACTION": f"{self.action} # zizmor: ignore[self-repository]",
            "LOCKS": self.locks,
            "PACKAGE": _arguments(self.package) if isinstance(self.package, Pin) else self.package,
            "MANIFESTS": json.dumps(manifests, ensure_ascii=False)[1:-1],
            "PATTERN": quote(manifests),  # an editor compares it with the address of a file
            "IGNORED": re.sub(r"([*?\[\]\\])", r"\\\1", manifests),
            "FOLDER": _scalar(place.inner),
            "TITLE": f" {place.suffix.removeprefix('-')}" if place.suffix else "",
            "SUFFIX": place.suffix,
            "BRANCH": _scalar(branch),
            "BRANCHES": _scalar(re.sub(r"([*?+!\[\]\\])", r"\\\1", branch)),
            "REF": "'refs/heads/" + branch.replace("'", "''") + "'",
            "RUNNER": "[self-hosted, linux]" if place.enterprise else "ubuntu-24.04",
        }


def template(source: str, placeholders: Placeholders | None = None) -> str:
    """One of the files, filled in. What is between `#@github` and `#@end` is for GitHub itself alone."""
    text = files("reconciler").joinpath("initial", *source.split("/")).read_text("utf-8")
    if placeholders is None:
        return text
    values = placeholders.values()
    text = re.sub(r"(?ms)^ *#@github\n(.*?)^ *#@end\n", "" if placeholders.place.enterprise else r"\1", text)
    if not values["FOLDER"]:
        text = re.sub(r"(?m)^ *working-directory: @FOLDER@\n", "", text)
    return re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], text)


def _scalar(text: str) -> str:
    """A text as a YAML scalar: plain if every parser reads it as that text, else in double quotes, as in JSON."""
    plain = re.fullmatch(r"(?!(?:true|false|null|yes|no|on|off|y|n|[0-9].*|\.*)$)[\w./][\w./-]*", text, re.ASCII | re.I)
    return text if plain or not text else json.dumps(text, ensure_ascii=False)


def _arguments(pin: Pin) -> str:
    return f'--require-hashes --requirement "$locks/{PACKAGE_LOCK}"' if pin.hashed else f"'{pin.requirement}'"
