"""Every key of the configuration: its name, its meaning, and its values. Reads a file, and finds all its mistakes."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from reconciler.configuration import Configuration
from reconciler.diagnostics import (
    MOST_OF_A_FILE,
    Severity,
    did_you_mean,
    error,
    few_suggestions,
    joined,
    left_out,
    nearest,
    quoted,
)
from reconciler.endpoint import SCALE_ENDPOINT, check_endpoint
from reconciler.errors import DiagnosedError, UsageError
from reconciler.fieldpath import Pattern, parse_pattern
from reconciler.files.walking import is_below
from reconciler.keys.faults import Fault, Faults, RefusedError, name_of
from reconciler.keys.kinds import DIALECT, PUBLISHED, Day, Each, Key, ListOf, Number, OneOf, Schema, Table, Text, Truth
from reconciler.manifest.codes import CHECKS
from reconciler.model.guards import GUARD_NAMES, NO_MANIFESTS, RENAMED_CHOICE, GuardSettings, Waiver

BUILT_IN: Final[Mapping[str, Mapping[str, Any]]] = {
    "sandbox": {"sandbox": ".reconciler/sandbox.db"},
    "production": {"endpoint": SCALE_ENDPOINT, "api_key_env": "SCALE_API_KEY"},
}
"""The targets that exist without a configuration."""

_KEY_VARIABLE: Final = re.compile(r"SCALE_[A-Z0-9_]+", re.ASCII)
_REMOTE: Final = re.compile(r"(?![-./])(?!.*(?:\.\.|//|@\{|[./]$))[^\s\x00-\x20\x7f~^:?*\[\\]+")
_WARN_OR_HOLD: Final = OneOf(values=("warn", "hold"), code="bad-choice")


def configuration_keys(root: Path) -> Table:
    """The keys of a configuration file whose folder is `root`."""

    def below_root(text: str) -> str:
        if not text or "\0" in text:
            what = "contain a NUL character" if text else "be empty"
            raise RefusedError("path-outside", f"{{name}} cannot {what}", f"Use a path under {root}.")
        if not is_below(os.path.realpath(root / text), str(root)):
            summary = f"{{name}} is outside the repository: {quoted(text)}"
            raise RefusedError("path-outside", summary, f"Use a path under {root}.")
        if ".git" in PurePosixPath(text.lower()).parts:
            raise RefusedError(
                "path-in-git", f"{{name}} is in the .git folder: {quoted(text)}", "Use a path outside .git."
            )
        return text

    path = Text(words="a path", rule=below_root)
    target = Table(
        thing="a target",
        words="a table",
        keys=(
            Key(
                "sandbox",
                path,
                "The sandbox file. A sandbox emulates Scale's API. Set either sandbox or endpoint.",
            ),
            Key(
                "endpoint",
                Text(words="a URL", rule=_endpoint),
                "The URL of Scale's API. Set either sandbox or endpoint.",
            ),
            Key(
                "api_key_env",
                Text(words="the name of an environment variable", rule=_key_variable),
                "The name of the environment variable that holds the API key, not the key. It must start with SCALE_.",
            ),
            Key(
                "parallelism",
                Number(words="a whole number from 1 to 100", whole=True, minimum=1, maximum=100, code="out-of-range"),
                "The maximum number of requests in flight. The default is 8.",
            ),
            Key("writes", Truth(), "If false, plan and drift work, but apply refuses to run. The default is true."),
            Key(
                "record",
                Text(words='"local" or the name of a git remote', rule=_remote),
                'The git remote that the record is fetched from and pushed to, or "local" (the default).',
            ),
            Key(
                "record_branches",
                Text(words="a prefix for branch names", rule=_branches),
                "The prefix of branches to use instead, if the remote refuses refs under refs/reconciler/.",
            ),
            Key("overlay", path, "The folder of overlays: files that override manifests for this target."),
        ),
    )
    guards = Table(
        thing="[guards]",
        words="a table",
        keys=(
            Key("max_creates", _count(), "If a plan creates more projects than this, all creates are held."),
            Key(
                "max_change_ratio",
                Number(words="a number from 0 to 1", minimum=0, maximum=1, code="out-of-range"),
                "If a plan updates a larger share of the selected projects than this, all updates are held. The "
                "guard is off if fewer than 10 projects are selected.",
            ),
            Key("max_forgets", _count(), "If more manifests than this are removed at once, their projects are held."),
            Key(
                "choice_removal",
                _WARN_OR_HOLD,
                "Whether to hold a change that removes choices from an ontology, or only warn.",
            ),
            Key(
                "near_name",
                _WARN_OR_HOLD,
                "Whether to hold a new project that resembles a live project without a manifest, in its name or its "
                "content, or only warn.",
            ),
            Key(
                "near_type",
                _WARN_OR_HOLD,
                "Whether to hold a new project whose type is similar to a known type, or only warn.",
            ),
            Key(
                "renamed",
                _WARN_OR_HOLD,
                "Whether to hold a project whose name was changed in its manifest, or only warn.",
            ),
            Key(
                "older_commit",
                _WARN_OR_HOLD,
                "Whether to hold the changes if the commit is older than the last applied one, or only warn.",
            ),
        ),
        make=GuardSettings,
        hyphens=True,
    )
    waiver = Table(
        thing="a waiver",
        words="a table",
        keys=(
            Key("guard", Text(words="the name of a guard", rule=_guard), "The guard to waive.", required=True),
            Key("project", Text(rule=_not_blank), "A pattern for the names of projects.", required=True),
            Key("reason", Text(rule=_not_blank), "The reason for the waiver.", required=True),
            Key("until", Day(code="bad-date"), "The last day (UTC) on which the waiver applies.", required=True),
        ),
        make=Waiver,
    )
    checks = Table(
        thing="[checks]",
        words="a table",
        keys=(
            *(
                Key(code, _switch("off", "note", "warn"), "A check, explained in docs/diagnostics.md.")
                for code in CHECKS
            ),
            Key(RENAMED_CHOICE, _switch("off", "warn"), "A check of plans, explained in docs/diagnostics.md."),
        ),
        unknown_code="unknown-check",
    )
    return Table(
        thing="the configuration",
        words="a table",
        keys=(
            Key("manifests", path, "The folder of the manifests. The default is projects."),
            Key(
                "target",
                Text(),
                "The target to use if a run does not name one. The default is sandbox. In CI, there is no default.",
            ),
            Key(
                "sensitive",
                ListOf(item=Text(words="a path", rule=_sensitive), words="a list of paths"),
                "Paths whose values are masked in all output.",
                examples=[["params.callback_url"]],
            ),
            Key("targets", Each(kind=target, words="a table of targets"), "The targets by name."),
            Key("guards", guards, "The settings that control when guards hold changes."),
            Key("checks", checks, "The severity of each check of params and ontologies, by code: off, note, or warn."),
            Key("waivers", ListOf(item=waiver, words="a list of [[waivers]]"), "Exceptions to guards."),
        ),
    )


def _switch(*values: str) -> OneOf:
    return OneOf(values=values, code="bad-choice")


def _count() -> Number:
    return Number(words="a whole number of 0 or more", whole=True, minimum=0, code="out-of-range")


def _endpoint(url: str) -> str:
    try:
        check_endpoint(url)
    except UsageError as problem:
        raise RefusedError("bad-endpoint", problem.summary, problem.detail) from None
    return url


def _key_variable(name: str) -> str:
    if not _KEY_VARIABLE.fullmatch(name):
        raise RefusedError(
            "bad-variable",
            "{name} must be a variable's name, such as SCALE_API_KEY",
            "The name must start with SCALE_ and can contain only capital letters, digits, and underscores. It is the "
            "name of the environment variable that holds the API key, not the key itself.",
        )
    return name


def _remote(name: str) -> str:
    if not _REMOTE.fullmatch(name):
        raise RefusedError(
            "bad-remote",
            f"{quoted(name)} is not the name of a git remote",
            'Use "local", or a name that `git remote` lists, such as "origin".',
        )
    return name


_PREFIX: Final = 'With "reconciler", for example, branches are created under reconciler/.'
_RULES: Final = (
    "A prefix follows git's rules for branch names: no spaces, no .., and no part that starts with a dot or ends with "
    ".lock."
)


def _branches(name: str) -> str:
    parts = name.split("/")
    if not _REMOTE.fullmatch(name) or any(part.startswith(".") or part.endswith(".lock") for part in parts):
        raise RefusedError(
            "bad-branch", f"{quoted(name)} is not a valid prefix for branch names", f"{_RULES} {_PREFIX}"
        )
    if parts[0] in ("refs", "HEAD"):
        start = "refs/heads/" if name.startswith("refs/heads/") else name if name == parts[0] else f"{parts[0]}/"
        detail = f"Leave out {quoted(start)}. {_PREFIX}" if start != name else _PREFIX
        raise RefusedError("bad-branch", f"{quoted(name)} is not a prefix for branch names", detail)
    return name


def _sensitive(text: str) -> Pattern:
    try:
        return parse_pattern(text)
    except ValueError as problem:
        raise RefusedError("bad-pattern", f"{quoted(text)} is not a valid path: {problem}") from None


def _guard(name: str) -> str:
    if name == NO_MANIFESTS:
        detail = f"If a run is meant to have no manifests, use --allow {NO_MANIFESTS}."
        raise RefusedError("unknown-guard", f"{NO_MANIFESTS} can be waived only with --allow", detail)
    if name not in GUARD_NAMES:
        detail, label = f"Known guards: {joined(GUARD_NAMES)}.", did_you_mean(name, GUARD_NAMES)
        raise RefusedError("unknown-guard", f"unknown guard {quoted(name)}", detail, label)
    return name


def _not_blank(text: str) -> str:
    if not text.strip():
        raise RefusedError("empty", "{name} must contain text")
    return text


def configuration_schema() -> Schema:
    """The JSON Schema of the configuration, for editors."""
    (schema,) = configuration_keys(Path()).alternatives(lambda _: [])
    return {
        "$schema": DIALECT,
        "$id": PUBLISHED.format("configuration"),
        "title": "Reconciler configuration (reconciler.toml)",
        "description": "Targets, guards, checks, and waivers. Every key is optional.",
        **schema,
    }


_KINDS: Final = ("sandbox", "endpoint")


def read_tables(configuration: Configuration) -> dict[str, Any]:
    """The values of a configuration file, by key.

    Raises:
        DiagnosedError: with the mistakes in the file. Only those that are shown are located, because that takes time.
    """
    faults = Faults()
    tables = configuration.tables
    with few_suggestions():
        values: dict[str, Any] = configuration_keys(configuration.file.parent).read(tables, (), faults)
        if isinstance(tables, dict):
            faults += _across_keys(tables)
    if faults:
        diagnostics = []
        for fault in faults[:MOST_OF_A_FILE]:
            location = configuration.locate(fault.path, at_key=fault.at_key)
            diagnostics.append(error(fault.code, fault.summary, fault.detail, location, fault.label))
        if (more := len(faults) - MOST_OF_A_FILE) > 0:
            diagnostics.append(left_out(configuration.file.as_posix(), [Severity.ERROR] * more))
        raise DiagnosedError(f"{configuration.file.name} has mistakes", diagnostics)
    return values


def _across_keys(tables: Mapping[str, Any]) -> Iterator[Fault]:
    """The mistakes that involve several keys."""
    targets = tables.get("targets", {})
    if not isinstance(targets, dict):
        return
    for name, table in targets.items():
        if isinstance(table, dict):
            yield from _kind(name, table)
            if "record_branches" in table and table.get("record", "local") == "local":
                summary = f"{name_of(('targets', name))} has record_branches, but no remote for its record"
                detail = 'Set record to the name of a git remote, such as "origin".'
                yield Fault(("targets", name, "record_branches"), summary, detail, code="missing-key", at_key=True)
            yield from _overlay(name, table.get("overlay"), tables.get("manifests", "projects"))
    target = tables.get("target")
    known = {*BUILT_IN, *targets}
    if isinstance(target, str) and target not in known:
        yield Fault(
            ("target",),
            f"unknown target {quoted(target)}",
            f"Known targets: {joined(sorted(known))}.",
            code="unknown-target",
            label=did_you_mean(target, known),
        )


def _kind(name: str, table: Mapping[str, Any]) -> Iterator[Fault]:
    shown = name_of(("targets", name))
    if "sandbox" in table and "endpoint" in table:
        summary = f"{shown} has both a sandbox and an endpoint"
        yield Fault(("targets", name, "sandbox"), summary, "Keep one of them.", code="two-kinds", at_key=True)
    elif name not in BUILT_IN and not any(key in _KINDS or nearest(key, _KINDS) for key in table):
        summary = f"{shown} needs an endpoint or a sandbox"
        detail = "Set endpoint to the URL of Scale's API, or sandbox to the path of a file."
        yield Fault(("targets", name), summary, detail, code="missing-key", at_key=True)


def _overlay(name: str, overlay: Any, manifests: Any) -> Iterator[Fault]:
    """Reports an overlay whose files would also be read as manifests."""
    if not isinstance(overlay, str) or not overlay or not isinstance(manifests, str):
        return
    path = PurePosixPath(os.path.relpath(overlay, manifests))
    if not path.parts:
        yield Fault(
            ("targets", name, "overlay"),
            f"the overlay {quoted(overlay)} is the manifest folder itself",
            "Use a folder of its own, such as one in the manifest folder whose name starts with _.",
            code="overlay-among-manifests",
        )
    elif ".." not in path.parts and not any(part.startswith("_") for part in path.parts):
        yield Fault(
            ("targets", name, "overlay"),
            f"the overlay {quoted(overlay)} is inside the manifest folder",
            "The files in it would also be read as manifests. Rename the folder so that its name starts with _.",
            code="overlay-among-manifests",
        )
