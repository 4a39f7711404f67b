"""Which uncommitted changes are reconciler's own: what an import, an adopt, or a rollback wrote.

The hashes of these files are in `.reconciler/written.json`. Without it, such a change counts as one that a person made.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from reconciler.errors import FileRefusedError
from reconciler.files.reading import read_below
from reconciler.files.writing import write_below
from reconciler.git.sources import read_sources
from reconciler.settings import Settings

_FILE: Final = ".reconciler/written.json"
_MOST: Final = 100_000
"""The most files that are remembered. The oldest are forgotten first."""


def remember(settings: Settings, files: Mapping[str, bytes]) -> None:
    """Remember what is about to be written, by absolute path. It is only a memory: if it cannot be kept, the files are
    written all the same."""
    known = _known(settings)
    for file, data in files.items():
        known.pop(name := _name(settings, file), None)
        known[name] = _hash(data)
    kept = dict([*known.items()][-_MOST:])
    with suppress(FileRefusedError):
        write_below(settings.repo_root, _FILE, json.dumps(kept, indent=1).encode())


def uncommitted(settings: Settings, files: Mapping[str, bytes]) -> list[str]:
    """Those of the files that differ from the last commit and are not as reconciler wrote them. Empty outside git.

    Raises:
        GitRefusedError: git does not answer.
    """
    changed = read_sources(settings.git_root, (), files).unheld & files.keys()
    known = _known(settings) if changed else {}
    return [file for file in sorted(changed) if known.get(_name(settings, file)) != _hash(files[file])]


def _name(settings: Settings, file: str) -> str:
    return os.path.relpath(file, settings.repo_root)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _known(settings: Settings) -> dict[str, str]:
    try:
        content = read_below(settings.repo_root, _FILE)
        known = json.loads(content) if content is not None else {}
    except (FileRefusedError, ValueError, RecursionError):
        return {}
    return {key: value for key, value in known.items() if isinstance(value, str)} if isinstance(known, dict) else {}
