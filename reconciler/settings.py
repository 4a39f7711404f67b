"""The settings and the target of a run, from configuration, environment, and flags.

This module opens no network connection and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reconciler.configuration import find_configuration
from reconciler.configuration.keys import BUILT_IN, read_tables
from reconciler.diagnostics import joined, quoted, with_suggestion
from reconciler.endpoint import check_endpoint, is_loopback
from reconciler.errors import ReconcilerError, UsageError
from reconciler.fieldpath import Pattern, Patterns
from reconciler.files.walking import IS_SAFE_HERE
from reconciler.files.writing import check_below, exists_below
from reconciler.frozen import dataclass
from reconciler.model.guards import GuardSettings, Waiver


@dataclass(frozen=True, slots=True)
class Target:
    """The target that a run reads and writes. `sandbox` is the file of the emulated API, None for a real endpoint.

    `key_variable` names the variable that holds the key, None for a sandbox. `record` is the git remote that the record
    is fetched from and pushed to, or "local". `refs` is the folder of its refs. `overlay` is the folder whose files
    override the manifests.
    """

    name: str
    endpoint: str
    sandbox: Path | None = None
    key_variable: str | None = None
    parallelism: int = 8
    writes: bool = True
    record: str = "local"
    refs: str = "refs/reconciler"
    overlay: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration, and the folders of the run.

    `cwd` is the working folder. `repo_root` is the folder of the configuration file, otherwise the git top level,
    otherwise `cwd`; paths in the configuration start there. `git_root` is the git top level, otherwise `repo_root`;
    file names in machine output and the record are relative to it. `targets` are the raw tables, by name. `checks`
    switches checks of params and ontologies, by code, to "off", "note", or "warn".
    """

    cwd: Path
    repo_root: Path
    git_root: Path
    manifests: Path
    config_file: Path | None = None
    default_target: str | None = None
    sensitive: tuple[Pattern, ...] = ()
    targets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    guards: GuardSettings = field(default_factory=GuardSettings)
    waivers: tuple[Waiver, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)

    @property
    def sandboxes(self) -> list[str]:
        """The targets that are sandboxes."""
        return sorted(name for name, table in self.targets.items() if "sandbox" in table)

    @property
    def overlays(self) -> list[Path]:
        """The overlay folders of all targets."""
        return sorted({self.repo_root / table["overlay"] for table in self.targets.values() if "overlay" in table})


def read_settings(folder: Path) -> Settings:
    """Read the settings of a run in `folder`, which must exist.

    Raises:
        DiagnosedError: the configuration file has mistakes. All of them are reported.
        UsageError: the system cannot open files safely (Windows).
    """
    if not IS_SAFE_HERE:
        raise UsageError(
            "reconciler does not run on this system",
            "It opens files without following links, which this system cannot do. Use Linux, macOS, or WSL.",
        )
    folder = folder.resolve()
    top = git_top(folder)
    found = find_configuration(folder, top)
    root = found.file.parent if found else top or folder
    base = top or root
    if found is None:
        return Settings(folder, root, base, root / "projects", targets=BUILT_IN)
    values = read_tables(found)
    return Settings(
        cwd=folder,
        repo_root=root,
        git_root=base,
        manifests=root / values.get("manifests", "projects"),
        config_file=found.file,
        default_target=values.get("target"),
        sensitive=Patterns(values.get("sensitive", ())),
        targets=_with_built_in(values.get("targets", {})),
        guards=values.get("guards", GuardSettings()),
        waivers=values.get("waivers", ()),
        checks=values.get("checks", {}),
    )


def unread_settings(folder: Path, problem: ReconcilerError) -> Settings:
    """The folders of a run in `folder` whose configuration has mistakes: `read_settings` has raised `problem`."""
    folder = folder.resolve()
    top = git_top(folder)
    files = [diagnostic.location.file for diagnostic in problem.diagnostics if diagnostic.location is not None]
    root = Path(files[0]).parent if files else top or folder
    return Settings(folder, root, top or root, root / "projects", targets=BUILT_IN)


