"""What the jobs install: an exact version, from where reconciler itself was installed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.metadata import Distribution, PackageNotFoundError, PathDistribution
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import UsageError
from reconciler.operations import pin
from reconciler.operations.pin import Pin, Unpinned, address_of, own_pin, read_pin
from tests.repositories import commit_all, git

COMMIT = "0123456789" * 4
SHA = "ab" * 32
OTHER = "cd" * 32
NAME = "scale-reconciler"
Installed = Callable[[Any], None]


@pytest.mark.parametrize(
    ("text", "requirement", "hashed"),
    [
        (f"git+https://host/o/r.git@{COMMIT}", f"{NAME} @ git+https://host/o/r.git@{COMMIT}", False),
        (f"Scale_Reconciler @ git+https://host/r@{COMMIT}", f"{NAME} @ git+https://host/r@{COMMIT}", False),
        (
            f"git+ssh://git@host/r@{COMMIT}#egg=x&subdirectory=a/b",
            f"{NAME} @ git+ssh://git@host/r@{COMMIT}#subdirectory=a/b",
            False,
        ),
        (f"git+http://127.0.0.1:8000/r@{COMMIT}", f"{NAME} @ git+http://127.0.0.1:8000/r@{COMMIT}", False),
        (f"https://host/r-1.whl#sha256={SHA}", f"{NAME} @ https://host/r-1.whl --hash=sha256:{SHA}", True),
        (f"{NAME} @ https://h/r.tar.gz --hash=sha256:{SHA}", f"{NAME} @ https://h/r.tar.gz --hash=sha256:{SHA}", True),
        (
            f"{NAME}==0.1.0 --hash=sha256:{SHA} --hash=sha256:{OTHER}",
            f"{NAME}==0.1.0 --hash=sha256:{SHA} --hash=sha256:{OTHER}",
            True,
        ),
    ],
)
def test_what_is_a_pin(text: str, requirement: str, hashed: bool) -> None:
    found = read_pin(text)
    assert found == Pin(requirement, hashed)
    assert "--hash" not in found.short
    assert found.lock.replace(" \\\n    ", " ") == requirement + "\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (NAME, "the requirement has no exact version"),
        (f"{NAME}>=0.1 --hash=sha256:{SHA}", "the requirement has no exact version"),
        (f"{NAME}==0.1.0", "the requirement has no hash"),
        (f"{NAME}==0.1.0 --hash=md5:{'a' * 32}", "a hash is not a valid"),
        (f"reconciler==0.1.0 --hash=sha256:{SHA}", 'the requirement names a different package, "reconciler"'),
        (f"other @ git+https://host/r@{COMMIT}", 'the requirement names a different package, "other"'),
        ("git+https://host/r", "the URL has no full commit hash"),
        ("git+https://host/r@main", "the URL has no full commit hash"),
        (f"git+https://host/r@{COMMIT[:12]}", "the URL has no full commit hash"),
        (f"git+https://host/r@{COMMIT} --hash=sha256:{SHA}", "a commit is already a hash"),
        (f"git+http://host/r@{COMMIT}", "a URL that starts with http:// is not secure"),
        (f"git+git://host/r@{COMMIT}", "a URL that starts with git:// is not secure"),
        (f"git+https://host/$(id)@{COMMIT}", "the URL contains a character that must be percent-encoded"),
        (f"git+https://host/${{{{x}}}}@{COMMIT}", "the URL contains a character that must be percent-encoded"),
        (f"git+https://[host/r@{COMMIT}", "the URL is not valid"),
        ("https://host/r.whl", "the requirement has no hash"),
        (f"https://host/simple/ --hash=sha256:{SHA}", "the URL does not name a wheel"),
        ("./dist", "the requirement has no exact version"),
    ],
)
def test_what_is_none(text: str, why: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_pin(text)
    assert why in refused.value.summary
    assert "--from takes one of these" in refused.value.detail


@pytest.mark.parametrize(
    "text",
    [
        f"git+https://me:s3cr3t@host/r@{COMMIT}",
        f"git+https://s3cr3t@host/r@{COMMIT}",
        f"git+ssh://git:s3cr3t@host/r@{COMMIT}",
        f"https://s3cr3t@host/r.whl --hash=sha256:{SHA}",
        f"https://host/r.whl?token=s3cr3t --hash=sha256:{SHA}",
    ],
)
def test_credentials_are_refused_and_not_shown(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_pin(text)
    what = "a query, which can hold credentials" if "?" in text else "credentials"
    assert refused.value.summary == f"the URL on host contains {what}"
    assert "s3cr3t" not in refused.value.detail


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://host/o/r.git", "https://host/o/r.git"),
        ("git@host.example:o/r.git", "https://host.example/o/r.git"),
        ("host.example:o/r", "https://host.example/o/r"),
        ("ssh://git@host:2222/o/r", "https://host/o/r"),
        ("work:o/r", None),
        ("/nowhere/r.git", None),
        ("../nowhere", None),
        ("file:///srv/r.git", "file:///srv/r.git"),
        ("git://host/r", None),
    ],
)
def test_a_remote_as_a_job_reaches_it(url: str, address: str | None, tmp_path: Path) -> None:
    """A name from somebody's ssh configuration means nothing elsewhere."""
    assert address_of(url, tmp_path) == address


