"""The command line: options in, exit code out. Only this package uses click.

Command modules import other packages inside their functions, so that `--version` and `--help` load only click.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from contextlib import suppress
from errno import ENOMEM
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING, NoReturn, TextIO

import click

from reconciler import __version__
from reconciler.cli.help import Formatter, Group
from reconciler.cli.invocation import begin, noting
from reconciler.cli.status import STATUS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_COMMANDS = {
    "validate": "Check the manifests, without a key or network access.",
    "plan": "Show what apply would do.",
    "apply": "Change the projects on Scale to match the manifests.",
    "show": "Show a plan that plan --out saved.",
    "drift": "Show what changed on Scale outside git.",
    "import": "Write manifests for live projects.",
    "adopt": "Write values that were changed on Scale into the manifests.",
    "history": "Show every version of a project's params and ontology.",
    "blame": "Show which version introduced each live value of a project.",
    "pins": "Show the params version of each project's last apply.",
    "rollback": "Put an old version back into the manifest.",
    "snapshot": "Save live state for plan and drift without a key.",
    "fmt": "Format manifests: key order, indentation, block style.",
    "schema": "Print the JSON Schema of manifests or of the configuration.",
    "init": "Lay out a repository, with workflows for GitHub.",
    "doctor": "Check the setup, and show how to fix each problem.",
    "sandbox": "Emulate the Projects API, to try reconciler without a key.",
    "github": "Update a comment, an issue, or a pull request on GitHub.",
    "completion": "Print the completion script for a shell.",
}
"""Each command with the first sentence of its help, so that neither `--help` nor completion imports all of them."""

_MODULES = {"import": "import_projects"}
"""The modules whose names are not those of their commands."""

click.Context.formatter_class = Formatter

COMPLETE = "_RECONCILER_COMPLETE"
"""The variable that a shell sets to request completions."""

EXIT_ERROR = 1
EXIT_BUG = 3
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143

_EPILOG = """\b
Examples:
  reconciler validate                   check the manifests, offline
  reconciler plan                       show what would change on the sandbox
  reconciler apply                      carry out the plan, once you approve
  reconciler plan --target production   the same on Scale, with SCALE_API_KEY
"""


class _Commands(Group):
    """Loads a command's module when the command is used."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(_COMMANDS)

    def sentences(self, context: click.Context) -> list[tuple[str, str]]:
        return list(_COMMANDS.items())

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        commands = [CompletionItem(name, help=text) for name, text in _COMMANDS.items() if name.startswith(incomplete)]
        return [*commands, *click.Command.shell_complete(self, context, incomplete)]

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and not args[0].startswith("-"):
            from reconciler.cli.terraform import COMMANDS
            from reconciler.diagnostics import nearest
            from reconciler.errors import UsageError

            if args[0] in COMMANDS:
                raise UsageError(f"no such command '{args[0]}'", COMMANDS[args[0]])
            near = nearest(args[0], _COMMANDS)
            hint = f", did you mean '{near}'?" if near is not None else ""
            raise click.UsageError(f"no such command '{args[0]}'{hint}", context)
        return super().resolve_command(context, args)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command = import_module(f"reconciler.cli.{_MODULES.get(name, name)}").command
        assert isinstance(command, click.Command)
        if COMPLETE in os.environ:
            from reconciler.cli.candidates import attach

            attach(command)
        return command


