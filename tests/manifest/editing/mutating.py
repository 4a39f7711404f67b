"""Random other values for a document: what people change on Scale, and what hardly anybody would."""

from __future__ import annotations

from random import Random
from typing import Any

SCALARS = (
    "Cat", "yes", "012", "", " ", "a: b", "# no", "- x", "it's", 'say "hi"', "[x]", "{a", "null", "~", "tab\there",
    "One.\nTwo.\n", "One.\n\n  Two.\n\n", "trailing \nspace", "\nfirst", "cr\r\nlf", "é", "😀", "\u2028", "\x00",
    "*a", "&a", "%x",
    1, 0, -5, 1.0, 2.5, 1e30, 10**30, True, False, None, "a, b", "key:", "?", "!t", "2024-01-01", "<<", "...", "---",
)  # fmt: skip
KEYS = ("a", "padding", "yes", "1", "a b", "", "a: b", "#", "é", "<<", "$file", "choice")


def scalar(random: Random) -> Any:
    return random.choice(SCALARS)


def value(random: Random, depth: int = 2) -> Any:
    kind = random.random()
    if depth == 0 or kind < 0.5:
        return scalar(random)
    if kind < 0.75:
        return [value(random, depth - 1) for _ in range(random.randrange(4))]
    return {random.choice(KEYS): value(random, depth - 1) for _ in range(random.randrange(4))}


def mutated(old: Any, random: Random) -> Any:
    """The value with one to three random changes."""
    for _ in range(random.randrange(1, 4)):
        old = _once(old, random)
    return old


def _once(old: Any, random: Random) -> Any:
    if isinstance(old, dict) and old and random.random() < 0.9:
        new = dict(old)
        key = random.choice(list(new))
        match random.randrange(6):
            case 0:
                del new[key]
            case 1:
                new[random.choice(KEYS)] = value(random)
            case _:
                new[key] = _once(new[key], random)
        return new
    if isinstance(old, list) and old and random.random() < 0.9:
        new_list = list(old)
        at = random.randrange(len(new_list))
        match random.randrange(6):
            case 0:
                del new_list[at]
            case 1:
                new_list.insert(at, value(random))
            case 2:
                new_list.insert(random.randrange(len(new_list)), new_list.pop(at))
            case _:
                new_list[at] = _once(new_list[at], random)
        return new_list
    return value(random)


def choices(old: list[Any], random: Random, names: list[str]) -> list[Any]:
    """An ontology with choices added, removed, moved (even below others), renamed, or described."""
    new = [_copied(choice) for choice in old]
    for _ in range(random.randrange(1, 4)):
        lists = [new, *_lists(new)]
        chosen = random.choice(lists)
        match random.randrange(5):
            case 0:
                chosen.insert(random.randrange(len(chosen) + 1), names.pop())
            case 1 if len(new) > 1 or chosen is not new:
                if chosen:
                    chosen.pop(random.randrange(len(chosen)))
            case 2 if len(chosen) > 1:
                moved = chosen.pop(random.randrange(len(chosen)))
                chosen.insert(random.randrange(len(chosen) + 1), moved)
            case 3 if chosen:
                at = random.randrange(len(chosen))
                name = chosen[at]["choice"] if isinstance(chosen[at], dict) else chosen[at]
                chosen[at] = {**(chosen[at] if isinstance(chosen[at], dict) else {"choice": name})}
                chosen[at][random.choice(["description", "display"])] = random.choice(["words", "a: b", "two\nlines\n"])
            case 4 if len(new) > 1:
                moved = new.pop(random.randrange(len(new)))
                below = random.randrange(len(new))
                if isinstance(new[below], str):
                    new[below] = {"choice": new[below]}
                new[below].setdefault("subchoices", []).append(moved)
    return new


def _copied(choice: Any) -> Any:
    if not isinstance(choice, dict):
        return choice
    return {key: [_copied(each) for each in inner] if key == "subchoices" else inner for key, inner in choice.items()}


def _lists(choices: list[Any]) -> list[list[Any]]:
    found = []
    for choice in choices:
        if isinstance(choice, dict) and choice.get("subchoices"):
            found += [choice["subchoices"], *_lists(choice["subchoices"])]
    return found
