"""What is shown of a project's versions: what changed in each, which one introduced each live value, and renames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from reconciler.diagnostics import count
from reconciler.fieldpath import Attribute, format_path
from reconciler.frozen import dataclass
from reconciler.instants import in_utc
from reconciler.model.history import Blame, Blamed, History, Made, Maker, Part, Past, Relabel, Revision
from reconciler.model.plan import Action, ProjectChange
from reconciler.model.project import DesiredProject, Source
from reconciler.model.values import MASKED, Json, Masked
from reconciler.render.phrases import aged, minute, read_at
from reconciler.render.signs import Sign
from reconciler.render.view.fields import sections
from reconciler.render.view.parts import Name, Quoted, Reader, Section, Sentence

_UNREADABLE = "This version cannot be read."
_UNSHOWN = "The changes are unknown, because the previous version cannot be read or is not shown by Scale."
_UNCHANGED = "Nothing changed."
_NOTHING_YET = "This version is empty."


@dataclass(frozen=True, slots=True)
class Head:
    """The project, its target, and when live state was read."""

    name: str
    target: str
    endpoint: str
    seen: str

    @classmethod
    def of(cls, found: Past, reader: Reader) -> Head:
        return cls(found.name, found.target.name, found.target.endpoint, f"read {read_at(found.read_at, reader.now)}")


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One version. `versions` is `version 6`, or of two that are compared, `version 6 -> 8`.

    `day` is the date for people, `time` the exact time with its age; both are empty if it has none. `section` is None
    if there is nothing to show, and `remark` says why.
    """

    part: Part
    versions: str
    day: str
    time: str
    made: Sentence
    section: Section | None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class HistoryView:
    """A project's versions, oldest first. `title` says what is shown, `last` sums it up.

    If it `is_timeline`, every version is compared with the one before. `day` is set if the versions are those of a day.
    """

    head: Head
    title: str
    revisions: tuple[RevisionView, ...]
    last: str
    is_timeline: bool = True
    day: str = ""


def view_history(history: History, reader: Reader) -> HistoryView:
    """What is shown of a history."""
    found = reader.printed(history)
    return HistoryView(
        Head.of(found, reader),
        title=_title(found),
        revisions=tuple(_revision(found, revision, reader) for revision in found.revisions),
        last=_last(found),
        is_timeline=found.at is None and not found.compared,
        day=day_of(found.at) if found.at is not None else "",
    )


def _title(history: History) -> str:
    if history.at is not None:
        return f"as it was at {minute(history.at)}"
    return "what changed between two versions" if history.compared else "every version, oldest first"


def _last(history: History) -> str:
    if history.at is not None or history.compared:
        changes = sum(len(revision.fields or ()) for revision in history.revisions)
        if history.at is not None:
            return f"Versions at {minute(history.at)}: {_current(history.revisions)}."
        return f"Changes: {changes:,}." if changes else "No changes."
    numbers = Counter(revision.made.by for revision in history.revisions)
    kinds = {Maker.APPLY: "made by applies", Maker.SCALE: "made on Scale", Maker.UNKNOWN: _unknown(history)}
    if numbers[Maker.APPLY] == 1:
        kinds[Maker.APPLY] = "made by an apply"
    made = [f"{numbers[by]:,} {words}" for by, words in kinds.items() if numbers[by]]
    return f"Versions: {'; '.join(filter(None, (_totals(history), ', '.join(made))))}."


def _current(revisions: Iterable[Revision]) -> str:
    return ", ".join(f"{revision.part} {revision.number}" for revision in revisions) or "none with a time"


def _totals(history: History) -> str:
    return ", ".join(f"{len(history.of(part)):,} of {name}" for part, name in _PARTS.items())


_PARTS = {Part.PARAMS: "params", Part.ONTOLOGY: "the ontology"}


def _revision(history: History, revision: Revision, reader: Reader) -> RevisionView:
    versions = f"version {revision.number}"
    made = _made(revision.made, history)
    if history.compared and revision.since is not None:
        made = (f"{versions}: ", *made)
        versions = f"version {revision.since} -> {revision.number}"
    section = _section(history, revision, full=reader.full or history.at is not None)
    at = revision.at
    return RevisionView(
        part=revision.part,
        versions=versions,
        day=day_of(at) if at is not None else "",
        time=aged(minute(at), at, reader.now) if at is not None else "",
        made=made,
        section=section,
        remark="" if section is not None else _remark(history, revision),
    )


def day_of(moment: datetime) -> str:
    """`November 24, 2026`."""
    at = in_utc(moment)
    return f"{at:%B} {at.day}, {at:%Y}"


