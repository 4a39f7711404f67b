"""How a run was started, and with that, the commands that its messages may suggest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.frozen import dataclass

Run = tuple[str, ...]
"""A suggested command: the verb, its own options, and after `--`, names. Without `--`, the names are those of the run.

`("apply", "--allow", "takeover", "--", "fish")`, or a command of git: `("git", "fetch", …)`. Everything else comes
from the invocation.
"""

UNNAMED: Final = "sandbox"
"""The target of a run that names none."""

_LIVE: Final = frozenset({"target", "endpoint"})
_TAKES: Final[Mapping[str, frozenset[str]]] = {
    "plan": _LIVE | {"names", "pending", "allow", "live"},
    "apply": _LIVE | {"names", "pending", "allow", "plan"},
    "drift": _LIVE | {"names", "live"},
    "import": _LIVE | {"names"},
    "adopt": _LIVE | {"names"},
    "rollback": _LIVE | {"names"},
    "history": _LIVE,
    "blame": _LIVE,
    "pins": _LIVE | {"names"},
    "snapshot": _LIVE,
    "doctor": _LIVE,
    "validate": frozenset({"names"}),
}
"""The parts of an invocation that each command uses."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a run was started with, as it was spelled; `folder` is the one of `-C`.

    `target` and `endpoint` are those of a flag or a variable, and with a saved plan, those of the file. `read` is the
    target that was read, if one was. `planfile` is the saved plan that an apply carries out. `title` is what the names
    of the repository's workflows end in; None if this is a job of another workflow. `full` is whether nothing is to be
    left out.
    """

    folder: str | None = None
    target: str | None = None
    endpoint: str | None = None
    names: tuple[str, ...] = ()
    pending: bool = False
    allowed: tuple[str, ...] = ()
    live: str | None = None
    planfile: str | None = None
    read: str | None = None
    title: str | None = ""
    full: bool = False

    def of(self, target: str, *, pending: bool = False) -> Invocation:
        """The same for what was read of `target`."""
        return replace(self, read=target, pending=pending)

    def arguments(self, run: Sequence[str]) -> tuple[str, ...]:
        """The words of a command that does its work on the same target, in the same folder, in the same way."""
        folder = ("-C", self.folder) if self.folder is not None else ()
        verb, own, names = self.parts(run)
        if verb == "git":
            return ("git", *folder, *own)
        takes = _TAKES.get(verb, frozenset())
        options: list[str] = []
        if self.carries_out_a_file(run):
            options += ["--plan", self.planfile or ""]
        target = read = self._target()
        if "--target" in own:
            at = own.index("--target")
            target = own[at + 1]
            own = own[:at] + own[at + 2 :]
        other = target not in (read, UNNAMED if read is None else read)
        if "target" in takes and target is not None:
            options += ["--target", target]
        if "endpoint" in takes and self.endpoint and not other and not (self.live and "live" in takes):
            options += ["--endpoint", self.endpoint]
        if self.is_pending(run) and "--plan" not in options:
            options.append("--pending")
        if "allow" in takes:
            options += [word for guard in self.allowed if guard not in own for word in ("--allow", guard)]
        options += [word for word in own if word != "--pending"]
        if "live" in takes and self.live:
            options += ["--live", self.live]
        words = (*options, "--", *names) if any(name.startswith("-") for name in names) else (*names, *options)
        return ("reconciler", *folder, verb, *words)

    def parts(self, run: Sequence[str]) -> tuple[str, list[str], tuple[str, ...]]:
        """The verb, its own options, and the names."""
        verb, *own = run
        if "--" in own:
            end = own.index("--")
            return verb, own[:end], tuple(own[end + 1 :])
        takes_names = "names" in _TAKES.get(verb, ()) and not self.carries_out_a_file(run)
        return verb, own, self.names if takes_names else ()

    def is_pending(self, run: Sequence[str]) -> bool:
        """Whether the command keeps changes made on Scale."""
        return "pending" in _TAKES.get(run[0], ()) and (self.pending or "--pending" in run)

    def carries_out_a_file(self, run: Sequence[str]) -> bool:
        """Whether the command is another apply of the same saved plan."""
        return self.planfile is not None and "plan" in _TAKES.get(run[0], ()) and "--" not in run

    def _target(self) -> str | None:
        """A target that only the configuration names is spelled, too: the next run may have another configuration."""
        return self.target or (self.read if self.read != UNNAMED else None)
