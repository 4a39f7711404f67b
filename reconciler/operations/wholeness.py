"""Whether a checkout has every file that a plan reads. A file that git left out (a sparse checkout) was not deleted.

Without this check, the projects of such manifests would be forgotten, and their drift would count as resolved.
"""

from __future__ import annotations

import os.path
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Final

from reconciler.configuration import FILES, is_configuration
from reconciler.diagnostics import count, error, named, quoted
from reconciler.errors import DiagnosedError, GitRefusedError
from reconciler.git.index import Hidden, hidden_files
from reconciler.git.process import output
from reconciler.manifest.codes import Code
from reconciler.manifest.discovery import is_read
from reconciler.settings import Settings

_MOST_IN_A_COMMAND: Final = 20


def require_folders(settings: Settings, overlay: Path | None) -> None:
    """Check that no manifest, no defaults, no overlay, and no configuration is left out.

    Raises:
        DiagnosedError: one is.
        GitRefusedError: git is missing, fails, or refuses the repository.
    """
    folders = [folder.as_posix() for folder in (settings.manifests, overlay) if folder is not None]
    configurations = [path.as_posix() for path in _configurations(settings)]
    _require(settings, folders, configurations, configurations)


def require_files(settings: Settings, missing: Iterable[str]) -> None:
    """Check that none of the files that manifests name, and that are missing, is only left out. Raises as above."""
    if files := [*missing]:
        _require(settings, (), files)


def _configurations(settings: Settings) -> Iterator[Path]:
    """The files that would have been the configuration, had they been there."""
    found = settings.config_file.parent if settings.config_file else None
    above = takewhile(lambda folder: folder != found, (settings.cwd, *settings.cwd.parents))
    return (folder / name for folder in above if folder.is_relative_to(settings.git_root) for name in FILES)


def _is_foreign(top: str, name: str, configurations: Collection[str]) -> bool:
    """Whether a hidden file is a `pyproject.toml` that does not configure reconciler, according to git's copy."""
    if f"{top}/{name}" not in configurations or name.rsplit("/", 1)[-1] != "pyproject.toml":
        return False
    try:
        return not is_configuration(output(Path(top), "cat-file", "blob", f":{name}"))
    except GitRefusedError:
        return False


def _require(
    settings: Settings, folders: Iterable[str], files: Iterable[str], configurations: Collection[str] = ()
) -> None:
    hidden = hidden_files(settings.git_root, folders, files, is_read)
    names = [name for name in hidden.flags if not _is_foreign(hidden.top, name, configurations)] if hidden else []
    if hidden is None or not names:
        return
    hidden = replace(hidden, flags={name: hidden.flags[name] for name in names})
    if len(names) == 1:
        summary = f"{quoted(names[0])} is in git, but not in this checkout"
        needed = "A plan reads this file. Git still tracks it, so it does not count as deleted."
    else:
        summary = f"{len(names):,} files are in git, but not in this checkout"
        needed = f"A plan reads {named(names)}. Git still tracks these files, so they do not count as deleted."
    remedies = _remedies(hidden, settings.cwd.as_posix(), [os.path.realpath(folder) for folder in folders])
    raise DiagnosedError(summary, [error(Code.NOT_CHECKED_OUT, summary, detail="\n".join((needed, *remedies)))])


def _remedies(hidden: Hidden, cwd: str, folders: Iterable[str]) -> Iterator[str]:
    """What to do, with commands for a shell."""
    command = "git" if cwd == hidden.top else f"git -C {shlex.quote(hidden.top)}"
    by_flag: dict[str, list[str]] = {}
    for name, flag in hidden.flags.items():
        by_flag.setdefault(flag, []).append(name)
    if hidden.patterns is not None and (names := by_flag.pop("skip-worktree", None)):
        files = "file" if len(names) == 1 else "files"
        yield f"This is a sparse checkout. To check out the missing {files}:"
        yield f"{command} {_adding(hidden, names, folders)}"
        yield f"In a workflow, add the {files} to the sparse-checkout input of actions/checkout, or remove that input."
    for flag, names in by_flag.items():
        few = shlex.join(names[:_MOST_IN_A_COMMAND])
        files, them = ("The file is", "it") if len(names) == 1 else ("The files are", "them")
        yield f"{files} marked {flag} in git's index. To check {them} out again:"
        yield f"{command} update-index --no-{flag} -- {few}\n{command} checkout -- {few}"
        if len(names) > _MOST_IN_A_COMMAND:
            yield f"Do the same for {count(len(names) - _MOST_IN_A_COMMAND, 'more file')}."


def _adding(hidden: Hidden, names: Sequence[str], folders: Iterable[str]) -> str:
    """The subcommand that adds files to a sparse checkout: by name, or with the whole folders that they are in."""
    if hidden.patterns:
        paths = {"/" + re.sub(r"([\\*?\[])", r"\\\1", name) for name in names}
    else:
        whole = [os.path.relpath(folder, hidden.top) for folder in folders]
        paths = {
            next((each for each in whole if f"{name}/".startswith(f"{each}/")), os.path.dirname(name)) for name in names
        }
    if paths & {"", "."} or len(paths) > _MOST_IN_A_COMMAND:
        return "sparse-checkout disable"
    return f"sparse-checkout add {shlex.join(sorted(paths))}"
