"""Files that manifests use: targets of `{$file: …}` and `{$ref: …}`, `_defaults.yaml`, and overlays.

Only small, regular files below the repository root are read. Each is read once per load. A placeholder for a file that
git, or one of its filters, did not put into a checkout is refused: a plan would take it for the file itself.
"""

from __future__ import annotations

import os
import os.path
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from reconciler.diagnostics import Diagnostic, error, first_line, nearest, quoted
from reconciler.errors import FileRefusedError
from reconciler.files.reading import LARGEST_FILE, FoundFiles, read_file, resolve
from reconciler.files.walking import Refusal, too_large
from reconciler.keys.faults import RefusedError
from reconciler.manifest.codes import Code
from reconciler.manifest.comments import note_comments
from reconciler.manifest.located import LocatedFile
from reconciler.manifest.parsing import Parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words

NOT_REPLACED: Final[Mapping[str, bytes]] = MappingProxyType({})


class SharedFiles:
    """The files that one load reads, each only once. `root` is the repository root.

    `replaced` has the bytes of files that are taken for those on disk, or that do not exist yet, by absolute path.
    """

    def __init__(self, root: str, words: Words, parser: Parser, replaced: Mapping[str, bytes] = NOT_REPLACED) -> None:
        self.root = root
        self.replaced = replaced
        self.words = words
        self._parser = parser
        self._found = FoundFiles(root)
        self._texts: dict[tuple[str, str], tuple[str, str]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self.yaml_files: dict[str, LocatedFile] = {}
        """The YAML files that were read, by their absolute path. Symbolic links are not followed."""
        self.missing: set[str] = set()
        """The absolute paths of requested files that do not exist."""

    def close(self) -> None:
        """Close what is open. Files can still be read."""
        self._found.close()

    def text(self, folder: str, path: str) -> tuple[str, str]:
        """The absolute path and the text of the file at `path`, relative to the absolute `folder`.

        Raises:
            RefusedError: it may not be used, or is not text.
        """
        found = self._texts.get((folder, path))
        if found is None:
            file, data = self.fetch(folder, path)
            found = self._texts[folder, path] = file, _text(path, data)
        return found

    def yaml(self, file: str, data: bytes, *, like_project: bool = False) -> LocatedFile:
        """The documents in `data`, the bytes of `file`. `like_project` means that they have a project's keys."""
        found = self.yaml_files.get(file)
        if found is None:
            found = self.yaml_files[file] = read(file, data, self.words, self._parser, root=self.root)
            note_comments(found, everywhere=not like_project)
        return found

    def fetch(self, folder: str, path: str) -> tuple[str, bytes]:
        """The absolute path, symbolic links not followed, and the bytes of the file at `path`.

        Raises:
            RefusedError: it may not be used.
        """
        if path.startswith("/"):
            raise RefusedError(Code.FILE_OUTSIDE, f"{quoted(path)} is an absolute path", _RELATIVE)
        file = os.path.normpath(os.path.join(folder, path))
        try:
            pending = self._pending(file)
            data = read_file(self.root, path, folder=folder, dots=False) if pending is None else pending
        except FileRefusedError as problem:
            label = ""
            if problem.reason == Refusal.MISSING and "\0" not in path:
                label = self._nearest(folder, path)
                self.missing.add(file)
            raise refused(path, problem, label=label) from None
        refuse_placeholder(file, data, quoted(path))
        return file, data

    def found(self, file: str) -> bytes:
        """The bytes of a file that was found by its name, an absolute path.

        Raises:
            RefusedError: it cannot be read, or is only a placeholder.
        """
        return read_found(self._found, file, self._pending)

    def _pending(self, file: str) -> bytes | None:
        """The bytes that replace a file. FileRefusedError if a file cannot be as large."""
        if not self.replaced:
            return None
        found = self.replaced.get(file)
        found = self.replaced.get(os.path.realpath(file)) if found is None else found
        if found is not None and len(found) > LARGEST_FILE:
            why = too_large(LARGEST_FILE)
            raise FileRefusedError(f"{file} cannot be read: {why}", reason=Refusal.SIZE, why=why)
        return found

    def _nearest(self, folder: str, path: str) -> str:
        beside, name = os.path.split(path)
        try:
            there = resolve(self.root, beside or ".", folder=folder, dots=False)
        except FileRefusedError:
            return ""
        if there not in self._names:
            self._names[there] = names_in(there)
        near = nearest(name, self._names[there])
        return f'did you mean "{os.path.join(beside, near)}"?' if near is not None else ""


_RELATIVE: Final = "Write a path relative to the file that contains it."


def refused(path: str, problem: FileRefusedError, *, label: str = "") -> RefusedError:
    """The error for a manifest that names a file that must not or cannot be read."""
    match problem.reason:
        case Refusal.MISSING if not path or "\0" in path:
            return RefusedError(Code.FILE_NOT_FOUND, "the path does not name a file", _RELATIVE)
        case Refusal.MISSING:
            return RefusedError(Code.FILE_NOT_FOUND, f"{quoted(path)} does not exist", _RELATIVE, label)
        case Refusal.OUTSIDE:
            return RefusedError(
                Code.FILE_OUTSIDE,
                f"{quoted(path)} is outside the repository",
                "A manifest can read only files in the repository, even through links. Copy the file there.",
            )
        case Refusal.HIDDEN:
            return RefusedError(
                Code.FILE_OUTSIDE,
                f"{quoted(path)} {problem.why.removeprefix('it ')}",
                problem.detail,
            )
        case Refusal.SIZE:
            return RefusedError(
                Code.FILE_TOO_LARGE,
                f"{quoted(path)} is larger than 10 MB",
                "Reconciler reads files of up to 10 MB. Split or shorten the file.",
            )
        case _:
            return RefusedError(Code.FILE_UNREADABLE, f"{quoted(path)} cannot be read: {problem.why}", problem.detail)


def read_found(files: FoundFiles, file: str, pending: Callable[[str], bytes | None] = lambda file: None) -> bytes:
    """The bytes of a file that was found by its name, an absolute path. `pending` gives the bytes that replace it.

    Raises:
        RefusedError: it cannot be read, or is only a placeholder. The message belongs at the first line of the file.
    """
    folder, name = os.path.split(file)
    try:
        replaced = pending(file)
        data = files.read(folder, name) if replaced is None else replaced
    except FileRefusedError as problem:
        if problem.reason in (Refusal.OUTSIDE, Refusal.HIDDEN):
            raise refused(file.removeprefix(f"{files.root}/"), problem) from None
        raise RefusedError(Code.UNREADABLE, f"this file cannot be read: {problem.why}", problem.detail) from None
    refuse_placeholder(file, data, "this file")
    return data


def unread(file: str, refused: RefusedError) -> Diagnostic:
    """The error for a whole file that cannot be read. A name that is not UTF-8 is shown with escapes."""
    shown = file.encode(errors="backslashreplace").decode()
    return error(refused.code, refused.summary, detail=refused.detail, location=first_line(shown))


def near_path(path: str) -> str | None:
    """The path in the same folder whose name is most similar to a path that does not exist.

    Nothing at the top of the file system is suggested: the names there are the machine's own.
    """
    folder, name = os.path.split(path)
    names = [other for other in names_in(folder) if other != name]  # a broken link has the name, but does not exist
    near = nearest(name, names) if folder != "/" else None
    return None if near is None else os.path.join(folder, near)


def names_in(folder: str) -> tuple[str, ...]:
    """The names in a folder, except hidden ones. Empty if the folder cannot be listed."""
    try:
        return tuple(other for other in os.listdir(folder) if not other.startswith("."))
    except OSError:
        return ()


def _text(path: str, data: bytes) -> str:
    if b"\0" in data:
        summary = f"{quoted(path)} contains a NUL character, so it is not a text file"
        raise RefusedError(Code.FILE_NOT_TEXT, summary, "Use a file of text in UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        summary = f"{quoted(path)} is not UTF-8 (line {line})"
        raise RefusedError(Code.FILE_NOT_TEXT, summary, "Save the file as UTF-8.") from None
    return text.replace("\r\n", "\n").removesuffix("\n")


_LFS: Final = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_CRYPT: Final = b"\0GITCRYPT\0"
_LONGEST_LINK: Final = 4_096


def is_placeholder(data: bytes) -> bool:
    """Whether the bytes are what Git LFS or git-crypt puts in the place of a file."""
    return data.startswith((*_LFS, _CRYPT))


def refuse_placeholder(file: str, data: bytes, shown: str) -> None:
    """Check that `data`, the bytes of a file, are its own. Git is asked only if they are the path of another file.

    Raises:
        RefusedError: they are not.
    """
    if data.startswith(_LFS):
        raise RefusedError(
            Code.NOT_CHECKED_OUT,
            f"{shown} is only a Git LFS pointer",
            "Fetch the content:\ngit lfs pull\nIn a workflow, set lfs: true for actions/checkout.",
        )
    if data.startswith(_CRYPT):
        raise RefusedError(
            Code.NOT_CHECKED_OUT, f"{shown} is encrypted by git-crypt", "Unlock this clone:\ngit-crypt unlock"
        )
    if b"\n" in data or not 0 < len(data) <= _LONGEST_LINK or b"\0" in data:
        return
    from reconciler.git.index import is_link

    if os.path.lexists(os.path.join(os.path.dirname(file), os.fsdecode(data))) and is_link(file):
        raise RefusedError(
            Code.NOT_CHECKED_OUT,
            f"{shown} is a link in git, but git checked it out as text",
            "Delete the file, enable symlinks in this clone, and check the file out again:\n"
            "git config core.symlinks true\n"
            "If the system does not support symlinks, replace the link in git with a copy of the file.",
        )
