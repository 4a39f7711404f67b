"""Checks of the instruction, of choices that look alike, and of ignores that end soon."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from reconciler.diagnostics import quoted
from reconciler.manifest.checks.subject import Choices, Finding, Subject
from reconciler.model.values import Json

SOON: Final = timedelta(days=14)
_LINK: Final = re.compile(r"\b(?:https?|file)://[^\s<>\"'`)}|]+", re.IGNORECASE)
_PRIVATE_NAMES: Final = (".local", ".internal", ".lan", ".corp", ".home.arpa", ".localhost")


def empty_instruction(subject: Subject) -> Iterator[Finding]:
    """An instruction that is empty or only whitespace."""
    instruction = subject.params.get("instruction")
    if isinstance(instruction, str) and not instruction.strip():
        detail = "Labelers see no guidance. Write an instruction, or leave the key out."
        yield Finding(("params", "instruction"), "the instruction is empty", detail)


def private_link(subject: Subject) -> Iterator[Finding]:
    """A link in an instruction that labelers cannot open, because it leads to a private address."""
    instruction = subject.params.get("instruction")
    if not isinstance(instruction, str) or "://" not in instruction:
        return
    for link in _LINK.findall(instruction):
        host = _private_host(link)
        if host is not None:
            yield Finding(
                ("params", "instruction"),
                f"the instruction links to {host}, which labelers cannot open",
                f"Link to a public page instead of {link[:200]}",
            )
            return


def _private_host(link: str) -> str | None:
    """The host of a link to a private address; None for any other link."""
    if link.lower().startswith("file:"):
        return "a file"
    if "[" not in link:
        link = link.partition("]")[0]
    try:
        host = urlsplit(link).hostname
    except ValueError:
        return None
    if not host:
        return None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        plain = host.rstrip(".").lower()
        return host if plain == "localhost" or plain.endswith(_PRIVATE_NAMES) else None
    return None if address.is_global else host


def like_choices(subject: Subject) -> Iterator[Finding]:
    """Choices that differ only in case, whitespace, or Unicode form."""
    choices = subject.choices
    if choices is None:
        return
    for first, second in subject.once(choices, _alike):
        yield Finding(
            subject.path_of(second),
            f"{quoted(second)} and {quoted(first)} differ only in case, whitespace, or Unicode form",
            "Answers treat them as different choices, but people see no difference. Rename or remove one of them.",
        )


def _alike(choices: Choices) -> list[tuple[str, str]]:
    first: dict[str, str] = {}
    found = []
    for name in choices.paths:
        folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
        if folded in first:
            found.append((first[folded], name))
        else:
            first[folded] = name
    return found


def ignore_ends_soon(subject: Subject) -> Iterator[Finding]:
    """An `ignore` whose last day is near. After it, the project is held."""
    if subject.today is None:
        return
    for index, ignore in enumerate(subject.project.mask.ignore):
        if ignore.until is not None and subject.today <= ignore.until <= subject.today + SOON:
            days = (ignore.until - subject.today).days
            when = "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"
            written: Json = subject.project.document["reconcile"]["ignore"][index]
            yield Finding(
                ("reconcile", "ignore", index, *(("until",) if isinstance(written, dict) else ())),
                f"this ignore ends {when}",
                "After that day, the guard expired-ignore holds the project. Remove the ignore, or extend it.",
            )
