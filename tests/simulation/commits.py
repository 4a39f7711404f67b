"""The manifests of a story as git has them: one line of commits, each a change of the one before.

Values that git brings are below `EDITED`, values that people save in the dashboard are not, and each is new: a live
value shows who wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from reconciler.fieldpath import parse_pattern
from reconciler.model.plan import Commit
from reconciler.model.project import DesiredProject, Ignore, Mask, ParamsMode, Source
from reconciler.operations.preparing import Prepared
from reconciler.planning.planner import Declared
from tests.ontologies import ontology as declared

TYPE = "imageannotation"
FOLDER = Path("/repository/projects")
EDITED = 1000

Content = Mapping[str, DesiredProject]

_IGNORING = Mask(ignore=(Ignore(parse_pattern("params.theirs")),))
_MASKS = (Mask(), Mask(), Mask(params=ParamsMode.MERGE), _IGNORING)


class Commits:
    """The newest commit is the last. `live` gives what an editor saved last for a unit, to be adopted, or None."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._count = 0
        self._contents: list[Content] = [self._first()]

    @property
    def contents(self) -> tuple[Content, ...]:
        return tuple(self._contents)

    @property
    def newest(self) -> int:
        return len(self._contents) - 1

    def commit(self, adopted: Callable[[str], tuple[str, Any] | None]) -> str:
        """Change one or two projects, and say what changed. `adopted` gives a saved parameter of a project."""
        draw = self._random
        content = dict(self._contents[-1])
        said = []
        for name in sorted(draw.sample(sorted(content), min(len(content), draw.randint(1, 2)))):
            content[name], what = self._changed(content[name], adopted)
            said.append(f"{name}: {what}")
        self._contents.append(content)
        return f"commit {self.newest}: {'; '.join(said)}"

    def prepared(self, number: int, names: tuple[str, ...] = ()) -> Prepared:
        """What a run at that commit plans from; narrowed to `names` if there are any."""
        content = self._contents[number]
        return Prepared(
            Declared(
                [each for each in content.values() if not names or each.name in names],
                managed={each.name: each.source.file for each in content.values()},
                folder=FOLDER.name,
                manifest_count=len(content),
                commit=Commit(f"{number:040x}"),
                complete=not names,
            )
        )

    def _first(self) -> Content:
        draw = self._random
        found = {}
        for number in range(draw.randint(2, 4)):
            name = f"p{number + 1}"
            params = {key: draw.randint(0, 3) for key in ("a", "b", "c")[: draw.randint(1, 3)]}
            ontology: list[Any] | None = draw.choice((None, ["Cat", "Dog"], ["Cat", {"choice": "Dog", "display": "D"}]))
            source = Source(str(FOLDER / f"{name}.yaml"), 1)
            found[name] = _project(name, source, params, ontology, draw.choice(_MASKS))
        return found

    def _changed(
        self, project: DesiredProject, adopted: Callable[[str], tuple[str, Any] | None]
    ) -> tuple[DesiredProject, str]:
        draw = self._random
        self._count += 1
        kind = draw.choice(("set", "set", "ontology", "both", "both", "add", "remove", "adopt"))
        params = dict(project.params or {})
        ontology = project.ontology.spelled if project.ontology is not None else None
        said = []
        if kind == "adopt" and (found := adopted(project.name)) is not None:
            params[found[0]] = found[1]
            said.append(f"adopts {found[0]} = {found[1]}")
        elif kind == "remove" and len(params) > 1:
            key = draw.choice(sorted(params))
            del params[key]
            said.append(f"no {key}")
        elif kind == "add":
            key = draw.choice(("a", "b", "c", "d"))
            params[key] = 10 + self._count
            said.append(f"{key} = {params[key]}")
        if kind in ("set", "both") or (not said and kind != "ontology"):
            key = draw.choice(sorted(params))
            params[key] = 10 + self._count
            said.append(f"{key} = {params[key]}")
        if kind in ("ontology", "both"):
            kept = list(ontology or ["Cat"])
            if len(kept) > 1 and draw.random() < 0.3:
                kept.pop(draw.randrange(len(kept)))
            ontology = [*kept, f"Git{self._count}"]
            said.append(f"ontology {ontology}")
        return _project(project.name, project.source, params, ontology, project.mask), ", ".join(said)


def _project(
    name: str, source: Source, params: dict[str, Any], ontology: list[Any] | None, mask: Mask
) -> DesiredProject:
    document = {"name": name, "type": TYPE, "params": params} | ({"ontology": ontology} if ontology else {})
    return DesiredProject(name, TYPE, source, params=params, ontology=declared(ontology), mask=mask, document=document)


def spelled(content: Content) -> str:
    return "; ".join(
        f"{name} {dict(wanted.params or {})} {wanted.ontology and wanted.ontology.spelled} {wanted.mask.params.value}"
        + (" ignoring theirs" if wanted.mask.ignore else "")
        for name, wanted in content.items()
    )
