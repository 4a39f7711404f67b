"""Invisible characters, and the sequences in which they change what is visible.

Unicode lists sequences of emoji with characters that have no glyph of their own: a variation selector (U+FE0E or
U+FE0F), a zero-width joiner, the tags of a flag. There they change how the emoji is drawn. Anywhere else, nothing shows
that they are there. Bidirectional and control characters are never part of a sequence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

_NO_GLYPH: Final = frozenset(
    map(chr, (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164, *range(0xFE00, 0xFE10)))
) | frozenset(map(chr, (0xFFA0, *range(0xE0100, 0xE01F0))))
"""Fillers, the empty Braille cell, and variation selectors: Python calls them printable, but no screen shows them."""

NO_GLYPH: Final = re.compile(f"[{''.join(sorted(_NO_GLYPH))}]")

_DRAWN_LIKE: Final = str.maketrans(
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425"
    "\u0430\u0435\u0455\u0456\u0458\u043e\u0440\u0441\u0445\u0443"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf"
    "\u2010\u2011\u2012\u2013\u2212",
    "ABESIJKMHOPCTX" + "aesijopcxy" + "ABEZHIKMNOPTYXo" + "-----",
)
"""Letters of other scripts and dashes, each with the ASCII character that it looks like."""

_EMOJI: Final = (
    "#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa"
    "\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2604\u260e\u2611\u2614\u2615\u2618\u261d\u2620\u2622\u2623\u2626"
    "\u262a\u262e\u262f\u2638-\u263a\u2640\u2642\u2648-\u2653\u265f\u2660\u2663\u2665\u2666\u2668\u267b\u267e\u267f"
    "\u2692-\u2697\u2699\u269b\u269c\u26a0\u26a1\u26a7\u26aa\u26ab\u26b0\u26b1\u26bd\u26be\u26c4\u26c5\u26c8\u26ce\u26cf"
    "\u26d1\u26d3\u26d4\u26e9\u26ea\u26f0-\u26f5\u26f7-\u26fa\u26fd\u2702\u2705\u2708-\u270d\u270f\u2712\u2714\u2716"
    "\u271d\u2721\u2728\u2733\u2734\u2744\u2747\u274c\u274e\u2753-\u2755\u2757\u2763\u2764\u2795-\u2797\u27a1\u27b0\u27bf"
    "\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f004\U0001f0cf\U0001f170\U0001f171"
    "\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a\U0001f201\U0001f202\U0001f21a\U0001f22f\U0001f232-\U0001f23a"
    "\U0001f250\U0001f251\U0001f300-\U0001f3fa\U0001f400-\U0001faff"
)
"""What has Unicode's property Emoji, except regional indicators and skin tones; from U+1F300 on, whole blocks."""

_TONE: Final = "[\U0001f3fb-\U0001f3ff\ufe0f]?"
"""A skin tone, or the selector of the emoji's colored form."""

_PERSON: Final = f"[👨👩🧑]{_TONE}"
_ROLE: Final = "[⚕⚖✈🌾🍳🍼🎄🎓🎤🎨🏫🏭💻💼🔧🔬🚀🚒🦰-🦳🩰]"
_EITHER: Final = "[⛹🏃🏄🏊🏋🏌👮👯👰👱👳👷💁💂💆💇🕵🙅-🙇🙋🙍🙎🚣🚴-🚶🤦🤵🤷-🤹🤼-🤾🦸🦹🧍-🧏🧔🧖-🧟]"
_JOINED: Final = "|".join(
    (
        f"{_PERSON}+(?:❤{_TONE}+(?:💋+)?|[🤝🐰🫯]+){_PERSON}",
        f"{_PERSON}+{_ROLE}{_TONE}",
        f"{_PERSON}+[🦯🦼🦽]{_TONE}(?:+➡{_TONE})?",
        f"{_PERSON}(?:+{_PERSON})?(?:+[👦👧🧒]{_TONE}){{1,2}}",
        f"{_EITHER}{_TONE}+[♀♂]{_TONE}(?:+➡{_TONE})?",
        f"[🏃🚶🧎]{_TONE}+➡{_TONE}",
        f"🫱{_TONE}+🫲{_TONE}",
        f"(?:❤{_TONE}+[🔥🩹]|🏳{_TONE}+[🌈⚧]|🏴+☠|🐈+⬛|🐕+🦺|🐦+[⬛🔥]|🐻+❄|👁{_TONE}+🗨|😮+💨|😵+💫|😶+🌫|🙂+[↔↕]){_TONE}",
        f"(?:🍄+🟫|🍋+🟩|⛓{_TONE}+💥)",
    )
).replace("+", "\u200d")
"""The sequences of emoji-zwj-sequences.txt (Unicode 17). A plus sign is a joiner."""

