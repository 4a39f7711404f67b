"""Whether the workflows that run reconciler fit the repository: its branch, folders, targets, and reconciler itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from reconciler.diagnostics import Remedy, joined
from reconciler.errors import FileRefusedError
from reconciler.files.reading import read_below
from reconciler.frozen import dataclass
from reconciler.git.clones import Branches, read_branches
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.model.values import members
from reconciler.settings import Settings

_FOLDER: Final = ".github/workflows"
_COMMANDS: Final = ("validate", "plan", "changes", "apply", "drift")
_KEY: Final = "api-key"


@dataclass(frozen=True, slots=True)
class Step:
    """A step that runs reconciler. `action` is the folder of an action in the repository, None if it is elsewhere."""

    file: str
    job: str
    command: str
    inputs: Mapping[str, Any]
    environment: str
    action: str | None

    @property
    def folder(self) -> str:
        return str(PurePosixPath(str(self.inputs.get("working-directory") or ".")))

    @property
    def target(self) -> str:
        return str(self.inputs.get("target") or "production")


@dataclass(frozen=True, slots=True)
class Workflows:
    """The steps that run reconciler, and what else matters in their workflows.

    `branches` has the branches whose pushes start a workflow, by file. `filtered` has the files with a path filter.
    `environments` has every environment that a job names.
    """

    steps: tuple[Step, ...]
    branches: Mapping[str, tuple[str, ...]]
    filtered: tuple[str, ...]
    environments: tuple[str, ...] = ()


def read_workflows(top: Path) -> Workflows:
    """The workflows at the top of a repository. A file that is not YAML is skipped, because GitHub reports it."""
    steps: list[Step] = []
    branches: dict[str, tuple[str, ...]] = {}
    filtered: list[str] = []
    environments: set[str] = set()
    folder = top / _FOLDER
    names = sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []
    for name in names:
        if not name.endswith((".yml", ".yaml")):
            continue
        file = f"{_FOLDER}/{name}"
        content = _parsed(top, file)
        found = [*_steps(file, content)]
        if not found:
            continue
        steps += found
        environments |= {name for job in _jobs(content).values() if (name := _environment(job))}
        events = members(content.get("on"))
        push = members(events.get("push"))
        if push.get("branches"):
            branches[file] = tuple(map(str, _list(push["branches"])))
        if any("paths" in members(event) or "paths-ignore" in members(event) for event in events.values()):
            filtered.append(file)
    return Workflows(tuple(steps), branches, tuple(filtered), tuple(sorted(environments)))


def find_misfits(found: Workflows, settings: Settings, pinned: str | None) -> Iterator[tuple[str, str | Remedy]]:
    """What does not fit, and what to do. `pinned` is the requirement of the reconciler that is running, if known."""
    top = settings.git_root
    branches = read_branches(top)
    for file in sorted({step.file for step in found.steps if step.command == "apply"}):
        named = _branches(found, file)
        if named and _is_elsewhere(named, branches):
            yield (
                f"{file} applies changes merged into {joined(sorted(named))}, but the default branch is "
                f"{branches.default or branches.current}.",
                Remedy(f"To re-create {file} for the default branch, delete the file, then run:", ("init",)),
            )
    for file in found.filtered:
        yield (
            f"{file} has a path filter, so a change elsewhere does not start it, "
            "even if a manifest uses the changed file.",
            f"In {file}, remove paths and paths-ignore. The job `changes` in reconciler-apply.yml replaces them.",
        )
    for command, files in _repeated(found):
        yield (
            f"{joined(files)} run reconciler {command} for the same projects, and interfere with each other.",
            "Keep only one of these workflows.",
        )
    inner = settings.repo_root.relative_to(top).as_posix()
    folders = {step.folder for step in found.steps}
    missing = sorted(folder for folder in folders if not (top / folder).is_dir())
    if missing:
        yield (
            f"The workflows run in folders that do not exist: {joined(missing)}.",
            "Correct working-directory in the workflows.",
        )
    elif inner not in folders:
        where, *elsewhere = ("the top of the repository" if one == "." else one for one in (inner, *sorted(folders)))
        yield (
            f"No workflow runs in {where}, where this configuration is. The workflows run in {joined(elsewhere)}.",
            Remedy("To create workflows for this configuration:", ("init",)),
        )
    ours = [step for step in found.steps if step.folder == inner]
    for target in sorted({step.target for step in ours if step.command != "validate"} - settings.targets.keys()):
        yield (
            f"The workflows name the target {target}, which is not configured.",
            f"Define the target under [targets.{target}] in reconciler.toml.",
        )
    local = {step.target for step in ours if step.command in ("apply", "drift")} & settings.targets.keys()
    for target in sorted(local):
        if settings.targets[target].get("record", "local") == "local":
            yield (
                f"The record of {target} is local, so it is lost when a job's machine is discarded.",
                f'To keep the record in git, set record = "origin" under [targets.{target}] in reconciler.toml.',
            )
    for step in found.steps:
        if step.inputs.get(_KEY) and not step.environment and step.command in ("apply", "drift"):
            yield (
                f"In {step.file}, the job {step.job} has the API key but does not use an environment.",
                "Give the job an environment that only the branch can use, and store the key there.",
            )
    for action in sorted({step.action for step in found.steps if step.action}):
        installed = _installed(top, action)
        if installed is not None and pinned is not None and installed != pinned:
            yield (
                f"The jobs install {installed}, but the running reconciler is {pinned}.",
                Remedy(f"To install the same version, delete {action}, then run:", ("init",)),
            )


def _repeated(found: Workflows) -> Iterator[tuple[str, list[str]]]:
    """A command that several workflows run for the same projects, with their files."""
    files: dict[tuple[str, ...], set[str]] = {}
    for step in found.steps:
        if step.command in ("plan", "apply", "drift"):
            key = (step.command, step.folder, step.target, str(step.inputs.get("names") or ""))
            files.setdefault(key, set()).add(step.file)
    yield from ((key[0], sorted(named)) for key, named in files.items() if len(named) > 1)


def _branches(found: Workflows, file: str) -> frozenset[str]:
    """The branches whose pushes a workflow applies. Empty if it has patterns, or no filter."""
    named = found.branches.get(file, ())
    if any(re.search(r"(?<!\\)[*?+\[!]", one) for one in named):
        return frozenset()
    return frozenset(re.sub(r"\\(.)", r"\1", one) for one in named)


def _is_elsewhere(named: frozenset[str], branches: Branches) -> bool:
    """Whether none of these branches is the default branch, or if git does not know that, none exists here."""
    if branches.default is not None:
        return branches.default not in named
    return branches.current is not None and branches.current not in named and not named & branches.known


def _steps(file: str, content: Mapping[str, Any]) -> Iterator[Step]:
    for name, job in _jobs(content).items():
        for step in map(members, _list(job.get("steps"))):
            uses, inputs = str(step.get("uses") or ""), members(step.get("with"))
            if inputs.get("command") in _COMMANDS and re.search(r"reconciler|^\./$", uses):
                action = uses.removeprefix("./").rstrip("/") if uses.startswith("./") and uses != "./" else None
                yield Step(file, name, str(inputs["command"]), inputs, _environment(job), action)


def _jobs(content: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name: members(job) for name, job in members(content.get("jobs")).items()}


def _environment(job: Mapping[str, Any]) -> str:
    """The name of the environment of a job, "" if it has none."""
    named = job.get("environment")
    return str((named.get("name") if isinstance(named, Mapping) else named) or "")


def _installed(top: Path, action: str) -> str | None:
    """The requirement that an action of the repository installs, without hashes; None if it is not known."""
    texts = [_text(top, f"{action}/{name}") for name in ("action.yml", "reconciler.lock")]
    found = re.search(r"scale-reconciler(?:==| @ )[^\s'\"\\]+", "\n".join(filter(None, texts)))
    return found[0] if found else None


def _text(top: Path, name: str) -> str | None:
    try:
        data = read_below(top, name)
    except FileRefusedError:
        return None
    return None if data is None else data.decode("utf-8", "replace")


def _parsed(top: Path, name: str) -> Mapping[str, Any]:
    text = _text(top, name)
    documents = read(name, (text or "").encode(), Words(), best_parser()).documents
    return members(documents[0].value) if documents else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
