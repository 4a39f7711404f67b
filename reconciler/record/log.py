"""The log of a record's ref: which commits changed the entry of one project.

Only the entry's own file is read, and only from commits that changed it. Commits are read in batches, so a long log
takes little memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from reconciler.documents.record import HEAD, entry_file, read_entry, read_old_entry
from reconciler.errors import RecordError
from reconciler.git.objects import Changed
from reconciler.git.refs import Refs
from reconciler.model.history import Step
from reconciler.model.record import EMPTY_ACCOUNT, RecordedProject, SectionKey

_BATCH: Final = 1_000
_MANIFESTS: Final = re.compile(rb"(?m)^Manifests at ([0-9a-f]{40,64})(, with uncommitted changes)?$")


def read_log(refs: Refs, tip: str, key: SectionKey, name: str) -> Iterator[Step]:
    """The commits up to `tip` that changed the entry of a project, oldest first. `key` is that of its section.

    A section is renamed when its account becomes known. Commits before that count if the entry moved with the section.
    An entry that cannot be read is skipped.

    Raises:
        GitRefusedError: git cannot read the log.
    """
    endpoint, _ = key
    own = entry_file(key, name)
    others = [entry_file((endpoint, account), name) for account in (EMPTY_ACCOUNT, None)]
    waiting: dict[str, list[Step]] = {}
    open_runs: set[str] = set()
    for batch in _batches(refs.objects.changes(tip, [own, *others, HEAD])):
        read = list(_read(refs, batch, key, name))
        begun = _begun(read, open_runs)
        messages = dict(zip(begun, refs.objects.contents(list(begun)), strict=True))
        for changed, entries in read:
            manifests = _manifests(messages.get(changed.commit, b""), begun.get(changed.commit, ()))
            for path, entry in entries.items():
                step = Step(changed.commit, changed.at, entry, manifests)
                if path == own:
                    moved = (waiting.pop(other, []) for other in others if other in entries and entries[other] is None)
                    yield from (earlier for steps in moved for earlier in steps)
                    yield step
                elif path == HEAD:
                    yield step
                elif entry is not None:
                    waiting.setdefault(path, []).append(step)
            for other in others:
                if other in entries and entries[other] is None:
                    waiting.pop(other, None)


def _batches(changes: Iterator[Changed]) -> Iterator[list[Changed]]:
    while batch := list(islice(changes, _BATCH)):
        yield batch


_Entries = Mapping[str, RecordedProject | None]


def _read(refs: Refs, batch: Sequence[Changed], key: SectionKey, name: str) -> Iterator[tuple[Changed, _Entries]]:
    """Each commit with the entries in it that can be read, by path."""
    wanted = list({blob: None for changed in batch for blob in changed.files.values() if blob is not None})
    contents = dict(zip(wanted, refs.objects.contents(wanted), strict=True))
    for changed in batch:
        entries: dict[str, RecordedProject | None] = {}
        for path, blob in changed.files.items():
            content = contents[blob] if blob is not None else None
            try:
                if path == HEAD:
                    if (entry := read_old_entry(content or b"", key, name)) is not None:
                        entries[path] = entry
                else:
                    entries[path] = read_entry(content) if content is not None else None
            except RecordError:
                continue
        yield changed, entries


def _begun(read: Iterable[tuple[Changed, _Entries]], open_runs: set[str]) -> dict[str, tuple[str, ...]]:
    """The runs that have their first intent in a commit, by commit. `open_runs` is moved on."""
    found: dict[str, tuple[str, ...]] = {}
    for changed, entries in read:
        runs = {intent.run for entry in entries.values() if entry is not None for intent in entry.intents}
        if fresh := tuple(sorted(runs - open_runs)):
            found[changed.commit] = fresh
        open_runs.clear()
        open_runs |= runs
    return found


def _manifests(message: bytes, runs: Iterable[str]) -> dict[str, tuple[str, bool]]:
    """The commit that the message of an intent names, for each run that begins with it."""
    found = _MANIFESTS.search(message)
    return {run: (found[1].decode("ascii"), found[2] is not None) for run in runs} if found else {}
