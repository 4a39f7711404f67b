"""Options and commands that Terraform users type, and what to use here instead.

Terraform's options have one dash and a long name. Click reads such an argument as several short options.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Final

import click

from reconciler.diagnostics import nearest

_NO_DELETE: Final = "Projects on Scale cannot be deleted. To stop managing one, remove its manifest."
_NO_STATE: Final = "There is no state file and no backend. The record of applies is kept in git."
_NO_LOCK: Final = "There is no state to lock. Right before it writes, apply compares each project with the plan again."
_NO_VARIABLES: Final = (
    "Manifests have no variables. Common values go into a _defaults.yaml, and values for one target into its overlay."
)
_FMT: Final = "fmt formats the manifests in all folders. To check them without writing, run:\nreconciler fmt --check"

_OPTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "target": (
        "{command} {value}",
        "Terraform's -target selects resources. Here, project names after the command select projects, and --target "
        "selects the account, such as production or sandbox.",
    ),
    "chdir": ("-C {value}", "-C comes before the command."),
    "no-color": ("NO_COLOR=1", "Color is used only on a terminal, and never if the variable NO_COLOR is set."),
    "json": ("--format json", ""),
    "refresh-only": ("reconciler drift", "drift shows what changed on Scale outside git."),
    "refresh": ("--live", "A plan always reads the live state, except with --live, which uses a snapshot."),
    "destroy": ("", _NO_DELETE),
    "replace": ("", _NO_DELETE),
    "var": ("", _NO_VARIABLES),
    "var-file": ("", _NO_VARIABLES),
    "lock": ("", _NO_LOCK),
    "lock-timeout": ("", _NO_LOCK),
    "input": ("", "Commands prompt only on a terminal. To apply without a prompt, use --auto-approve."),
    "compact-warnings": ("", "Identical warnings are always combined."),
    **dict.fromkeys(
        ("backend", "backend-config", "migrate-state", "reconfigure", "state", "state-out", "backup", "upgrade"),
        ("", _NO_STATE),
    ),
}
"""Terraform's options that have no option of the same name and meaning here: what to type instead, and why."""

_OPTIONS_OF_FMT: Final[Mapping[str, tuple[str, str]]] = {
    "recursive": ("", _FMT),
    "write": ("--check", _FMT),
    "diff": ("--check", _FMT),
}

COMMANDS: Final[Mapping[str, str]] = {
    "destroy": _NO_DELETE,
    "refresh": "To see what changed on Scale outside git, run:\nreconciler drift",
    "output": "To see the plan as JSON, run:\nreconciler plan --format json",
    "state": _NO_STATE,
    "force-unlock": _NO_LOCK,
    "workspace": "Each account is a target in reconciler.toml. Choose one with --target.",
}
"""Terraform's commands that do not exist here, and what to do instead."""


def explain(problem: click.NoSuchOption, arguments: Sequence[str]) -> tuple[str, str] | None:
    """The summary and the detail for an unknown option as Terraform has it; None if click's own message is right."""
    context = problem.ctx
    if context is None:
        return None
    options = _options(context.command)
    known = {**_OPTIONS, **_OPTIONS_OF_FMT} if context.command.name == "fmt" else _OPTIONS
    for argument, behind in zip_longest(arguments, arguments[1:], fillvalue=""):
        name, is_joined, value = argument.lstrip("-").partition("=")
        one_dash = not argument.startswith("--")
        if not _is_meant(problem, argument, name):
            continue
        if name in known:
            meant, detail = known[name]
            if "{value}" in meant:
                value = value if is_joined or behind.startswith("-") else behind
                value = shlex.quote(value.removeprefix("project.")) if value else ""
                meant = meant.format(command=context.command_path, value=value) if value else ""
        else:
            near = name if name in options else nearest(name, options) if one_dash else None
            if near is None:
                return None
            takes_value = value and not getattr(options[near], "is_flag", False)
            meant, detail = f"--{near}{f'={value}' if takes_value else ''}", ""
        hint = f", did you mean '{meant}'?" if meant else ""
        return (
            f"no such option '{'-' if one_dash else '--'}{name}'{hint}",
            detail or f"See: {context.command_path} --help",
        )
    return None


def _is_meant(problem: click.NoSuchOption, argument: str, name: str) -> bool:
    """Whether an argument is the one that click stumbled over. Of `-name`, click names one letter."""
    if argument.startswith("--"):
        return problem.option_name == f"--{name}"
    return argument.startswith("-") and len(name) > 1 and name[0] != "C" and problem.option_name[1:] in name


def _options(command: click.Command) -> dict[str, click.Parameter]:
    """The long options of a command, without their dashes."""
    found = {
        option.removeprefix("--"): parameter
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    }
    return {**found, "help": click.Option(["--help"], is_flag=True)}