def _remark(history: History, revision: Revision) -> str:
    if revision.after is None:
        return _UNREADABLE
    if revision.fields is None:
        return _UNSHOWN
    return _UNCHANGED if revision.before is not None else _NOTHING_YET


def _section(history: History, revision: Revision, *, full: bool) -> Section | None:
    """The version's changes as a plan shows them, or all of it if there is no version before."""
    if not revision.fields or revision.after is None:
        return None
    sign = Sign.ADD if revision.before is None else Sign.CHANGE
    source = Source("", 1)
    change = ProjectChange(
        name=history.name,
        action=Action.UPDATE,
        source=source,
        desired=DesiredProject(history.name, history.type, source),
        before=revision.before,
        after=revision.after,
        fields=revision.fields,
    )
    return next(sections(change, sign, full=full))


def _unknown(past: Past) -> str:
    return "from before the record" if past.has_log else "of unknown origin"


def _made(made: Made, past: Past, *, record: bool = True) -> Sentence:
    """What made a version: the commit with its author, and with `record`, the apply's commit in the record's log."""
    return tuple(_made_words(made, past, record))


def _made_words(made: Made, past: Past, record: bool) -> Iterator[str]:
    author = past.authors.get(made.commit or "")
    if made.by is Maker.SCALE:
        yield "made on Scale"
    elif made.by is Maker.UNKNOWN:
        yield _unknown(past)
    elif made.commit is None:
        yield "applied without a commit"
    else:
        yield from ("applied from commit ", Name(made.commit[:7]))
        if author is not None:
            yield from (" by ", Name(author.name), ": ", Quoted(author.subject))
    if record and made.apply is not None:
        yield from (" (record ", Name(made.apply.record[:7]), ")")


@dataclass(frozen=True, slots=True)
class BlamedView:
    """A live value. A choice has no value besides its name. `when` is `version 7, 2026-11-24 11:00 UTC`."""

    name: str
    value: Json
    has_value: bool
    when: str
    made: Sentence
    on_scale: bool


@dataclass(frozen=True, slots=True)
class BlameView:
    """The live values of a project. `last` sums them up."""

    head: Head
    fields: tuple[BlamedView, ...]
    last: str


def view_blame(blame: Blame, reader: Reader) -> BlameView:
    """What is shown of a blame."""
    found = reader.printed(blame)
    numbers = Counter(field.made.by for field in found.fields)
    made = f"{numbers[Maker.APPLY]:,} by applies, {numbers[Maker.SCALE]:,} on Scale"
    older = f", {numbers[Maker.UNKNOWN]:,} {_unknown(blame).removeprefix('from ')}" if numbers[Maker.UNKNOWN] else ""
    return BlameView(
        Head.of(found, reader),
        fields=tuple(_blamed(found, field) for field in found.fields),
        last=f"{count(len(found.fields), 'value')}: {made}{older}." if found.fields else "No values.",
    )


def _blamed(blame: Blame, field: Blamed) -> BlamedView:
    is_choice = field.path[0] == "ontology" and not isinstance(field.path[-1], Attribute)
    when = f"version {field.version}{' or earlier' if field.or_earlier else ''}"
    return BlamedView(
        name=f"ontology {MASKED}" if is_choice and isinstance(field.value, Masked) else format_path(field.path),
        value=field.value,
        has_value=not is_choice,
        when=_when(when, field.at),
        made=_made(field.made, blame, record=False),
        on_scale=field.made.by is Maker.SCALE,
    )


@dataclass(frozen=True, slots=True)
class RenamingView:
    """`when` is the version, with its time if it has one."""

    old: str
    new: str
    declared: bool
    when: str
    made: Sentence


@dataclass(frozen=True, slots=True)
class RelabelView:
    head: Head
    span: str
    renames: tuple[RenamingView, ...]
    last: str


def view_relabel(relabel: Relabel, reader: Reader) -> RelabelView:
    """What is shown of the renames."""
    found = reader.printed(relabel)
    return RelabelView(
        Head.of(found, reader),
        span=f"{found.part} versions {found.first} to {found.last}",
        renames=tuple(
            RenamingView(
                one.old,
                one.new,
                one.declared,
                _when(f"version {one.version}", one.at),
                _made(one.made, found, record=False),
            )
            for one in found.renames
        ),
        last=f"{count(len(found.renames), 'rename')}." if found.renames else "No renames.",
    )


def _when(version: str, at: datetime | None) -> str:
    return f"{version}, {minute(at)}" if at is not None else version