@click.group(
    cls=_Commands,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("-C", "folder", metavar="DIR", callback=noting("folder"), help="Run as if started in DIR.")
@click.version_option(__version__, message="%(prog)s %(version)s", prog_name="reconciler")
def reconciler(folder: str | None) -> None:
    """Keep Scale AI annotation projects in git.

    YAML manifests declare each project's type, params, and ontology; plan shows what differs on Scale; apply changes
    Scale to match.
    """
    if folder is not None:
        try:
            os.chdir(folder)
        except OSError as problem:
            from reconciler.manifest.sharedfiles import near_path

            near = near_path(os.path.abspath(folder))
            hint = f', did you mean "{os.path.relpath(near)}"?' if near is not None else ""
            raise click.UsageError(f"-C {folder}: {problem.strerror}{hint}") from None


class _TerminatedError(SystemExit):
    """SIGTERM or SIGHUP was received while no apply was running.

    It is a SystemExit, because an event loop lets only that and KeyboardInterrupt out of a callback.
    """


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise _TerminatedError(128 + number)


def main() -> NoReturn:
    """The entry point of the console script."""
    # httpcore tries to import it for each request, to find out whether asyncio runs it. It does.
    sys.modules["sniffio"] = None  # type: ignore[assignment]
    gc.disable()  # and not enabled again: before the process ends, it would walk everything once more
    sys.exit(_main())


def _main() -> int:
    sys.stdout, sys.stderr = _output(sys.stdout, os.O_RDONLY), _output(sys.stderr, os.O_WRONLY)
    signal.signal(signal.SIGTERM, _terminate)
    hangup = getattr(signal, "SIGHUP", None)  # not on Windows
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:  # as nohup sets it
        signal.signal(hangup, _terminate)
    sys.set_int_max_str_digits(4_300)  # exact up to this many digits, even if PYTHONINTMAXSTRDIGITS says otherwise
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as problem:
        code = _closed(problem)
    return code


def _output(stream: TextIO | None, closed: int) -> TextIO:
    """The stream, writing UTF-8.

    The stream is None if its descriptor is closed. It is then opened in the mode `closed`: with O_RDONLY, every write
    fails, as it must if a result would be lost. PYTHONUNBUFFERED removes the buffer, and without one, a write that ends
    halfway is not an error.
    """
    if stream is None:
        stream = open(os.open(os.devnull, closed), "w")  # noqa: SIM115
    elif isinstance(stream.buffer, io.RawIOBase):
        stream = open(stream.fileno(), "w", buffering=1, closefd=False)  # noqa: SIM115
    assert isinstance(stream, io.TextIOWrapper)
    stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    return stream


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code. Every error that a user can cause is handled here."""
    try:
        return _run(arguments)
    except OSError as problem:  # also while another error is printed
        return _closed(problem)


def _run(arguments: list[str]) -> int:
    begin()
    if COMPLETE in os.environ:
        from reconciler.cli.candidates import attach
        from reconciler.cli.shells import register

        register()
        attach(reconciler)
    try:
        try:
            code = reconciler.main(arguments, prog_name="reconciler", standalone_mode=False)
        finally:
            STATUS.hide()
        return code if isinstance(code, int) else 0
    except click.exceptions.NoArgsIsHelpError as problem:
        click.echo(problem.format_message())
        return EXIT_ERROR
    except click.ClickException as problem:
        from reconciler.cli import console

        console.say_usage(problem, arguments)
        return EXIT_ERROR
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return EXIT_INTERRUPTED
    except _TerminatedError as problem:
        ended = problem.code if isinstance(problem.code, int) else EXIT_TERMINATED
        click.echo("Terminated." if ended == EXIT_TERMINATED else "Hung up.", err=True)
        return ended
    except Exception as problem:
        from reconciler.errors import ReconcilerError

        if isinstance(problem, ReconcilerError):
            from reconciler.cli import console, runner

            console.say_diagnostics(problem.diagnostics)
            runner.annotate(problem.diagnostics)
            return EXIT_ERROR
        if (lack := _lack(problem)) is not None:
            click.echo(f"error[resources]: {lack}", err=True)
            return EXIT_ERROR
        if isinstance(problem, FileNotFoundError) and not _has_cwd():
            click.echo(
                "error[usage]: the current directory no longer exists\n  Change to a directory that exists.", err=True
            )
            return EXIT_ERROR
        if isinstance(problem, OSError):
            raise
        import traceback

        click.echo(traceback.format_exc(), err=True)
        click.echo("This is a bug in reconciler. Please report it with the text above.", err=True)
        return EXIT_BUG


def _has_cwd() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def _lack(problem: BaseException) -> str | None:
    """A message about a resource that the machine lacks, None for any other error. Concurrent tasks fail in a group."""
    if isinstance(problem, BaseExceptionGroup):
        return next((lack for inner in problem.exceptions if (lack := _lack(inner)) is not None), None)
    unmapped = isinstance(problem, ImportError) and "failed to map" in str(problem)
    if isinstance(problem, MemoryError) or unmapped or (isinstance(problem, OSError) and problem.errno == ENOMEM):
        return "not enough memory; free some memory, then run the command again"
    if isinstance(problem, RuntimeError) and "can't start new thread" in str(problem):
        return "cannot start a thread; end other processes, then run the command again (ulimit -u shows the limit)"
    return None


def _closed(problem: OSError) -> int:
    """Report an output that cannot be written, unless its reader is gone. What was not written is discarded."""
    _let_go()
    if not isinstance(problem, BrokenPipeError):
        with suppress(OSError):
            click.echo(f"error[output]: the output cannot be written: {problem.strerror or problem}", err=True)
        _let_go()
    return EXIT_ERROR


def _let_go() -> None:
    """Discard what cannot be written, because Python flushes both outputs at exit, and would exit with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
