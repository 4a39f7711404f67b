"""What a guard looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date
from typing import Final

from reconciler.diagnostics import quoted
from reconciler.fieldpath import Attribute, Pattern, covered, format_path
from reconciler.frozen import dataclass
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.plan import Action, Field, Kind, ProjectChange
from reconciler.model.project import Shown
from reconciler.model.record import Entries
from reconciler.model.renaming import rename_words, renamed_choices
from reconciler.model.values import MASKED

LIVE_HISTORY: Final = "Scale's history no longer shows"
SNAPSHOT_HISTORY: Final = "The snapshot does not show"


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of the guards: their settings, the waivers, the guards that `--allow` names, and the sensitive paths.

    `older` is whether the guard `older-commit`, which an apply checks separately, holds the changes there.
    """

    settings: GuardSettings = field(default_factory=GuardSettings)
    waivers: tuple[Waiver, ...] = ()
    allowed: frozenset[str] = frozenset()
    sensitive: tuple[Pattern, ...] = ()
    older: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What the guards look at besides the changes.

    `live` has the projects by name, None for one that was requested and does not exist. `listed` is whether the whole
    account was listed. `managed` has the names in all manifests, selected or not, each with its file. `undeclared`
    has the recorded names of this manifest folder that no manifest declares anymore, each with the file that it was in.
    `known` are the recorded projects of this target. `today` is the day in UTC. `pending` is `--pending`. Messages mask
    the names of choices that are sensitive. `history` starts the sentence about a recorded version that is not shown.
    """

    live: Mapping[str, Shown | None]
    listed: bool
    managed: Mapping[str, str]
    known: Entries
    rules: Rules
    today: date
    pending: bool = False
    history: str = LIVE_HISTORY
    undeclared: Mapping[str, str] = field(default_factory=dict)
    _gone: dict[str, tuple[ProjectChange, tuple[list[str], list[str]]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What `choices_gone` found, because more than one guard asks."""

    def warns(self, guard: str) -> bool:
        """Whether that guard is configured to warn rather than to hold."""
        return getattr(self.rules.settings, guard.replace("-", "_"), None) == "warn"

    def choices_gone(self, change: ProjectChange) -> tuple[list[str], list[str]]:
        """The names, in quotes, of the choices that an update removes, and the old and new names of those that look
        renamed."""
        known = self._gone.get(change.name)
        if known is None or known[0] is not change:
            known = self._gone[change.name] = change, self._choices_gone(change)
        return known[1]

    def _choices_gone(self, change: ProjectChange) -> tuple[list[str], list[str]]:
        gone = [field.path for field in change.fields if removes_choice(field)]
        known: Iterable[Field] = change.fields if gone else ()
        if self.rules.sensitive:
            known = [field for field in known if not covered(field.path, self.rules.sensitive)]
        renamed = renamed_choices(known)
        removed = [
            MASKED if covered(path, self.rules.sensitive) else quoted(str(path[-1]))
            for path in gone
            if path not in renamed
        ]
        return removed, [rename_words(str(old[-1]), str(new[-1])) for old, new in renamed.items()]

    def path(self, field: Field) -> str:
        """A field's path for a message. The path of a choice consists of values, so it may be sensitive."""
        masked = field.path[0] == "ontology" and covered(field.path, self.rules.sensitive)
        return f"ontology {MASKED}" if masked else format_path(field.path)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a guard would hold a change.

    `what` is a sentence without its period, `more` is zero or more whole sentences, and `remedy` says how to avoid the
    hold.
    """

    change: ProjectChange
    what: str
    more: str = ""
    remedy: str = ""

    @property
    def why(self) -> str:
        return " ".join(filter(None, (f"{self.what}.", self.more)))


Objections = Iterator[Objection]


def effective(changes: Iterable[ProjectChange], *actions: Action) -> list[ProjectChange]:
    """The changes of these kinds that an apply would write or forget. A blocked one is a no-op."""
    return [change for change in changes if change.action in actions and not change.blocked and not change.protected]


def removes_choice(field: Field) -> bool:
    """Whether a choice is removed, and not renamed as the manifest declares."""
    is_choice = field.path[0] == "ontology" and not isinstance(field.path[-1], Attribute)
    return field.kind is Kind.REMOVE and is_choice and field.renamed is None
