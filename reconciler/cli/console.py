"""Printing: results to stdout; progress, prompts, and errors to stderr."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypedDict, TypeVar

import click

from reconciler.cli import invocation
from reconciler.cli.invocation import noting
from reconciler.cli.status import STATUS, columns_of, has_cursor
from reconciler.diagnostics import joined, quoted
from reconciler.forge.github.job import is_job

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.diagnostics import Diagnostic
    from reconciler.model.plan import TargetInfo
    from reconciler.model.values import Json
    from reconciler.operations.session import Session
    from reconciler.settings import Settings

_Function = TypeVar("_Function", bound=Callable[..., object])


def _together(*options: Callable[[_Function], _Function]) -> Callable[[_Function], _Function]:
    """Several options as one decorator. Help lists them in this order."""

    def add(function: _Function) -> _Function:
        for option in reversed(options):
            function = option(function)
        return function

    return add


names_argument = click.argument("names", metavar="[NAME]...", nargs=-1, callback=noting("names"))
target_options = _together(
    click.option(
        "--target", metavar="NAME", callback=noting("target"), help="The target to use (or set RECONCILER_TARGET)."
    ),
    click.option(
        "--endpoint",
        metavar="URL",
        callback=noting("endpoint"),
        help="Use this endpoint instead of the target's (or set RECONCILER_ENDPOINT).",
    ),
)
plan_options = _together(
    click.option(
        "--pending",
        is_flag=True,
        callback=noting("pending"),
        help="Include only what changed in git; keep changes made on Scale.",
    ),
    click.option(
        "--allow",
        "allowed",
        metavar="GUARD",
        multiple=True,
        callback=noting("allowed"),
        help="Waive this guard for all projects (repeatable).",
    ),
)
editing_options = _together(
    click.option("--diff", "only_diff", is_flag=True, help="Print the patch for the manifests. Write nothing."),
    click.option("--allow-dirty", is_flag=True, help="Also edit files that have uncommitted changes."),
)
full_option = click.option(
    "--full",
    is_flag=True,
    expose_value=False,
    callback=noting("full"),
    help="Show new projects and unchanged values in full.",
)
live_option = click.option(
    "--live",
    metavar="FILE",
    callback=noting("live"),
    help="Read live state from this snapshot (@ for the published one). Needs no key.",
)


def check_live(live: str | None, endpoint: str | None) -> None:
    """Raises click.UsageError for an endpoint together with a snapshot, because a snapshot does not use one."""
    if live is not None and endpoint is not None:
        raise click.UsageError("--endpoint cannot be combined with --live, which reads a snapshot")


def open_session(target: str | None, endpoint: str | None, settings: Settings | None = None, **more: Any) -> Session:
    """A session on the target that the options name. From now on, messages suggest commands for this target."""
    from reconciler.operations import session
    from reconciler.settings import read_settings

    settings = settings or read_settings(Path.cwd())
    opened = session.open_session(
        settings, target=target, endpoint=endpoint, waiting=tell_waiting, step=STATUS.show, **more
    )
    invocation.note_target(opened.target.name)
    return opened


def read_time(option: str, text: str) -> datetime:
    """The time that an option names. Raises click.UsageError if it is not one."""
    from reconciler.instants import read_instant

    if (found := read_instant(text)) is None:
        raise click.UsageError(f"{option} {text}: use a time such as 2026-11-24T12:00Z, or a date")
    return found


def target_info(
    session: Session | None, settings: Settings | None, target: str | None, endpoint: str | None
) -> TargetInfo:
    """The target of a session, or if there is no session, what flags, environment, and settings ask for."""
    from reconciler.model.plan import TargetInfo

    if session is not None:
        return TargetInfo(session.target.name, session.target.endpoint)
    configured = settings.default_target if settings is not None else None
    name = target or os.environ.get("RECONCILER_TARGET") or configured
    return TargetInfo(name or "", endpoint or os.environ.get("RECONCILER_ENDPOINT") or "")


def check_guards(allowed: tuple[str, ...]) -> None:
    """Raises UsageError for a guard that does not exist."""
    from reconciler.diagnostics import with_suggestion
    from reconciler.errors import UsageError
    from reconciler.model.guards import GUARD_NAMES, NO_MANIFESTS

    known = (*GUARD_NAMES, NO_MANIFESTS)
    for name in allowed:
        if name not in known:
            summary = with_suggestion(f"unknown guard {quoted(name)}", name, known)
            raise UsageError(summary, f"Known guards: {joined(known)}.")


class Look(TypedDict):
    """How a layout fits where it is printed."""

    colour: bool
    columns: int | None


def look(stream: TextIO) -> Look:
    """Whether to use color, and the columns to fold at, which only a terminal has."""
    return {"colour": in_colour(stream), "columns": columns_of(stream)}


def in_colour(stream: TextIO) -> bool:
    """Whether to use color: only on a terminal, and never with NO_COLOR."""
    return has_cursor(stream) and not os.environ.get("NO_COLOR")


def say(text: str) -> None:
    """Print a result to stdout."""
    _write(text, sys.stdout)


def tell(text: str) -> None:
    """Print progress, a prompt, or an error to stderr."""
    sys.stdout.flush()
    _write(text, sys.stderr)


def say_diff(diff: str) -> None:
    """Print a diff of files as a result. Nothing in it can act on the terminal or the runner."""
    from reconciler.render.escape import plain

    say("".join(f"{plain(line)}\n" for line in diff.removesuffix("\n").split("\n")))


def say_patch(patch: str) -> None:
    """Print a patch as a result: unchanged for `git apply`, but on a terminal, nothing in it can act."""
    if sys.stdout.isatty() and patch:
        say_diff(patch)
    else:
        say(patch)


def say_words(words: str) -> None:
    """Print our own words as a result, folded at the width of a terminal."""
    from reconciler.render.layout import folded

    _write(folded(words, columns_of(sys.stdout)), sys.stdout)


def tell_words(words: str) -> None:
    """Print our own words to stderr, folded at the width of a terminal."""
    from reconciler.render.layout import folded

    tell(folded(words, columns_of(sys.stderr)))


def tell_runner(commands: str) -> None:
    """Print our own commands for the runner to stderr. The runner is meant to obey them, so they are not shielded."""
    STATUS.hide()
    sys.stdout.flush()
    sys.stderr.write(commands)
    sys.stderr.flush()


def say_runner(commands: str) -> None:
    """Print our own commands for the runner to stdout, as a result."""
    STATUS.hide()
    sys.stdout.write(commands)


def tell_line(words: str) -> None:
    """Print a sentence about progress, such as which run this run waits for."""
    tell_words(f"{words}\n")


def tell_waiting(seconds: float, why: str = "Too many requests (429)") -> None:
    """Report that the run waits because of a server's limit."""
    tell_line(f"{why}: waiting {seconds:.0f} s.")


