"""Names for files, safe and unique on every file system, from any text.

A name has only letters that people see, digits, `_`, `-`, and single dots, in Unicode's composed form, and at most 100
bytes before its ending. It starts with a letter or a digit, so manifests are found, and no command takes the name for
an option. It is not a device of Windows. Two names in a folder differ even if a file system ignores case or Unicode
forms.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from reconciler.model.characters import NO_GLYPH

_MOST_BYTES: Final = 100
_DIGITS: Final = 6
_APART: Final = "_-."
_DEVICES: Final = frozenset(
    ("con", "prn", "aux", "nul", "conin", "conout", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
)
"""What Windows takes for a device, with any ending. `COM¹` becomes `COM1` in `safe`, and `CONIN$` loses its sign."""

_NOTHING: Final = "project"


class Names:
    """Hands out the names of new files in one folder. `taken` are the names that exist there."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {_folded(name) for name in taken}

    def claim(self, text: str, ending: str, *, content: str = "") -> str:
        """A name for a new file, made of `text`. If it would be taken, a digest of the text and `content` follows."""
        stem = safe(text)
        name = f"{stem}{ending}"
        if _folded(name) in self._taken:
            digest = hashlib.sha256(f"{text}\0{content}".encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
            name = f"{stem}-{digest}{ending}"
            for number in itertools.count(2):
                if _folded(name) not in self._taken:
                    break
                name = f"{stem}-{digest}-{number}{ending}"
        self._taken.add(_folded(name))
        return name


def safe(text: str) -> str:
    """`text` as the name of a file, without an ending."""
    composed = NO_GLYPH.sub("", unicodedata.normalize("NFKC", text))
    stem = re.sub(r"_{2,}", "_", "".join(character if _is_kept(character) else " " for character in composed).strip())
    stem = re.sub(r" +", "_", stem)
    stem = re.sub(r"\.{2,}", ".", stem).lstrip(_APART).rstrip(".")
    while stem and not stem[0].isalnum():
        stem = stem[1:]
    stem = unicodedata.normalize("NFC", stem.encode()[:_MOST_BYTES].decode(errors="ignore")).rstrip(".") or _NOTHING
    device = stem.split(".")[0]
    return f"{device}_{stem[len(device) :]}" if device.casefold() in _DEVICES else stem


def _is_kept(character: str) -> bool:
    return character in _APART or character.isalnum() or unicodedata.category(character) in ("Mn", "Mc")


def _folded(name: str) -> str:
    """The same text for names that some file system takes for the same. Some ignore what nobody sees."""
    if not name.isascii():
        name = NO_GLYPH.sub("", "".join(each for each in name if unicodedata.category(each) != "Cf"))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).upper().casefold())
