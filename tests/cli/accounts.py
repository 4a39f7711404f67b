"""Random repositories of manifests that share files, each file in a style of its own. A line knows what it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

Owners = frozenset[str]
"""The units that a line is about, as `project:unit`."""

NOBODY: Owners = frozenset()
_PLAIN = re.compile(r"[A-Z][a-z]+( [a-z]+)*")
_WORDS = (
    "Cat", "Dog", "Fox", "Owl", "Bee", "Car", "Van", "Bus", "Road", "Lane", "Sign", "Pole", "Tree",
    "Roof", "Gate", "Hill",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    text: str
    owners: Owners = NOBODY


@dataclass
class Style:
    """How a file is written."""

    random: Random
    ending: str = "\n"
    step: int = 2
    list_step: int = 2
    comments: float = 0.3
    flow: float = 0.2
    quote: str = ""

    @classmethod
    def any(cls, random: Random) -> Style:
        return cls(
            random,
            ending=random.choice(["\n", "\n", "\r\n"]),
            step=random.choice([2, 2, 4, 3]),
            list_step=random.choice([0, 2, 2, 4]),
            comments=random.choice([0.0, 0.2, 0.9]),
            flow=random.choice([0.0, 0.3, 0.9]),
            quote=random.choice(["", "", "'", '"']),
        )

    def scalar(self, value: Any) -> str:
        if isinstance(value, str) and self.quote != '"' and "'" not in value and value.isprintable():
            if not self.quote and _PLAIN.fullmatch(value) and value not in ("Yes", "No", "Null", "True", "False"):
                return value
            return f"'{value}'"
        return json.dumps(value, ensure_ascii=not str(value).isprintable())

    def brackets(self, value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key}: {self.brackets(inner)}" for key, inner in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.brackets, value)) + "]"
        return str(value) if isinstance(value, Raw) else self.scalar(value)

    def likely(self, chance: float) -> bool:
        return self.random.random() < chance


class Raw(str):
    """YAML as it is: an alias."""


@dataclass
class Anchored:
    """A value with an anchor."""

    name: str
    value: Any


@dataclass
class Repository:
    """Lines of files by path, and what each comment is about: its owners, and the choice that it belongs to."""

    lines: dict[str, list[Line]] = field(default_factory=dict)
    endings: dict[str, str] = field(default_factory=dict)
    comments: dict[str, tuple[Owners, str]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def write(self, root: Path) -> None:
        for path, lines in self.lines.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            ending = self.endings[path]
            file.write_bytes("".join(line.text + ending for line in lines).encode())

    def comment(self, owners: Owners, choice: str) -> str:
        name = f"c{len(self.comments)}"
        self.comments[name] = owners, choice
        return f"# {name} of {choice or 'this'}"


class Writer:
    """Lines of YAML in a style."""

    def __init__(self, repository: Repository, style: Style) -> None:
        self._repository = repository
        self._style = style

    def entries(self, value: dict[str, Any], column: int, owners: dict[str, Owners] | Owners) -> Iterator[Line]:
        for key, inner in value.items():
            own = owners if isinstance(owners, frozenset) else owners[key]
            if self._style.likely(self._style.comments / 2):
                yield Line(" " * column + self._repository.comment(own, ""), own)
            if column == 0 and self._style.likely(0.2):
                yield Line("")
            yield from self._value(f"{key}:", inner, column, own)

    def choices(self, value: list[Any], column: int, owners: Owners) -> Iterator[Line]:
        for each in value:
            name = each["choice"] if isinstance(each, dict) else each
            if self._style.likely(self._style.comments / 2):
                yield Line(" " * column + self._repository.comment(owners, name), owners)
            yield from self._item(each, column, owners, name)

    def _tail(self, owners: Owners, choice: str = "") -> str:
        if not self._style.likely(self._style.comments):
            return ""
        return "   " + self._repository.comment(owners, choice)

    def _value(self, prefix: str, value: Any, column: int, owners: Owners, choice: str = "") -> Iterator[Line]:
        style = self._style
        if isinstance(value, Anchored):
            prefix, value = f"{prefix} &{value.name}", value.value
        is_ontology = prefix.split()[0] in ("ontology:", "choices:", "subchoices:", "x-choices:")
        pad = " " * column
        if not isinstance(value, dict | list) or not value or (style.likely(style.flow) and column):
            if isinstance(value, str) and "\n" in value and not isinstance(value, Raw):
                yield Line(f"{pad}{prefix} |" + ("" if value.endswith("\n") else "-"), owners)
                inner = column + style.step
                yield from (Line(" " * inner * bool(line) + line, owners) for line in value.rstrip("\n").split("\n"))
                return
            yield Line(f"{pad}{prefix} {style.brackets(value)}{self._tail(owners, choice)}", owners)
        elif isinstance(value, dict):
            yield Line(f"{pad}{prefix}{self._tail(owners, choice)}", owners)
            yield from self.entries(value, column + style.step, owners)
        else:
            yield Line(f"{pad}{prefix}{self._tail(owners, choice)}", owners)
            inner = column + style.list_step
            if is_ontology:
                yield from self.choices(value, inner, owners)
            else:
                for each in value:
                    yield from self._item(each, inner, owners, "")

    def _item(self, value: Any, column: int, owners: Owners, choice: str) -> Iterator[Line]:
        if isinstance(value, dict) and value and not self._style.likely(self._style.flow):
            (first, inner), *rest = value.items()
            head, *lines = self._value(f"{first}:", inner, column + 2, owners, choice)
            yield Line(f"{' ' * column}- {head.text[column + 2 :]}", owners)
            yield from lines
            yield from self.entries(dict(rest), column + 2, owners)
        else:
            yield from self._value("-", value, column, owners, choice)


def some_choices(random: Random, words: list[str]) -> list[Any]:
    """Choices, some with descriptions, and some with others below them."""
    roots: list[Any] = []
    for _ in range(random.randrange(2, 6)):
        choice: Any = words.pop()
        if random.random() < 0.4:
            choice = {"choice": choice}
            if random.random() < 0.6:
                choice["description"] = random.choice(["Four legs", "two\nlines\n", "a: b"])
            if random.random() < 0.5 or len(choice) == 1:
                choice["subchoices"] = [words.pop() for _ in range(random.randrange(1, 4))]
        roots.append(choice)
    return roots


_VALUES: Sequence[Any] = (
    1, 2.5, True, None, "Label it", "yes", "012", "One.\nTwo.\n", ["Cat", "Dog", "Fox"], [], {},
    {"width": 10, "height": 20, "note": "Wide"},
    {"box": {"objects_to_annotate": ["Cat", "Dog"], "min_width": 10}},
    [{"id": "a", "title": "First"}, {"id": "b", "title": "Second", "choices": ["Yes", "Perhaps"]}],
)  # fmt: skip


def repository(random: Random, size: int) -> Repository:
    """`size` projects. Some share an ontology, a text, values by reference, a `_defaults.yaml`, or an anchor."""
    found = Repository(names=[f"p{number}" for number in range(size)])
    folders = {name: random.choice(["", "", "team/"]) for name in found.names}
    users: dict[str, set[str]] = {}
    plans = {name: _plan(random, name, folders[name], users) for name in found.names}

    def owners(source: str) -> Owners:
        return frozenset(users.get(source, ()))

    def add(path: str, lines: Iterator[Line], style: Style) -> None:
        found.lines.setdefault(path, []).extend(lines)
        found.endings[path] = style.ending

    for folder, defaults in _DEFAULTS.items():
        style = Style.any(random)
        add(f"projects/{folder}_defaults.yaml", _defaults(found, style, defaults, owners, folder), style)
    for path, value in _SHARED.items():
        style = Style.any(random)
        writer = Writer(found, style)
        if isinstance(value, list):
            add(f"projects/{path}", writer.choices(value, 0, owners(path)), style)
        else:
            each = {key: owners(f"{path}#/{key}") for key in value}
            add(f"projects/{path}", writer.entries(value, 0, each), style)
    for path, text in _TEXTS.items():
        texts = (Line(line, owners(path)) for line in text.split("\n"))
        add(f"projects/{path}", texts, Style(random, random.choice(["\n", "\r\n"])))
    for name, plan in plans.items():
        style = Style.any(random)
        path = f"projects/{folders[name]}{name}.yaml"
        add(path, _manifest(found, style, name, plan), style)
        if plan.over:
            style = Style.any(random)
            lines = Writer(found, style).entries({"params": plan.over}, 0, frozenset({f"{name}:params"}))
            add(path.replace("projects/", "projects/_over/", 1), lines, style)
    return found


_DEFAULTS = {"": {"speed": 1, "mode": "Fast", "note": {"$file": "note.md"}}, "team/": {"speed": 2, "tags": ["a", "b"]}}
_SHARED: dict[str, Any] = {
    "_animals.yaml": ["Ant", {"choice": "Emu", "description": "Tall", "subchoices": ["Chick", "Egg"]}, "Elk", "Eel"],
    "_set.yaml": {"a": 1, "c": ["x", "y"], "d": {"deep": True}},
    "_more.yaml": {
        "box": {"width": 5, "names": ["Cat", "Dog"]},
        "ladder": [1, 2, 3],
        "choices": ["Up", "Down", "Left"],
    },
}
_TEXTS = {"note.md": "Read this.\nTwice.", "long.md": "Rule one.\n\nRule two.\nRule three."}


@dataclass
class _Plan:
    params: dict[str, Any]
    owners: dict[str, Owners]
    ontology: Any
    extras: dict[str, Any]
    over: dict[str, Any]


def _plan(random: Random, name: str, folder: str, users: dict[str, set[str]]) -> _Plan:
    up = "../" if folder else ""

    def use(source: str, unit: str) -> None:
        users.setdefault(source, set()).add(f"{name}:{unit}")

    params: dict[str, Any] = {}
    for key in random.sample(["a", "b", "c", "d", "e", "instruction"], random.randrange(1, 5)):
        params[key] = random.choice(_VALUES)
    if random.random() < 0.3:
        params["speed"] = 7
    for each in ("", folder) if folder else ("",):
        for key in _DEFAULTS[each]:
            if key not in params:
                use(f"{each}{key}", f"params.{key}")
    if "note" not in params:
        use("note.md", "params.note")
    for key, source in (("box", "_more.yaml#/box"), ("ladder", "_more.yaml#/ladder")):
        if random.random() < 0.3:
            params[key] = {"$ref": up + source}
            use(source, f"params.{key}")
    if random.random() < 0.4:
        params["guide"] = {"$file": f"{up}long.md"}
        use("long.md", "params.guide")
    owners = {key: frozenset({f"{name}:params.{key}"}) for key in params}
    extras: dict[str, Any] = {}
    if random.random() < 0.15:
        for key in _SHARED["_set.yaml"]:
            use(f"_set.yaml#/{key}", f"params.{key}")
        return _Plan({"$ref": f"{up}_set.yaml"}, {"$ref": frozenset({f"{name}:params"})}, None, {}, {})
    if random.random() < 0.4:
        extras["x-size"] = Anchored("size", {"w": 1, "h": [1, 2]})
        for key in ("s1", "s2"):
            params[key] = Raw("*size")
            owners[key] = frozenset({f"{name}:params.s1", f"{name}:params.s2"})
    if random.random() < 0.3:
        extras["x-common"] = Anchored("common", {"m1": 1, "m2": "Two"})
        params = {"<<": Raw("*common"), **params}
        owners["<<"] = frozenset({f"{name}:params.m1", f"{name}:params.m2"})
    if random.random() < 0.3:
        params["k1"] = Anchored("kept", random.choice([["x", "y"], {"z": 1}]))
        params["k2"] = Raw("*kept")
        owners |= dict.fromkeys(("k1", "k2"), frozenset({f"{name}:params.k1", f"{name}:params.k2"}))
    words = random.sample(_WORDS, len(_WORDS))
    kind = random.randrange(8)
    ontology: Any = None
    if kind == 0:
        ontology = {"$ref": f"{up}_animals.yaml"}
        use("_animals.yaml", "ontology")
    elif kind == 1:
        ontology = {"$ref": f"{up}_more.yaml#/choices"}
        use("_more.yaml#/choices", "ontology")
    elif kind == 2:
        ontology = {"name": "Kinds", "choices": some_choices(random, words)}
    elif kind == 3:
        extras["x-choices"] = Anchored("choices", some_choices(random, words))
        ontology = Raw("*choices")
    elif kind < 7:
        ontology = some_choices(random, words)
    over = {"mode": "Slow", "o1": [1, 2]} if random.random() < 0.3 else {}
    return _Plan(params, owners, ontology, extras, over)


def _defaults(found: Repository, style: Style, defaults: dict[str, Any], owners: Any, folder: str) -> Iterator[Line]:
    writer = Writer(found, style)
    every = frozenset().union(*(owners(f"{folder}{key}") for key in defaults))
    yield Line("params:", every)
    each = {key: owners(f"{folder}{key}") for key in defaults}
    yield from writer.entries(defaults, style.step, each)


def _manifest(found: Repository, style: Style, name: str, plan: _Plan) -> Iterator[Line]:
    writer = Writer(found, style)
    yield from writer.entries({"name": name, "type": "imageannotation"}, 0, NOBODY)
    every = frozenset({f"{name}:params"})
    shared = frozenset({f"{name}:ontology"})
    for key, value in plan.extras.items():
        yield from writer.entries({key: value}, 0, shared if key == "x-choices" else NOBODY)
    if style.likely(0.1):
        inner = {key: each for key, each in plan.params.items() if key != "<<" and not isinstance(each, Anchored)}
        if all(each != "*kept" for each in inner.values()):
            plan.params.pop("<<", None)
            yield Line(f"params: {style.brackets(inner)}", every)
            if plan.ontology is not None:
                yield from writer.entries({"ontology": plan.ontology}, 0, shared)
            return
    yield Line("params:", every)
    yield from writer.entries(plan.params, style.step, plan.owners)
    if plan.ontology is not None:
        yield from writer.entries({"ontology": plan.ontology}, 0, shared)
