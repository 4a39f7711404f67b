"""Reads live state, and identifies its account."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from reconciler.frozen import dataclass
from reconciler.model.plan import TargetInfo
from reconciler.model.project import LiveProject, Shown
from reconciler.model.record import EMPTY_ACCOUNT, Entries, Record, Section, SectionKey
from reconciler.operations.session import Session, sandbox_account
from reconciler.planning.live import Live, account_of, by_name, nameless
from reconciler.scale.client import ScaleClient
from reconciler.settings import Target

_FEW: Final = 8
"""Up to this many selected projects are read one by one. For more, one list of the account is cheaper."""


def live_projects(session: Session, names: Sequence[str] = ()) -> list[Shown]:
    """The account's projects, or those with these names, ordered by name. Only reads. In a session on a snapshot, its
    projects.

    A project that cannot be read is an `UnreadableProject`, which has the reason.

    Raises:
        ScaleError: live state cannot be read.
    """

    async def read(client: ScaleClient) -> list[Shown]:
        if not names:
            return [*(await list_account(client)).listed]
        return [one for one in (await get_projects(client, names)).values() if one is not None]

    if (saved := session.snapshot) is not None:
        every: list[Shown] = [*(each.live for each in saved.projects), *saved.unreadable]
        found = [project for project in every if not names or project.name in names]
    else:
        found = session.ask(read)
    return sorted(found, key=lambda project: project.name or "")


async def read_live(client: ScaleClient, names: Sequence[str], *, few: bool) -> Live:
    """Live state of only the named projects if they are `few`, otherwise of the whole account in one list.

    If the list leaves out earlier versions, the named projects are also read one by one, because a base may be one of
    these versions. If a project in the list has no readable name, it may be any project that the list does not show, so
    the named projects that are not in the list are read too.
    """
    if few and len(names) <= _FEW:
        return Live(await get_projects(client, names), whole=False)
    listed = await list_account(client)
    projects, unnamed = dict(listed.projects), listed.nameless
    histories = (
        history
        for one in listed.listed
        if isinstance(one, LiveProject)
        for history in (one.params_history, one.ontology_history)
    )
    is_cut = any(history and history[0].number for history in histories)
    wanted = [name for name in names if (is_cut if projects.get(name) is not None else unnamed)]
    if wanted:
        got = await get_projects(client, wanted)
        if sum(project is not None and projects.get(name) is None for name, project in got.items()) >= len(unnamed):
            unnamed = ()
        projects |= got
    return Live(projects, whole=True, nameless=unnamed)


async def read_account(
    session: Session, client: ScaleClient, names: Sequence[str], record: Record, *, few: bool
) -> tuple[Account, Live]:
    """Live state as `read_live` reads it, and the account that it is of."""
    live = await read_live(client, names, few=few)
    return await recognize(session.target, client, live, record), live


async def list_account(client: ScaleClient) -> Live:
    """The whole account, in one list."""
    shown = await client.list_projects()
    return Live(by_name(shown), whole=True, nameless=nameless(shown))


async def get_projects(client: ScaleClient, names: Sequence[str]) -> dict[str, Shown | None]:
    """The projects with these names, each read with a call of its own; None for one that does not exist."""
    found = await asyncio.gather(*map(client.find_project, names))
    return dict(zip(names, found, strict=True))


@dataclass(frozen=True, slots=True)
class Account:
    """The target, with its account if that is known, and the account's section of the record, None without one.

    `created` has the `created_at` of the projects that were read, by name.
    """

    target: TargetInfo
    section: SectionKey | None
    created: Mapping[str, str | None] = field(default_factory=dict)

    def entries(self, record: Record) -> Entries:
        """The recorded projects of this account."""
        return self.of(record).projects

    def of(self, record: Record) -> Section:
        """The section of this account, or an empty section if it has none."""
        return record.sections[self.section] if self.section is not None else Section()


async def recognize(
    target: Target, client: ScaleClient, live: Live, record: Record, *, must_know: bool = False
) -> Account:
    """The account of live state. If only some projects were read, and none is in the record, the account is listed.

    With `must_know`, the account is listed even if the record has nothing about the endpoint.
    """
    account = _account_in(target, live, record)
    unknown = account.target.account is None and account.section is None
    if unknown and (must_know or any(record.at(target.endpoint))):
        return _account_in(target, await list_account(client), record)
    return account


def _account_in(target: Target, live: Live, record: Record) -> Account:
    return account_from(TargetInfo(target.name, target.endpoint, _identity(target, live)), live, record)


def account_from(target: TargetInfo, live: Live, record: Record) -> Account:
    """The account of a target that is known, such as that of a snapshot."""
    created = {name: project.created_at for name, project in live.projects.items() if project is not None}
    return Account(target, record.find(target.endpoint, target.account, created), created)


def _identity(target: Target, live: Live) -> str | None:
    """What identifies this account: a sandbox's own ID, else its oldest project; None if it was not listed."""
    if target.sandbox is not None:
        return sandbox_account(target.sandbox) or EMPTY_ACCOUNT
    if not live.whole:
        return None
    return account_of(live.listed) if live.listed else EMPTY_ACCOUNT


_MOST_CHECKED: Final = 10


def not_importable(live: Live, names: Sequence[str]) -> dict[str, str]:
    """Why no manifest can hold some live projects, by name. Of many projects, none is checked: nobody names them."""
    if not 0 < len(names) <= _MOST_CHECKED:
        return {}
    from reconciler.manifest.exporting.holding import why_not

    found: dict[str, str] = {}
    for name in names:
        project = live.projects.get(name)
        reason = why_not(project) if isinstance(project, LiveProject) else "its live state cannot be read"
        if reason is not None:
            found[name] = reason
    return found
