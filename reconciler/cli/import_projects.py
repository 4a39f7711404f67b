"""`reconciler import`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, invocation, runner
from reconciler.cli.status import STATUS, has_cursor
from reconciler.frozen import dataclass

if TYPE_CHECKING:
    from reconciler.operations.import_files import Proven
    from reconciler.operations.import_projects import Imported
    from reconciler.settings import Settings

_MOST_LISTED = 20

_UNASKED = "Nothing was written. Run the command at a terminal, or delete the manifests and import without --force."

_QUESTION = """
Overwrite {files}? Lines removed above are lost, and so are all comments.
  Only "yes" is accepted to approve.

  Enter a value: """

_EPILOG = """\b
Examples:
  reconciler import --all --target production
  reconciler import kitten_labeling 'birds_*'
  reconciler import --all --type imageannotation --factor
"""


@click.command("import", epilog=_EPILOG)
@console.names_argument
@click.option("--all", "every", is_flag=True, help="Import every live project.")
@click.option("--type", "kind", metavar="TYPE", help="Import only projects of this task type.")
@click.option("--archived", is_flag=True, help="Import archived projects, too.")
@click.option(
    "--factor", is_flag=True, help="Put parameters that all new manifests in a folder share into a _defaults.yaml."
)
@click.option("--force", is_flag=True, help="Re-create existing manifests, after showing the changes and prompting.")
@console.target_options
def command(
    names: tuple[str, ...],
    every: bool,
    kind: str | None,
    archived: bool,
    factor: bool,
    force: bool,
    target: str | None,
    endpoint: str | None,
) -> int:
    """Write manifests for live projects. Never writes anything to Scale.

    NAME is a project name or a shell-style pattern. Projects that have a manifest are skipped. Before it writes files,
    import checks that the next plan has no changes.
    """
    from reconciler.errors import UsageError
    from reconciler.operations.import_projects import Wanted, import_projects

    if every and names:
        raise click.UsageError("use either NAME or --all")
    if not every and not names:
        raise click.UsageError("name the projects to import, or use --all")
    session = console.open_session(target, endpoint)
    if force and not console.has_person():
        raise UsageError("import --force needs approval, but there is no terminal to prompt in", _UNASKED)
    wanted = Wanted(names, kind, archived=archived, factor=factor, force=force)
    with _progress() as progress:
        done = import_projects(
            session,
            wanted,
            approve=lambda proven: _approve(proven, session.settings, progress.stop),
            progress=progress.show,
        )
    if done is None:
        console.say_words("Import cancelled.\n")
        return 1
    return _report(done)


def _approve(proven: Proven, settings: Settings, stop: Callable[[], None]) -> bool:
    """Show what would be overwritten, and prompt."""
    import difflib

    from reconciler.diagnostics import count
    from reconciler.manifest.concealing import concealed

    stop()
    for file, old in concealed(proven.overwritten, proven.replaced, settings.sensitive).items():
        name = os.path.relpath(file)
        before, after = (data.decode(errors="backslashreplace").split("\n") for data in (old, proven.files[file]))
        console.say_diff("\n".join(difflib.unified_diff(before, after, name, name, lineterm="")))
    return console.confirm(_QUESTION.format(files=count(len(proven.overwritten), "file")))


def _report(done: Imported) -> int:
    from reconciler.diagnostics import count, error
    from reconciler.planning.blocking import unreadable_remedy
    from reconciler.render.escape import plain, quoted

    files = sorted(done.written, key=lambda file: file.split("/"))
    shown = files if len(files) <= _MOST_LISTED + 1 else files[:_MOST_LISTED]
    console.say("".join(f"  {'~' if done.written[file] else '+'} {plain(os.path.relpath(file))}\n" for file in shown))
    if len(files) > len(shown):
        console.say(f"  … and {count(len(files) - len(shown), 'more file')}\n")
    refused = [
        error("not-imported", f"{quoted(name)} was not imported: {reason}", detail=remedy)
        for name, (reason, remedy) in sorted(done.refused.items())
    ]
    refused += [
        error(
            "not-imported",
            "a project was not imported: its name on Scale cannot be read",
            detail=f"{why}.\n{unreadable_remedy()}",
        )
        for why in done.nameless
    ]
    if refused:
        console.say_diagnostics(refused)
        runner.annotate(refused)
    words = [f"Imported {count(len(done.manifests), 'project')}."]
    if done.kept:
        words.append(f"Skipped {count(len(done.kept), 'project')} that already {_have(done.kept)} a manifest.")
    if not done.manifests and not refused:
        words[0] = "Nothing to import."
    console.say_words("\n" * bool(files) + " ".join(words) + "\n")
    if done.manifests:
        console.say_words(_notes(done))
    return 1 if refused else 0


def _have(projects: Sized) -> str:
    return "has" if len(projects) == 1 else "have"


def _notes(done: Imported) -> str:
    """What the manifests do not have, and what to do next."""
    from reconciler.diagnostics import count, joined
    from reconciler.render.escape import plain

    lines = ["The API does not return `rapid` and `studio`, so the manifests do not have them."]
    if done.sensitive:
        leave = "The sensitive values of {} are not in git. An `ignore` keeps them on Scale."
        lines.append(leave.format(count(len(done.sensitive), "project")))
    if done.archived:
        are = "1 project is" if len(done.archived) == 1 else f"{len(done.archived):,} projects are"
        lines.append(f"{are} archived, so a plan reports {_it(done.archived)} as blocked.")
    if done.not_factored:
        folders = joined([plain(os.path.relpath(folder)) for folder in done.not_factored])
        lines.append(
            f"No _defaults.yaml was written in {folders}. --factor skips a folder that already has a _defaults.yaml, "
            "or another manifest that would inherit from it."
        )
    command = invocation.spell("plan", "--")
    return "\n".join(lines) + f"\nThe next plan has no changes for {_it(done.manifests)}:\n  {command}\n"


def _it(projects: Sized) -> str:
    return "it" if len(projects) == 1 else "them"


@dataclass(frozen=True, slots=True)
class _Shown:
    """How to show progress, and how to stop showing it before a prompt."""

    show: Callable[[str, int, int], None] = lambda step, done, total: None
    stop: Callable[[], None] = lambda: None


@contextmanager
def _progress() -> Iterator[_Shown]:
    """A bar on a terminal's stderr, and nothing elsewhere."""
    if not has_cursor(sys.stderr):
        yield _Shown()
        return
    STATUS.hide()
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step)
            bar.update(tasks[step], completed=done, total=total)

        yield _Shown(show, bar.stop)
