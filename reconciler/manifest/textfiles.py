"""The files that `{$file: …}` and `{$ref: …}` read: below the repository root and nowhere else, regular, small."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from reconciler.diagnostics import nearest
from reconciler.errors import FileRefusedError
from reconciler.files.reading import read_file, resolve
from reconciler.files.walking import Refusal
from reconciler.manifest.codes import Code


@dataclass(frozen=True, slots=True)
class Text:
    """`file` is absolute, symlinks not followed."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class TextRefusal:
    code: Code
    summary: str
    detail: str = ""
    label: str = ""


class TextFiles:
    """Reads each file once a load, however many manifests share it."""

    def __init__(self, root: str) -> None:
        self._root = os.path.abspath(root)
        self._read: dict[tuple[str, str], Text | TextRefusal] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    def read(self, folder: str, path: str) -> Text | TextRefusal:
        """The text at `path`, relative to the absolute `folder`."""
        found = self._read.get((folder, path))
        if found is None:
            found = self._read[folder, path] = self._read_new(folder, path)
        return found

    def _read_new(self, folder: str, path: str) -> Text | TextRefusal:
        fetched = self.fetch(folder, path)
        return fetched if isinstance(fetched, TextRefusal) else _text(path, *fetched)

    def fetch(self, folder: str, path: str) -> tuple[str, bytes] | TextRefusal:
        """The absolute path, symbolic links not followed, and the bytes of the file at `path`; never remembered."""
        if path.startswith("/"):
            return TextRefusal(Code.FILE_OUTSIDE, f'"{path}" is an absolute path', _RELATIVE)
        try:
            data = read_file(self._root, path, folder=folder, dots=False)
        except FileRefusedError as problem:
            label = self._nearest(folder, path) if problem.reason == Refusal.MISSING else ""
            return refuse(path, problem, label=label)
        return os.path.normpath(os.path.join(folder, path)), data

    def _nearest(self, folder: str, path: str) -> str:
        beside, name = os.path.split(path)
        try:
            there = resolve(self._root, beside or ".", folder=folder, dots=False)
        except FileRefusedError:
            return ""
        if there not in self._names:
            self._names[there] = names_in(there)
        near = nearest(name, self._names[there])
        return f'did you mean "{os.path.join(beside, near)}"?' if near is not None else ""


_RELATIVE: Final = "A path is relative to the file that contains it."


def refuse(path: str, problem: FileRefusedError, *, label: str = "") -> TextRefusal:
    """What is wrong with a manifest that names a file which the gate refused."""
    match problem.reason:
        case Refusal.MISSING if not path or "\0" in path:
            return TextRefusal(Code.FILE_NOT_FOUND, "this is not the path of a file", _RELATIVE)
        case Refusal.MISSING:
            return TextRefusal(Code.FILE_NOT_FOUND, f'there is no file "{path}"', _RELATIVE, label)
        case Refusal.OUTSIDE:
            return TextRefusal(
                Code.FILE_OUTSIDE,
                f'"{path}" is outside the repository',
                "A manifest reads only files below the repository root, even through links. Copy the file there.",
            )
        case Refusal.HIDDEN:
            return TextRefusal(
                Code.FILE_OUTSIDE,
                f'"{path}" leads through a name that starts with a dot',
                "Such files and folders (.git, .env) are never read, even through links. Use another name.",
            )
        case Refusal.SIZE:
            return TextRefusal(Code.FILE_TOO_LARGE, f'"{path}" is larger than 10 MB')
        case _:
            return TextRefusal(Code.FILE_UNREADABLE, f'"{path}" cannot be read: {problem.why}', problem.detail)


def read_found(root: str, file: str) -> bytes | TextRefusal:
    """The bytes of a file that was found by its name, an absolute path; or why not, for a message at its first line."""
    folder, name = os.path.split(file)
    try:
        return read_file(root, name, folder=folder, dots=False)
    except FileRefusedError as problem:
        if problem.reason in (Refusal.OUTSIDE, Refusal.HIDDEN):
            return refuse(file.removeprefix(f"{root}/"), problem)
        return TextRefusal(Code.UNREADABLE, f"this file cannot be read: {problem.why}", problem.detail)


def near_path(path: str) -> str | None:
    """What stands beside a path that is not there, with the name most like its own."""
    folder, name = os.path.split(path)
    near = nearest(name, names_in(folder))
    return None if near is None else os.path.join(folder, near)


def names_in(folder: str) -> tuple[str, ...]:
    """The names in a folder, except hidden ones; none if it cannot be listed."""
    try:
        return tuple(other for other in os.listdir(folder) if not other.startswith("."))
    except OSError:
        return ()


def _text(path: str, file: str, data: bytes) -> Text | TextRefusal:
    if b"\0" in data:
        return TextRefusal(Code.FILE_NOT_TEXT, f'"{path}" contains a NUL, so it is not text')
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        return TextRefusal(Code.FILE_NOT_TEXT, f'"{path}" is not UTF-8 (line {line})', "Save it as UTF-8.")
    return Text(file, text.replace("\r\n", "\n").removesuffix("\n"))
