"""The candidates for an argument or the value of an option. Nothing here uses the network or reports errors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from reconciler.settings import Settings

Source = Callable[["Settings", str], Iterable[str]]

FILE: Final = "file"
DIR: Final = "dir"


def attach(command: click.Command) -> None:
    """Turn on completion for the parameters of a command, and of the subcommands that it has already loaded."""
    for parameter in command.params:
        source = source_of(parameter) if command.name != "import" or isinstance(parameter, click.Option) else None
        if source is not None:
            parameter.shell_complete = _completer(source)  # type: ignore[method-assign, assignment]
    if isinstance(command, click.Group):
        for below in command.commands.values():
            attach(below)


def source_of(parameter: click.Parameter) -> Source | str | None:
    """What completes a parameter: a function, or the shell with FILE or DIR. None if nothing does, or click."""
    metavar = (getattr(parameter, "metavar", None) or "").strip("[].")
    if metavar in _BY_SHELL:
        return _BY_SHELL[metavar]
    return (_OPTIONS if isinstance(parameter, click.Option) else _ARGUMENTS).get(
        parameter.opts[0] if isinstance(parameter, click.Option) else metavar
    )


def _completer(source: Source | str) -> Callable[[click.Context, str], list[CompletionItem]]:
    def complete(context: click.Context, incomplete: str) -> list[CompletionItem]:
        if isinstance(source, str):
            return [CompletionItem(incomplete, type=source)]
        found: set[str] = set()
        with suppress(Exception):  # a shell expects silence
            folder = context.find_root().params.get("folder")
            if folder is not None:
                os.chdir(folder)
            from pathlib import Path

            from reconciler.settings import read_settings

            found.update(each for each in source(read_settings(Path.cwd()), incomplete) if each.startswith(incomplete))
        return [CompletionItem(each) for each in sorted(found)]

    return complete


def _names(settings: Settings, incomplete: str) -> Iterable[str]:
    """Project names, and paths of manifests and their folders one level at a time."""
    from reconciler.manifest.names import declared_names
    from reconciler.render.escape import plain

    yield from _paths(settings, incomplete)
    if "/" not in incomplete or not os.path.isdir(os.path.dirname(incomplete)):
        names = declared_names(str(settings.manifests), str(settings.repo_root))
        yield from (name for name in names if plain(name) == name)


def _paths(settings: Settings, incomplete: str) -> Iterable[str]:
    """Manifests, and folders that contain some, below the folder that is typed."""
    from reconciler.manifest.discovery import discover

    folder = os.path.dirname(incomplete)
    typed = f"{folder}/" if folder else ""
    for file in discover(str(settings.manifests), root=str(settings.repo_root)).manifests:
        path = os.path.relpath(file)
        if path.startswith(typed) and not path.startswith("../") and path.isprintable():
            below, slash, _ = path[len(typed) :].partition("/")
            yield f"{typed}{below}{slash}"


def _targets(settings: Settings, incomplete: str) -> Iterable[str]:
    return settings.targets


def _guards(settings: Settings, incomplete: str) -> Iterable[str]:
    from reconciler.model.guards import GUARD_NAMES, NO_MANIFESTS

    return (*GUARD_NAMES, NO_MANIFESTS)


def _types(settings: Settings, incomplete: str) -> Iterable[str]:
    from reconciler.tasktypes.parameters import TASK_TYPES

    return TASK_TYPES


_BY_SHELL: Final = {"FILE": FILE, "PLANFILE": FILE, "DIR": DIR}
_ARGUMENTS: Final[dict[str, Source]] = {"NAME": _names, "PATH": _paths}
_OPTIONS: Final[dict[str, Source]] = {"--target": _targets, "--allow": _guards, "--type": _types}
