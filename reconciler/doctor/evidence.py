"""Raw projects, and what they show about the API itself: evidence, and the assumption that it is about.

Evidence never contains a value, because a parameter may be a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import ClassVar

from reconciler.frozen import dataclass
from reconciler.model.doctor import CheckResult, Verdict
from reconciler.model.ontology import texts_in
from reconciler.model.project import RESERVED_PARAMS
from reconciler.model.values import Json

Project = Mapping[str, Json]

Evidence = tuple[Verdict, str]
"""A verdict and the reason for it, as a clause without a capital letter or a period."""


@dataclass(frozen=True, slots=True)
class OtherCase:
    """A get of `asked`, which is `name` in a different case; `found` is the name of the answer, or None."""

    name: str
    asked: str
    found: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What reads showed. `got` has, by name, what a get shows of some of the `listed` projects."""

    listed: Sequence[Project] = ()
    got: Mapping[str, Project] = field(default_factory=dict)
    other_case: OtherCase | None = None

    def shown(self) -> Iterator[Project]:
        """Every project as list shows it and as get shows it. Either may show more than the other."""
        yield from self.listed
        yield from self.got.values()


@dataclass(slots=True)
class Made:
    """What the project that doctor creates shows, filled in step by step.

    `sent` has the params of its create, `answer` is the answer to that call, and `created` is what a get showed then,
    empty if there was none. `repeated` is what a get showed after a setParams of the same params, None if that was not
    sent. `seen` is what reads showed last of this project. `exists` is true once the create succeeded.
    """

    sent: Mapping[str, Json]
    answer: Json = None
    created: Project = field(default_factory=dict)
    repeated: Project | None = None
    seen: Seen = field(default_factory=Seen)
    exists: bool = False


class Assumption:
    """An assumption about the API. `known` has one of each class with a name.

    `otherwise` is what it means for a user if the assumption does not hold. `unseen` is why no evidence shows it.
    `writable` is false if no write can decide it.
    """

    known: ClassVar[list[Assumption]] = []
    name: ClassVar[str]
    otherwise: ClassVar[str]
    unseen: ClassVar[str]
    writable: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        if "name" in vars(cls):
            Assumption.known.append(cls())

    def by_reads(self, seen: Seen) -> Iterable[Evidence]:
        """Evidence from what reads showed."""
        return ()

    def by_made(self, made: Made) -> Iterable[Evidence]:
        """Evidence from a project that was created for it."""
        return self.by_reads(made.seen)

    def assess(self, seen: Seen, made: Made | None) -> CheckResult:
        """The result. What `made` shows is preferred, because it is newest."""
        verdict, evidence = self._decided(self.by_reads(seen))
        if made is not None and made.created:
            tried = self._decided(self.by_made(made))
            if tried[0] is not Verdict.NOT_SEEN or verdict is Verdict.NOT_SEEN:
                verdict, evidence = tried
        otherwise = f" {self.otherwise}" if verdict is Verdict.DOES_NOT_HOLD else ""
        return CheckResult(self.name, verdict, f"{evidence[0].upper()}{evidence[1:]}.{otherwise}")

    def _decided(self, evidence: Iterable[Evidence]) -> Evidence:
        """The first evidence against the assumption, else the first for it, else the first that is inconclusive."""
        first: dict[Verdict, Evidence] = {}
        for found in evidence:
            if found[0] is Verdict.DOES_NOT_HOLD:
                return found
            first.setdefault(found[0], found)
        return first.get(Verdict.HOLDS) or first.get(Verdict.NOT_SEEN) or unseen(self.unseen)


def holds(evidence: str) -> Evidence:
    return Verdict.HOLDS, evidence


def fails(evidence: str) -> Evidence:
    return Verdict.DOES_NOT_HOLD, evidence


def unseen(evidence: str) -> Evidence:
    return Verdict.NOT_SEEN, evidence


def params_versions(projects: Iterable[Project]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """The params of every version that can be read, each after the version's name in messages."""
    for project in projects:
        for position, entry in enumerate(entries(project, "param_history")):
            params = {key: value for key, value in entry.items() if key not in RESERVED_PARAMS}
            yield _words("version", entry, position, project), params


def ontology_versions(projects: Iterable[Project]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """The entries of every `ontologyHistory` that can be read, each after the version's name in messages."""
    for project in projects:
        for position, entry in enumerate(entries(project, "ontologyHistory")):
            yield _words("ontology version", entry, position, project), entry


def entries(project: Project, history: str) -> list[Mapping[str, Json]]:
    """The entries of a history that are objects."""
    found = project.get(history)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def latest_params(project: Project) -> Mapping[str, Json] | None:
    """The current params; None if none were ever set."""
    versions = [params for _, params in params_versions((project,))]
    return versions[-1] if versions else None


def first_number(project: Project) -> int | None:
    """The number of the oldest version of the params that is shown; None if there is none."""
    return _number(project, 0)


def last_number(project: Project) -> int | None:
    """The number of the current version of the params; None if there is none."""
    return _number(project, -1)


def choices_in(choices: Json) -> Iterator[Json]:
    """Every choice of an ontology, on every level."""
    for choice in choices if isinstance(choices, list) else ():
        yield choice
        if isinstance(choice, dict):
            yield from choices_in(choice.get("subchoices"))


def has_padding(value: Json) -> bool:
    """Whether a string anywhere in a value has whitespace at one of its ends."""
    return any(text != text.strip() for text in texts_in(value))


def is_empty(value: Json) -> bool:
    """Whether a value is [], {} or ""."""
    return isinstance(value, str | list | dict) and not value


def _number(project: Project, position: int) -> int | None:
    shown = entries(project, "param_history")
    number = shown[position].get("version") if shown else None
    return number if type(number) is int else None


def _words(what: str, entry: Mapping[str, Json], position: int, project: Project) -> str:
    number = entry.get("version")
    return f'{what} {number if type(number) is int else position} of "{project["name"]}"'
