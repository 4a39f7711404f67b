"""Which texts and ontologies get files of their own: long texts, and what several projects share. Pure.

A text goes into a file only if reading it from there gives it back exactly.
"""

from __future__ import annotations

import os.path
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final

from reconciler.files.reading import LARGEST_FILE
from reconciler.frozen import dataclass
from reconciler.manifest.exporting.documents import Subject
from reconciler.manifest.exporting.naming import Names
from reconciler.manifest.sharedfiles import is_placeholder
from reconciler.model.ontology import Ontology
from reconciler.model.project import LiveProject
from reconciler.model.values import Json, to_json

SHARED: Final = "_shared"
"""The folder in the manifest folder for files that several manifests use. Manifests are not searched for in it."""

_LONGEST_BLOCK: Final = 20
"""The most lines of a text that stays in the manifest."""

_SHORTEST_PREFIX: Final = 3
_TAG: Final = re.compile(r"\s*<(?:!doctype|!--|[a-z][a-z0-9]*[\s/>])", re.IGNORECASE)
_CLOSING: Final = re.compile(r"</[a-z][a-z0-9]*\s*>", re.IGNORECASE)


@dataclass(slots=True)
class Texts:
    """The files of texts: by text, the path relative to the manifest folder. `new` are the bytes of new files."""

    paths: dict[str, str] = field(default_factory=dict)
    new: dict[str, bytes] = field(default_factory=dict)


def place_texts(
    subjects: Sequence[Subject], stems: Sequence[str], names: Mapping[str, Names], there: Mapping[str, bytes]
) -> Texts:
    """A file for each long text of the subjects. `stems` are the names of their manifests, without endings.

    `names` hands out names in each folder, and `there` are the shared files that exist.
    """
    users: dict[str, dict[int, str]] = defaultdict(dict)
    for index, subject in enumerate(subjects):
        for key, text in _long_texts(dict(subject.live.params)):
            users[text].setdefault(index, key)
    long_texts = [0] * len(subjects)
    for used in users.values():
        for index in used:
            long_texts[index] += 1
    known = _by_content(there)
    found = Texts()
    for text, used in users.items():
        content, ending = _bytes_of(text), ".html" if is_html(text) else ".md"
        path = known.get((ending, content))
        if path is None:
            (first, key), *others = used.items()
            if others:
                stem = f"{_prefix([subjects[index].live.name for index in used])}{key}"
                path = f"{SHARED}/{names[SHARED].claim(stem, ending, content=text)}"
            else:
                stem = stems[first] if key == "instruction" or long_texts[first] == 1 else f"{stems[first]}.{key}"
                folder = subjects[first].folder
                path = os.path.join(folder, names[folder].claim(stem, ending, content=text))
            found.new[path] = content
        found.paths[text] = path
    return found


def _by_content(there: Mapping[str, bytes]) -> dict[tuple[str, bytes], str]:
    return {(os.path.splitext(path)[1], content): path for path, content in sorted(there.items(), reverse=True)}


def _long_texts(value: Json, key: str = "") -> Iterator[tuple[str, str]]:
    """The texts that get a file, each with the key that it is found at, in order."""
    if isinstance(value, str):
        if value.removesuffix("\n").count("\n") >= _LONGEST_BLOCK and _survives(value):
            yield key, value
    elif isinstance(value, dict):
        for inner_key, inner in value.items():
            if isinstance(inner, str | dict | list):
                yield from _long_texts(inner, inner_key)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, str | dict | list):
                yield from _long_texts(inner, key)


def _survives(text: str) -> bool:
    """Whether a file with this text, and a final newline, is read as exactly this text."""
    if text[0] == "\ufeff" or "\0" in text or "\r\n" in text or text[-1] == "\r":
        return False
    content = _bytes_of(text)
    return len(content) <= LARGEST_FILE and not is_placeholder(content)


def _bytes_of(text: str) -> bytes:
    return f"{text}\n".encode()


def is_html(text: str) -> bool:
    """Whether a text is HTML: it begins with a tag, and closes one."""
    return _TAG.match(text) is not None and (_CLOSING.search(text) is not None or text.lstrip()[:2] == "<!")


def _prefix(names: Sequence[str]) -> str:
    """What names begin with alike, as the beginning of another name; empty if that is too little."""
    first, last = min(names), max(names)
    length = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    shared = first[:length].rstrip("0123456789").rstrip(" _-.")
    return f"{shared}_" if len(shared) >= _SHORTEST_PREFIX else ""


def place_ontologies(
    projects: Iterable[tuple[str | None, LiveProject]],
    names: Names,
    there: Mapping[str, bytes],
    layout: Callable[[Json], bytes],
) -> tuple[dict[str, str], dict[str, bytes]]:
    """The files of lists of choices that several projects have, or that exist, and the bytes of new ones.

    Each project comes with its `key_of`. The first result has paths relative to the manifest folder, by this key.
    `names` hands out names in the folder for shared files, `there` are the files in it, and `layout` is how a file with
    one value is written.
    """
    users: dict[str, list[LiveProject]] = defaultdict(list)
    for key, live in projects:
        if key is not None:
            users[key].append(live)
    known = _by_content(there)
    paths: dict[str, str] = {}
    new: dict[str, bytes] = {}
    for key, used in users.items():
        if len(used) == 1 and not known:
            continue
        assert isinstance(used[0].ontology, Ontology)
        content = layout(used[0].ontology.spelled)
        path = known.get((".yaml", content))
        if path is None and len(used) > 1:
            stem = {live.ontology.name for live in used if isinstance(live.ontology, Ontology)}
            named = stem.pop() if len(stem) == 1 else None
            named = named or f"{_prefix([live.name for live in used])}ontology"
            path = f"{SHARED}/{names.claim(named, '.yaml', content=key)}"
            new[path] = content
        if path is not None:
            paths[key] = path
    return paths, new


def key_of(live: LiveProject) -> str | None:
    """A text that only equal choices share; None if the project has none."""
    if not isinstance(live.ontology, Ontology) or not live.ontology.choices:
        return None
    return to_json(live.ontology.spelled)