def say_json(document: Json) -> None:
    """Print a document on one line. Under GitHub Actions, the runner finds no command in it."""
    from reconciler.model.values import to_json

    text = to_json(document)
    if is_job(os.environ):
        text = text.replace("##[", "#\\u0023[")
    STATUS.hide()
    sys.stdout.write(text + "\n")


def say_diagnostics(diagnostics: Iterable[Diagnostic], *, in_blocks: bool = False) -> None:
    """Print diagnostics to stderr, with file names relative to the working folder. `in_blocks` prints equal warnings as
    one."""
    from reconciler.render.text.diagnostics import lay_out_blocks, lay_out_diagnostics
    from reconciler.render.view import diagnostics as view

    shown = view.view_diagnostics(invocation.completed(diagnostics), os.getcwd())
    if in_blocks:
        tell(lay_out_blocks(view.in_blocks(shown), **look(sys.stderr)))
    else:
        tell(lay_out_diagnostics(shown, **look(sys.stderr)))


def say_usage(problem: click.ClickException, arguments: Sequence[str]) -> None:
    """Print a usage error in the same form as any other error."""
    from reconciler.cli.terraform import explain
    from reconciler.diagnostics import error

    context = getattr(problem, "ctx", None)
    hint = f"See: {context.command_path} --help" if context is not None else ""
    if context is not None and isinstance(problem, click.NoSuchOption) and problem.option_name == "-C":
        hint = _with_folder(arguments, str(context.info_name))
    elif isinstance(problem, click.NoSuchOption) and (explained := explain(problem, arguments)) is not None:
        say_diagnostics([error("usage", explained[0], detail=explained[1])])
        return
    words = problem.format_message().rstrip(".")
    if isinstance(problem, click.UsageError):
        words = f"{words[0].lower()}{words[1:]}"
    say_diagnostics([error("usage", words, detail=hint)])


def _with_folder(arguments: Sequence[str], command: str) -> str:
    """What to type instead of `-C` after the command."""
    at = next((at for at, word in enumerate(arguments) if word.startswith("-C")), len(arguments))
    folder = arguments[at][2:] if arguments[at : at + 1] != ["-C"] else "".join(arguments[at + 1 : at + 2])
    hint = "-C and its folder come before the command"
    return f"{hint}:\nreconciler -C {shlex.quote(folder)} {command}" if folder else f"{hint}."


def approves(question: str) -> bool:
    """Whether the person at the terminal approves."""
    return confirm(f'\n{question}\n  Only "yes" is accepted to approve.\n\n  Enter a value: ')


def confirm(question: str) -> bool:
    """Whether the person at the terminal enters `yes`."""
    return answer(question).strip() == "yes"


def answer(question: str) -> str:
    """The line that the person at the terminal enters; empty at the end of the input."""
    # A running event loop's handler would only note the first Ctrl-C and go on waiting for the line.
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        tell(question)
        return sys.stdin.readline()
    except UnicodeDecodeError:
        return ""
    finally:
        signal.signal(signal.SIGINT, previous)


def has_person() -> bool:
    """Whether a person can answer a prompt."""
    return sys.stdin is not None and sys.stdin.isatty()


def _write(text: str, stream: TextIO) -> None:
    if is_job(os.environ):
        from reconciler.forge.github.commands import shield

        text = shield(text)
    STATUS.hide()
    stream.write(text)
    stream.flush()