_FLAGS: Final = "|".join(
    "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
"""The sequences of tags in emoji-sequences.txt: only these three. Tags can spell any text."""

_SEQUENCE: Final = re.compile(f"{_JOINED}|{_FLAGS}|[{_EMOJI}][\ufe0e\ufe0f]")


def clusters(text: str) -> Iterator[str]:
    """The text in pieces: a sequence that Unicode lists is one piece, and so is every other character."""
    at = 0
    if not text.isascii():
        for found in _SEQUENCE.finditer(text):
            yield from text[at : found.start()]
            yield found[0]
            at = found.end()
    yield from text[at:]


def is_unseen(cluster: str) -> bool:
    """Whether it is a character without a glyph: a control or format character, whitespace, or a filler.

    A variation selector changes the character before it, and is invisible itself.
    """
    return len(cluster) == 1 and (
        unicodedata.category(cluster) in ("Cc", "Cf", "Zs", "Zl", "Zp") or cluster in _NO_GLYPH
    )


def unseen_edge(text: str) -> str | None:
    """The first invisible character at either end of a text, or None."""
    first, last = text[:1], text[-1:]
    if first and not text.isascii():
        pieces = list(clusters(text))
        first, last = pieces[0], pieces[-1]
    return next((edge for edge in (first, last) if edge and is_unseen(edge)), None)


def unseen_inside(text: str) -> str | None:
    """The first invisible character in a text that is neither a space nor part of an emoji, or None."""
    if text.isascii() and text.isprintable():
        return None
    return next((cluster for cluster in clusters(text) if cluster not in " \u3000" and is_unseen(cluster)), None)


def is_blank(text: str) -> bool:
    """Whether a text has no visible character."""
    return not "!" <= text[:1] <= "~" and all(map(is_unseen, text))


def letters(text: str) -> Iterator[str]:
    """The text in pieces: each character with the marks, or the parts of a Korean syllable, that follow it."""
    letter: list[str] = []
    for character in text:
        if letter and unicodedata.category(character)[0] != "M" and not "\u1160" <= character <= "\u11ff":
            yield "".join(letter)
            letter = []
        letter.append(character)
    yield "".join(letter)


def decomposed(text: str) -> Iterator[str]:
    """The letters of a text that Unicode composes in another way, such as `e` with a combining accent."""
    if not unicodedata.is_normalized("NFC", text):
        yield from (letter for letter in letters(text) if not unicodedata.is_normalized("NFC", letter))


def normalized(form: Literal["NFC", "NFKC"], text: str) -> str:
    """A Unicode form of a text. Python needs quadratic time for a long run of marks, so long words are cut."""
    if len(text) <= _LONGEST_WORD:
        return unicodedata.normalize(form, text)
    return "".join(unicodedata.normalize(form, word) for word in _WORD.findall(text))


_LONGEST_WORD: Final = 500
_WORD: Final = re.compile(rf"\S{{1,{_LONGEST_WORD}}}|\s+")


@lru_cache(maxsize=4096)  # the same names appear in most projects
def folded(name: str) -> str:
    """The form of a name in which case, whitespace, and Unicode form do not count."""
    return " ".join((name if name.isascii() else normalized("NFKC", name)).casefold().split())


def code_point(character: str) -> str:
    """`U+00A0 NO-BREAK SPACE`."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def look_alike(left: str, right: str) -> bool:
    """Whether two different texts look alike: the same letters in another composition, width, script, or style."""
    return left != right and drawing(left) == drawing(right)


def drawing(text: str) -> str:
    """What a text looks like: texts that look alike have the same drawing."""
    return text if text.isascii() else normalized("NFKC", text).translate(_DRAWING)


class _Drawing(dict[int, int | str | None]):
    """How a character looks, by its number."""

    def __missing__(self, number: int) -> int | str | None:
        character = chr(number)
        self[number] = None if is_unseen(character) and character != " " else number
        return self[number]


_DRAWING: Final = _Drawing(_DRAWN_LIKE)
