"""The files that `{$file: …}` and `{$ref: …}` read: below the repository root and nowhere else, regular, small.

A file is looked at before it is opened and again while it is open, so that no pipe or device is ever waited for.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.diagnostics import nearest
from reconciler.manifest.codes import Code

LARGEST_TEXT: Final = 10_000_000
"""Bytes."""


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


def read_bytes(path: str) -> bytes:
    """The bytes of a regular file.

    Raises:
        OSError: also for what is no regular file (ENXIO's subclass is not promised; see `strerror`).
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(0, "not a regular file")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file")
        pieces = []
        while piece := os.read(descriptor, max(status.st_size + 1, 65_536)):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


class TextFiles:
    """Reads each file once a load, however many manifests share it."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)
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
        refusal = _refuse_spelling(path)
        if refusal is not None:
            return refusal
        real_folder = os.path.realpath(folder)
        real = os.path.realpath(os.path.join(real_folder, path))
        refusal = refuse_place(path, real, real_folder, self._root)
        if refusal is not None:
            return refusal
        try:
            status = os.stat(real)
            if stat.S_ISREG(status.st_mode) and status.st_size > LARGEST_TEXT:
                return TextRefusal(Code.FILE_TOO_LARGE, f'"{path}" has more than 10 MB')
            data = read_bytes(real)
        except (FileNotFoundError, NotADirectoryError):
            return TextRefusal(Code.FILE_NOT_FOUND, f'there is no file "{path}"', _RELATIVE, self._nearest(real, path))
        except OSError as problem:
            return TextRefusal(Code.FILE_UNREADABLE, f'"{path}" cannot be read: {problem.strerror}', _RELATIVE)
        if len(data) > LARGEST_TEXT:
            return TextRefusal(Code.FILE_TOO_LARGE, f'"{path}" has more than 10 MB')
        return os.path.normpath(os.path.join(folder, path)), data

    def _nearest(self, real: str, path: str) -> str:
        folder, name = os.path.split(real)
        if folder not in self._names:
            self._names[folder] = names_in(folder)
        near = nearest(name, self._names[folder])
        return f'did you mean "{os.path.join(os.path.dirname(path), near)}"?' if near is not None else ""


_RELATIVE: Final = "A path is relative to the file it stands in."


def refuse_place(path: str, real: str, real_folder: str, root: str) -> TextRefusal | None:
    """Why a file must not be read for its place. `path` is as it was written, the others have no links left."""
    if not is_below(real, root):
        return TextRefusal(
            Code.FILE_OUTSIDE,
            f'"{path}" lies outside the repository',
            "A manifest reads files below the repository's root and nowhere else, also through symbolic links.",
        )
    if any(part.startswith(".") and part != ".." for part in Path(os.path.relpath(real, real_folder)).parts):
        return _through_dot(path)
    return None


def is_below(path: str, root: str) -> bool:
    """Whether a real path is a real folder or lies in it."""
    return path == root or path.startswith(root if root.endswith("/") else f"{root}/")


def _refuse_spelling(path: str) -> TextRefusal | None:
    if not path or "\0" in path:
        return TextRefusal(Code.FILE_NOT_FOUND, "this is no path of a file", _RELATIVE)
    if path.startswith("/"):
        return TextRefusal(Code.FILE_OUTSIDE, f'"{path}" is an absolute path', _RELATIVE)
    if any(part.startswith(".") and part not in (".", "..") for part in path.split("/")):
        return _through_dot(path)
    return None


def _through_dot(path: str) -> TextRefusal:
    return TextRefusal(
        Code.FILE_OUTSIDE,
        f'"{path}" passes a part that starts with a dot',
        "Such files and folders (.git, .env) are never read, also not through symbolic links.",
    )


def near_path(path: str) -> str | None:
    """What stands beside a path that is not there, with the name most like its own."""
    folder, name = os.path.split(path)
    near = nearest(name, names_in(folder))
    return None if near is None else os.path.join(folder, near)


def names_in(folder: str) -> tuple[str, ...]:
    """What stands in a folder, hidden files left out; nothing if it cannot be listed."""
    try:
        return tuple(other for other in os.listdir(folder) if not other.startswith("."))
    except OSError:
        return ()


def _text(path: str, file: str, data: bytes) -> Text | TextRefusal:
    if b"\0" in data:
        return TextRefusal(Code.FILE_NOT_TEXT, f'"{path}" holds a NUL, so it is no text')
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        return TextRefusal(Code.FILE_NOT_TEXT, f'"{path}" is not UTF-8 (line {line})', "Save it as UTF-8.")
    return Text(file, text.replace("\r\n", "\n").removesuffix("\n"))
