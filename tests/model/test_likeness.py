"""Which new name an old one has."""

from __future__ import annotations

import pytest

from reconciler.model import likeness
from reconciler.model.likeness import _likeness, nearly, normal_form, renamed

THINGS = [f"{a}{b}{c}" for a in ("traffic", "fire", "street", "garden") for b in (" ", "") for c in ("light", "hose")]


@pytest.mark.parametrize("most", [0, 40_000])
@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        (THINGS, [name.title() for name in THINGS], None),
        ([f"kind {n} of thing" for n in range(300)], [f"kind-{n} of a thing" for n in range(300)], None),
        (["Pedestrain", "Dog"], ["Fox", "Pedestrian"], {0: 1}),
        (["Lorry 1", "Lorry 2"], ["lorry 1"], {0: 0}),
        (["Dog"], ["Fox"], {}),
        ([], ["Fox"], {}),
        (["word " * 200 + "end"], ["", "word " * 200 + "fin"], {0: 1}),
    ],
)
def test_renamed(
    monkeypatch: pytest.MonkeyPatch, most: int, old: list[str], new: list[str], pairs: dict[int, int] | None
) -> None:
    monkeypatch.setattr(likeness, "_MOST_PAIRS", most)
    likeness._renamed.cache_clear()
    assert renamed(old, new) == (pairs if pairs is not None else {n: n for n in range(len(old))})


def test_normal_form() -> None:
    assert normal_form("Traffic-Light_2") == normal_form("traffic light\u20602") == "trafficlight2"
    assert normal_form("Cafe\u0301") == normal_form("CAF\u00c9")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Image-Annotation", "imageannotation"),
        ("imageanotation", "imageannotation"),
        ("imageannotatoin", "imageannotation"),
        ("chats", "chat"),
        ("picture", None),
    ],
)
def test_nearly(name: str, near: str | None) -> None:
    assert nearly(name, {"imageannotation", "chat", "videoannotation"}) == near


def test_the_same_names_are_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two guards, a warning, and a view ask about the choices of one ontology."""
    compared: list[str] = []

    def counted(name: str, other: str) -> float:
        compared.append(name)
        return _likeness(name, other)

    monkeypatch.setattr(likeness, "_likeness", counted)
    old, new = ["asked once"], ["asked twice"]
    assert renamed(old, new) == renamed([*old], [*new])
    assert compared == ["asked once"]
