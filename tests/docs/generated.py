"""What the docs say from the code: two whole pages, and tables of three others. `make reference` writes them.

docs/options.md comes from the command line, docs/documents.md from the JSON Schemas.
"""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from reconciler.cli import reconciler as command_line
from tests.docs.reference import guards, manifest_keys, settings_keys, table

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENTS = ("validate", "plan", "result", "drift", "history", "relabel", "blame", "pins")

Row = tuple[str, str, str]
Parts = Mapping[str, Any]

_OPTIONS = """# Options of every command

This page shows the output of `reconciler COMMAND --help` for every command. For more details, see
[Commands](commands.md). Every command has `-h, --help`. With `-C DIR` before the command, reconciler runs as if started
in DIR.
"""

_DOCUMENTS = """# JSON documents

This page describes the keys of each document that `--format json` prints. [The
schemas](editor.md#schemas-of-json-documents) describe the same for programs. New keys are added over time, so ignore
unknown keys. In a key, `[]` stands for each item of a list.
"""


def options() -> str:
    return _OPTIONS + "".join(_section(path, command) for path, command in _commands(command_line, ()))


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from _commands(inner, (*path, name))


def _section(path: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(command, info_name=" ".join(("reconciler", *path)))
    usage = command.get_usage(context).removeprefix("Usage: ")
    records = [param.get_help_record(context) for param in command.params if isinstance(param, click.Option)]
    rows = [(_option(record[0]), _prose(record[1])) for record in records if record is not None]
    text = f"\n## {' '.join(path)}\n\n```text\n{' '.join(usage.split())}\n```\n"
    text += f"\n{_prose(inspect.cleandoc(command.help or ''))}\n"
    return text + (f"\n{table([('Option', 'Meaning'), *rows])}" if rows else "")


def _option(record: str) -> str:
    """An option and its value. Of alternatives, each is code of its own: a table has no way to show `|` in code."""
    name, _, alternatives = record.partition(" [")
    if not alternatives:
        return f"`{record}`"
    return f"`{name}` {', '.join(f'`{each}`' for each in alternatives.rstrip(']').split('|'))}"


def _prose(text: str) -> str:
    """Plain text as Markdown that shows the same."""
    return re.sub(r"([*<])", r"\\\1", text)


def documents() -> str:
    schemas = {name: json.loads((DOCS / "schemas" / f"{name}.json").read_text("utf-8")) for name in DOCUMENTS}
    found = Counter((name, json.dumps(part)) for schema in schemas.values() for name, part in schema["$defs"].items())
    shared = {name: json.loads(part) for (name, part), times in found.items() if times > 1 and "properties" in part}
    text = _DOCUMENTS
    for name, schema in schemas.items():
        own = {key: part for key, part in schema["$defs"].items() if shared.get(key) != part}
        description = schema["description"].removesuffix(" Ignore keys that are not listed here.")
        text += f"\n## {name}\n\n{description} [Its schema](schemas/{name}.json).\n\n"
        text += table([("Key", "Value", "Meaning"), *_rows(schema, own | shared, set(shared), "")])
    text += "\n## Shared parts\n\nObjects that appear in several documents.\n"
    for name, part in sorted(shared.items()):
        text += f"\n### {name}\n\n{part['description']}\n\n"
        text += table(
            [("Key", "Value", "Meaning"), *_rows(part, {**_enumerations(schemas), **shared}, set(shared), "")]
        )
    return text


def _enumerations(schemas: Parts) -> Parts:
    return {
        key: part for schema in schemas.values() for key, part in schema["$defs"].items() if "properties" not in part
    }


def _rows(schema: Parts, parts: Parts, shared: Collection[str], prefix: str) -> Iterator[Row]:
    """The keys of an object, and below each the keys of the object that is its value, if only this document has it."""
    for key, value in schema["properties"].items():
        words, inner, lists = _value(value, parts)
        name = _named(inner, parts)
        if name in shared:
            words = re.sub("objects?", f"[{name}](#{name.lower()})", words)
        missing = "" if key in schema.get("required", ()) else ", optional"
        described = value.get("description") or (inner or {}).get("description", "")
        yield f"`{prefix}{key}`", words + missing, _prose(described)
        if inner is not None and name not in shared:
            yield from _rows(inner, parts, shared, f"{prefix}{key}{'[]' * lists}.")


def _named(part: Parts | None, parts: Parts) -> str:
    return next((name for name, each in parts.items() if each is part), "")


def _value(value: Parts, parts: Parts) -> tuple[str, Parts | None, int]:
    """What a value is in words, the object in it whose keys are known, and in how many lists that is."""
    if name := value.get("$ref", "").removeprefix("#/$defs/"):
        part = parts[name]
        return ("object", part, 0) if "properties" in part else _value(part, parts)
    if "anyOf" in value:
        kinds = [_value(kind, parts) for kind in value["anyOf"]]
        inner, lists = next(((kind[1], kind[2]) for kind in kinds if kind[1] is not None), (None, 0))
        return " or ".join(kind[0] for kind in kinds), inner, lists
    if "enum" in value:
        return ", ".join(f"`{json.dumps(each)}`" for each in value["enum"]), None, 0
    if "const" in value:
        return f"`{json.dumps(value['const'])}`", None, 0
    if value.get("type") == "array" and "items" in value:
        words, inner, lists = _value(value["items"], parts)
        plural = re.fullmatch("object|string|integer|number", words)
        return f"list of {words}{'s' if plural else ''}", inner, lists + 1
    return str(value.get("format") or value.get("type") or "any"), None, 0


PAGES: Mapping[str, Callable[[], str]] = {"options.md": options, "documents.md": documents}
TABLES: Mapping[str, Callable[[], str]] = {
    "manifests.md": manifest_keys,
    "configuration.md": settings_keys,
    "guards.md": guards,
}
"""The tables in pages that are written by hand. A table is found by its first line."""


def current(page: str) -> str:
    """A page as the code has it now."""
    if page in PAGES:
        return PAGES[page]()
    rows = TABLES[page]()
    before, header, after = (DOCS / page).read_text("utf-8").partition(rows.partition("\n")[0] + "\n")
    assert header, f"{page} has no table with the columns {rows.partition(chr(10))[0]}"
    return before + rows + re.sub(r"\A(\|.*\n)*", "", after)


if __name__ == "__main__":
    for name in (*PAGES, *TABLES):
        (DOCS / name).write_text(current(name), "utf-8")