def test_a_remote_on_this_machine(tmp_path: Path) -> None:
    (tmp_path / "r.git").mkdir()
    (tmp_path / "clone").mkdir()
    for url in ("../r.git", str(tmp_path / "r.git")):
        assert address_of(url, tmp_path / "clone") == (tmp_path / "r.git").as_uri()
    assert read_pin(f"git+{(tmp_path / 'r.git').as_uri()}@{COMMIT}").is_local
    assert not read_pin(f"git+https://host/r@{COMMIT}").is_local


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    """reconciler as if it were installed from what `direct_url.json` says; None for an index."""

    def install(direct_url: Any) -> None:
        metadata = tmp_path / "site" / "scale_reconciler-0.1.0.dist-info"
        metadata.mkdir(parents=True, exist_ok=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: scale-reconciler\nVersion: 0.1.0\n")
        if direct_url is not None:
            (metadata / "direct_url.json").write_text(json.dumps(direct_url))
        found: Distribution = PathDistribution(metadata)
        monkeypatch.setattr(pin, "distribution", lambda name: found)
        run_from(tmp_path / "site", monkeypatch)

    return install


def run_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The running package is the one in `folder`."""
    monkeypatch.setattr(pin, "__file__", str(folder / "reconciler" / "operations" / "pin.py"))


@pytest.mark.parametrize(
    ("direct_url", "requirement"),
    [
        (
            {"url": "https://host/r", "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "main"}},
            f"{NAME} @ git+https://host/r@{COMMIT}",
        ),
        (
            {"url": "ssh://git@host/r", "vcs_info": {"vcs": "git", "commit_id": COMMIT}, "subdirectory": "sub"},
            f"{NAME} @ git+https://host/r@{COMMIT}#subdirectory=sub",
        ),
        (
            {"url": "file:///srv/r", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"{NAME} @ git+file:///srv/r@{COMMIT}",
        ),
        (
            {"url": "file:///srv/r-1.whl", "archive_info": {"hashes": {"sha256": SHA}}},
            f"{NAME} @ file:///srv/r-1.whl --hash=sha256:{SHA}",
        ),
        (
            {"url": "https://host/r.whl", "archive_info": {"hash": f"sha256={SHA}"}},
            f"{NAME} @ https://host/r.whl --hash=sha256:{SHA}",
        ),
        (
            {"url": "https://host/r.whl", "archive_info": {"hashes": {"md5": "a", "sha256": SHA}}},
            f"{NAME} @ https://host/r.whl --hash=sha256:{SHA}",
        ),
    ],
)
def test_an_install_that_pip_recorded(installed: Installed, direct_url: Any, requirement: str) -> None:
    installed(direct_url)
    found = own_pin()
    assert isinstance(found, Pin)
    assert found.requirement == requirement


@pytest.mark.parametrize(
    ("direct_url", "why"),
    [
        ({"url": "https://host/r.whl", "archive_info": {}}, "the hash of the installed archive is unknown"),
        ({"url": "work:o/r", "vcs_info": {"commit_id": COMMIT}}, "CI jobs cannot reach"),
        ({"url": "file:///gone", "dir_info": {}}, "was not installed from a commit"),
    ],
)
def test_an_install_that_nobody_can_repeat(installed: Installed, direct_url: Any, why: str) -> None:
    installed(direct_url)
    found = own_pin()
    assert isinstance(found, Unpinned)
    assert why in found.why
    assert "Run init again, and specify what the jobs install. --from takes one of these:\n" in found.remedy


def test_an_install_with_credentials(installed: Installed) -> None:
    installed({"url": "https://me:s3cr3t@host/r", "vcs_info": {"commit_id": COMMIT}})
    with pytest.raises(UsageError, match="the URL on host contains credentials"):
        own_pin()


@pytest.mark.parametrize(
    ("direct_url", "why"),
    [
        (
            {"url": "http://host/r", "vcs_info": {"commit_id": COMMIT}},
            "a URL that starts with http:// is not secure",
        ),
        (
            {"url": "https://host/r", "vcs_info": {"commit_id": "main"}},
            "the URL has no full commit hash",
        ),
        (
            {"url": "https://host/r.exe", "archive_info": {"hash": f"sha256={SHA}"}},
            "the URL does not name a wheel",
        ),
    ],
)
def test_an_install_that_is_not_a_pin(installed: Installed, direct_url: Any, why: str) -> None:
    """The message names what was found, because no `--from` was given."""
    installed(direct_url)
    with pytest.raises(UsageError) as raised:
        own_pin()
    assert raised.value.summary.startswith(f"the installed reconciler cannot be pinned: {why}")
    assert raised.value.detail.startswith(f"Reconciler was installed from {direct_url['url']}.\n")
    assert "Specify what the jobs install. --from takes one of these:\n" in raised.value.detail


def test_an_install_from_an_index(installed: Installed) -> None:
    installed(None)
    found = own_pin()
    assert isinstance(found, Unpinned)
    assert found.why == "the hash of the installed release is unknown"
    assert found.remedy.startswith("Version 0.1.0 was installed from a package index")
    assert "specify what the jobs install. --from takes one of these:\n" in found.remedy


@pytest.mark.parametrize(
    "direct_url",
    [
        None,
        {"url": "https://host/r", "vcs_info": {"commit_id": COMMIT}},
        {"url": "file:///srv/other", "dir_info": {"editable": True}},
    ],
)
def test_what_runs_is_not_what_is_installed(
    installed: Installed, direct_url: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with PYTHONPATH: pinning the install would pin something else."""
    installed(direct_url)
    run_from(tmp_path / "elsewhere", monkeypatch)
    elsewhere = own_pin()
    assert isinstance(elsewhere, Unpinned)
    assert elsewhere.why == "the running reconciler is not the installed package"


def test_no_install_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Distribution:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(pin, "distribution", missing)
    assert isinstance(own_pin(), Unpinned)


@pytest.fixture
def source(clone: Path) -> Path:
    """A clone of reconciler's source, pushed to a remote that a job can reach."""
    (clone / "reconciler" / "operations").mkdir(parents=True)
    (clone / "reconciler" / "operations" / "pin.py").write_text("code = 1\n")
    (clone / "pyproject.toml").write_text("[project]\n")
    commit_all(clone)
    git(clone, "push", "-q", "origin", "HEAD:main")
    git(clone, "remote", "set-url", "origin", "git@host.example:o/r.git")
    return clone


def test_a_clone(source: Path, installed: Installed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Installed editable, and by copying; committed and pushed, or not."""
    installed({"url": source.as_uri(), "dir_info": {"editable": True}})
    run_from(source, monkeypatch)
    head = git(source, "rev-parse", "HEAD")
    pinned = Pin(f"{NAME} @ git+https://host.example/o/r.git@{head}", hashed=False)
    assert own_pin() == pinned
    installed({"url": source.as_uri(), "dir_info": {}})
    shutil.copytree(source / "reconciler", tmp_path / "site" / "reconciler")
    (tmp_path / "site" / "reconciler" / "__pycache__").mkdir()
    (tmp_path / "site" / "reconciler" / "__pycache__" / "x.pyc").touch()
    assert own_pin() == pinned

    (source / "pyproject.toml").write_text("[project]\nchanged = 1\n")
    with pytest.raises(UsageError, match="has uncommitted changes") as dirty:
        own_pin()
    assert "pyproject.toml" in dirty.value.detail
    commit_all(source, "second")
    with pytest.raises(UsageError, match="is not pushed") as unpushed:
        own_pin()
    assert f"--from 'git+https://host.example/o/r.git@{git(source, 'rev-parse', 'HEAD')}'" in unpushed.value.detail
    git(source, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert isinstance(own_pin(), Pin)

    (source / "reconciler" / "operations" / "pin.py").write_text("code = 2\n")
    commit_all(source, "third")
    git(source, "update-ref", "refs/remotes/origin/main", "HEAD")
    with pytest.raises(UsageError, match="has changed since"):
        own_pin()


def test_a_clone_that_no_job_can_reach(
    source: Path, installed: Installed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed({"url": source.as_uri(), "dir_info": {"editable": True}})
    run_from(source, monkeypatch)
    git(source, "remote", "set-url", "origin", "work:o/r")
    found = own_pin()
    assert isinstance(found, Unpinned)
    assert found.why == "the clone of reconciler has no remote that CI jobs can reach"
    # A folder is one that a runner on this machine reaches; another remote is better.
    git(source, "remote", "set-url", "origin", str(tmp_path))
    head = git(source, "rev-parse", "HEAD")
    assert own_pin() == Pin(f"{NAME} @ git+{tmp_path.as_uri()}@{head}", hashed=False)
    git(source, "remote", "add", "upstream", "https://host/r")
    git(source, "update-ref", "refs/remotes/upstream/main", "HEAD")
    assert own_pin() == Pin(f"{NAME} @ git+https://host/r@{head}", hashed=False)
    git(source, "remote", "set-url", "origin", "https://me:s3cr3t@host/r")
    with pytest.raises(UsageError, match="credentials"):
        own_pin()
    (source / ".git" / "HEAD").write_text("broken\n")
    found = own_pin()
    assert isinstance(found, Unpinned)


def test_a_folder_of_a_clone(source: Path, installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a repository that holds more than reconciler; and beside it, where git does not know it."""
    (source / "tools").mkdir()
    git(source, "mv", "reconciler", "tools/reconciler")
    head = commit_all(source)
    git(source, "update-ref", "refs/remotes/origin/main", "HEAD")
    installed({"url": (source / "tools").as_uri(), "dir_info": {"editable": True}})
    run_from(source / "tools", monkeypatch)
    assert own_pin() == Pin(f"{NAME} @ git+https://host.example/o/r.git@{head}#subdirectory=tools", hashed=False)
    git(source, "rm", "-r", "-q", "--cached", "tools")
    git(source, "commit", "-q", "-m", "without it")
    found = own_pin()
    assert isinstance(found, Unpinned)
    assert found.why.endswith("was not installed from a commit")
