"""From one composed document to a desired project, or to what is wrong with it. Opens the texts that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reconciler.diagnostics import Severity
from reconciler.fieldpath import Attribute, Path
from reconciler.manifest.directives import Directives, Resolved
from reconciler.manifest.ontology import OntologyCheck, walk_choices, wrong_type
from reconciler.manifest.problems import At, Problem, RawPath
from reconciler.manifest.schema import ProjectDocument
from reconciler.manifest.textfiles import TextFiles
from reconciler.manifest.verdict import check
from reconciler.model.project import CREATE_ONLY, DesiredProject, Ignore, Mask, ParamsMode, Source
from reconciler.model.values import Json


@dataclass(slots=True)
class Understood:
    """`project` is there where `problems` holds no error; `name` as far as it can be read."""

    name: str | None = None
    project: DesiredProject | None = None
    problems: list[Problem] = field(default_factory=list)


def understand(value: Json, source: Source, text_files: TextFiles, *, directives: bool) -> Understood:
    """Make a project of a document. `directives` may be False where no key in it starts with `$`."""
    if not isinstance(value, dict):
        return Understood(problems=[wrong_type(value, At(()), "a project is a mapping", text_wanted=False)])
    resolved = Directives(source.file, text_files).resolve(value) if directives else Resolved(value)
    document: dict[str, Json] = resolved.value
    model, problems = check(document, resolved.stand_ins)
    ontology, ontology_name = None, None
    if document.get("ontology") is not None:
        ontology_check = OntologyCheck(resolved.stand_ins)
        ontology, ontology_name = ontology_check.check(document["ontology"], ("ontology",))
        problems += ontology_check.problems
    problems += resolved.problems
    name = document.get("name")
    understood = Understood(name if isinstance(name, str) else None, None, problems)
    if model is not None and not any(problem.severity is Severity.ERROR for problem in problems):
        texts = _text_paths(resolved.texts, document) if resolved.texts else {}
        understood.project = _project(model, source, ontology, ontology_name, texts)
    return understood


def _project(
    model: ProjectDocument,
    source: Source,
    ontology: list[Json] | None,
    ontology_name: str | None,
    texts: dict[Path, str],
) -> DesiredProject:
    reconcile = model.reconcile
    create_only: dict[str, Any] = {
        key: getattr(model, key) for key in CREATE_ONLY if getattr(model, key, None) is not None
    }
    return DesiredProject(
        name=model.name,
        type=model.type,
        source=source,
        create_only=create_only,
        params=model.params,
        ontology=ontology,
        ontology_name=ontology_name,
        mask=Mask(
            ParamsMode(reconcile.params),
            tuple(
                # The validators made the texts into a pattern and a day.
                Ignore(ignore.path, ignore.reason, ignore.until)  # type: ignore[arg-type]
                for ignore in reconcile.ignore
            ),
        ),
        protect=reconcile.protect,
        texts=texts,
    )


def _text_paths(texts: dict[RawPath, str], document: dict[str, Json]) -> dict[Path, str]:
    """The places that texts fill, as paths of fields."""
    names: dict[RawPath, Path] = {}
    if any(path[0] == "ontology" for path in texts):
        ontology = document["ontology"]
        raw: RawPath = ("ontology",)
        if isinstance(ontology, dict):
            ontology, raw = ontology["choices"], ("ontology", "choices")
        for above, path, _ in walk_choices(ontology, raw):
            names[path] = ("ontology", *above)
    found: dict[Path, str] = {}
    for path, file in texts.items():
        if path[0] != "ontology":
            found[path] = file
        elif path in names:
            found[names[path]] = file
        elif path[:-1] in names:
            choice = names[path[:-1]]
            found[choice if path[-1] == "choice" else (*choice, Attribute(str(path[-1])))] = file
        elif path == ("ontology", "name"):
            found["ontology", Attribute("name")] = file
    return found