def choose_target(
    settings: Settings,
    *,
    name: str | None,
    endpoint: str | None,
    environment: Mapping[str, str],
    parallelism: int | None = None,
    offline: bool = False,
) -> Target:
    """The target that the flags, the environment, or the configuration name, in this order.

    An `offline` run sends no key, so the configured endpoint is not checked.

    Raises:
        UsageError: no target is named in CI, the target is unknown, or the key must not be sent to its endpoint.
        FileRefusedError: it is a sandbox, and the path of its file contains a link.
    """
    name = name or environment.get("RECONCILER_TARGET") or settings.default_target
    endpoint = None if offline else endpoint or environment.get("RECONCILER_ENDPOINT") or None
    if name is None:
        if environment.get("CI"):
            raise UsageError(
                "no target is named",
                f"CI has no default target. Known targets: {joined(sorted(settings.targets))}. "
                "Name one with --target, in RECONCILER_TARGET, or as target in reconciler.toml.",
            )
        name = "sandbox"
    table = settings.targets.get(name)
    if table is None:
        raise UsageError(
            with_suggestion(f"unknown target {quoted(name)}", name, settings.targets),
            f"Known targets: {joined(sorted(settings.targets))}. "
            "Define other targets under [targets] in reconciler.toml.",
        )
    limits = {
        "parallelism": parallelism or table.get("parallelism", 8),
        "writes": table.get("writes", True),
        "record": table.get("record", "local"),
        "refs": f"refs/heads/{table['record_branches']}" if "record_branches" in table else "refs/reconciler",
        "overlay": settings.repo_root / table["overlay"] if "overlay" in table else None,
    }
    if endpoint is None and "sandbox" in table:
        return Target(name, str(table["sandbox"]), sandbox=sandbox_file(settings, table), **limits)
    if offline:
        return Target(name, str(table["endpoint"]), **limits)
    url = check_endpoint(endpoint or table["endpoint"])
    if endpoint is None and not (_is_scale(url) or is_loopback(url)):
        raise UsageError(
            f"the endpoint of target {quoted(name)} is set only in reconciler.toml",
            f"A pull request can change reconciler.toml, so no key is sent to {url}. If that endpoint is correct, "
            f"set RECONCILER_ENDPOINT in the environment, or run the command with this option:\n--endpoint {url}",
        )
    return Target(name, url, key_variable=table.get("api_key_env", "SCALE_API_KEY"), **limits)


def sandbox_file(settings: Settings, table: Mapping[str, Any]) -> Path:
    """The path of a sandbox's file.

    Raises:
        FileRefusedError: its path contains a link, or a file that SQLite keeps next to it is a link or a device.
    """
    path = str(table["sandbox"])
    exists_below(settings.repo_root, path, link=False)
    for ending in _BESIDE_A_DATABASE:
        check_below(settings.repo_root, f"{path}{ending}")
    return settings.repo_root / path


_BESIDE_A_DATABASE = ("-journal", "-wal", "-shm")
"""The suffixes of the files that SQLite keeps next to a database (https://www.sqlite.org/tempfiles.html)."""


def _is_scale(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname == "api.scale.com" and parts.port in (None, 443)


def _with_built_in(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The configured targets, and the built-in ones. A built-in target keeps the keys that the file does not set."""
    merged = dict(BUILT_IN)
    for name, table in tables.items():
        built_in = dict(BUILT_IN.get(name, {}))
        if "endpoint" in table:
            built_in.pop("sandbox", None)
        if "sandbox" in table:
            built_in.pop("endpoint", None)
        merged[name] = {**built_in, **table}
    return merged


def git_top(folder: Path) -> Path | None:
    """The nearest folder, from `folder` up, that is the top of a git repository; None outside git."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)
