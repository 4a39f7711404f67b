"""Checks of params and ontologies, against what Scale documents about them.

The set of parameters is open, so no finding is an error. It is a warning if Scale's documentation or code supports it,
otherwise a note. Each rule is one function. docs/diagnostics.md shows a wrong and a right example of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.frozen import dataclass
from reconciler.keys.faults import Fault
from reconciler.manifest.checks import limits, links, parameters, references, texts
from reconciler.manifest.checks.subject import Subject
from reconciler.manifest.codes import Code
from reconciler.manifest.origins import Origin, diagnosed
from reconciler.model.project import DesiredProject
from reconciler.model.values import Json
from reconciler.tasktypes.labels import ANSWERS

_WARN, _NOTE = Severity.WARNING, Severity.NOTE


@dataclass(frozen=True, slots=True)
class Rule:
    """`severity` is WARNING if Scale's documentation or code supports the rule, otherwise NOTE.

    A fault that is a NOTE stays one.
    """

    code: Code
    severity: Severity
    find: Callable[[Subject], Iterator[Fault]]


RULES: Final = (
    Rule(Code.PROJECT_KEY_IN_PARAMS, _WARN, parameters.project_key_in_params),
    Rule(Code.MISSPELT_PARAMETER, _WARN, parameters.misspelt_parameter),
    Rule(Code.MISSPELT_IGNORE, _WARN, parameters.misspelt_ignore),
    Rule(Code.PARAMETER_KIND, _WARN, parameters.parameter_kind),
    Rule(Code.PARAMETER_OF_OTHER_TYPE, _NOTE, parameters.parameter_of_other_type),
    Rule(Code.PARAMETER_OF_TASK, _NOTE, parameters.parameter_of_task),
    Rule(Code.LEFT_TO_TASKS, _NOTE, parameters.left_to_tasks),
    Rule(Code.UNKNOWN_TYPE, _WARN, parameters.unknown_type),
    Rule(Code.LEGACY_TYPE, _NOTE, parameters.legacy_type),
    Rule(Code.UNKNOWN_REFERENCE, _WARN, references.unknown_reference),
    Rule(Code.OVER_LIMIT, _WARN, limits.over_limit),
    Rule(Code.NO_EFFECT, _WARN, limits.no_effect),
    Rule(Code.EMPTY_INSTRUCTION, _WARN, texts.empty_instruction),
    Rule(Code.PRIVATE_LINK, _WARN, links.private_link),
    Rule(Code.LIKE_CHOICES, _WARN, texts.like_choices),
    Rule(Code.OUTER_WHITESPACE, _WARN, texts.outer_whitespace),
    Rule(Code.INVISIBLE_CHARACTER, _WARN, texts.invisible_character),
    Rule(Code.IGNORE_ENDS_SOON, _NOTE, texts.ignore_ends_soon),
    Rule(Code.LABEL_NOT_IN_ONTOLOGY, _NOTE, references.label_not_in_ontology),
    Rule(Code.CHOICE_WITHOUT_LABEL, _NOTE, references.choice_without_label),
    Rule(Code.HEADING_AND_LEAF, _NOTE, references.heading_and_leaf),
    Rule(Code.DUPLICATE_LABEL, _NOTE, references.duplicate_label),
)
_UNLESS_ASKED: Final = (Code.LEFT_TO_TASKS,)
"""Scale documents that a project may leave a parameter to its tasks, and this is usually intended."""

_ABOUT_LABELS: Final = (Code.LABEL_NOT_IN_ONTOLOGY, Code.CHOICE_WITHOUT_LABEL, Code.HEADING_AND_LEAF)


def _is_off(code: Code, task_type: str) -> bool:
    """Whether a rule is off until the configuration switches it on."""
    return code in _UNLESS_ASKED or (code in _ABOUT_LABELS and task_type in ANSWERS)


class Checks:
    """The rules for one load. `switches` are from the configuration: "off", "note", or "warn" by code.

    `today` is None if the day is not known.
    """

    def __init__(self, switches: Mapping[str, str], today: date | None) -> None:
        self._switches = switches
        self._today = today
        self._remembered: dict[tuple[int, Any], tuple[Json, Any]] = {}
        self._rules: dict[str, list[tuple[Rule, Severity | None]]] = {}

    def run(self, project: DesiredProject) -> list[Fault]:
        """Runs the rules. Returns their findings, with paths in the composed document, and only the first one for each
        path."""
        shares = isinstance(project.origin, Origin) and project.origin.parts
        subject = Subject(project, self._today, self._remembered if shares else {})
        faults: dict[object, Fault] = {}
        for rule, asked in self._rules_for(project.type):
            for fault in rule.find(subject):
                severity = asked or (_NOTE if fault.severity is _NOTE else rule.severity)
                faults.setdefault((fault.path, fault.excerpt), replace(fault, code=rule.code, severity=severity))
        return list(faults.values())

    def _rules_for(self, task_type: str) -> list[tuple[Rule, Severity | None]]:
        """The rules that run for a task type, each with the severity that the configuration asks for."""
        rules = self._rules.get(task_type)
        if rules is None:
            rules = self._rules[task_type] = []
            for rule in RULES:
                switch = self._switches.get(rule.code)
                if switch is None and not _is_off(rule.code, task_type):
                    rules.append((rule, None))
                elif switch not in (None, "off"):
                    rules.append((rule, _WARN if switch == "warn" else _NOTE))
        return rules


def check_projects(projects: Iterable[DesiredProject], checks: Checks) -> list[Diagnostic]:
    """Returns the findings for projects that were loaded without checks."""
    return [
        diagnosed(fault, project.origin)
        for project in projects
        if isinstance(project.origin, Origin)
        for fault in checks.run(project)
    ]
