"""What a checkout may hold instead of files: links to anywhere, pipes, devices, sockets, folders, endless files.

Each ends soon, as one error with its place; nothing outside the repository is shown or written. A repository is not
trusted: a pull request may bring all of this.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.cli.conftest import Cli, live
from tests.cli.processes import finished

CANARY = "canary-that-nobody-must-see"
SECONDS = 20
"""In which a run must have ended, on a machine that is busy."""

FILES = {
    "reconciler.toml": '[targets.sandbox]\noverlay = "over"\n',
    "projects/p.yaml": "name: p\nparams: {a: {$file: t.md}, b: {$ref: _r.yaml}}\n",
    "projects/_defaults.yaml": "type: chat\n",
    "projects/t.md": "text\n",
    "projects/_r.yaml": "[1, 2]\n",
    "over/p.yaml": "params: {c: 1}\n",
}
PLACES = ["pyproject.toml", *FILES]


def lay(root: Path) -> None:
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return secrets_in(tmp_path_factory.mktemp("outside"))


def secrets_in(folder: Path) -> Path:
    """A folder outside the repository. Each file in it would be taken for what a link to it is named."""
    (folder / "deeper").mkdir()
    (folder / "secret.yaml").write_text(f"name: {CANARY}\ntype: {CANARY}\nparams: {{a: '{CANARY}'}}\n")
    (folder / "secret.md").write_text(CANARY)
    (folder / "secret.toml").write_text(f'{CANARY} = "{CANARY}"\n')
    (folder / "deeper" / f"{CANARY}.yaml").write_text(f"{CANARY}: [")
    return folder


def state(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def bounded() -> None:
    """What a run may take of this machine: much less than an endless file has."""
    resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))


def replace(path: Path, make: Callable[[Path], object]) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)


def endless(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(10**12)


def listening(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


KINDS: dict[str, Callable[[Path], object]] = {
    "environment": lambda path: path.symlink_to("/proc/self/environ"),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "pipe": os.mkfifo,
    "endless": endless,
    "socket": listening,
}


@pytest.mark.untraced
@pytest.mark.parametrize("kind", ["environment", "device", "pipe", "endless"])
@pytest.mark.parametrize("place", ["reconciler.toml", "pyproject.toml"])
def test_special_files_in_place_of_a_configuration(repository: Path, place: str, kind: str) -> None:
    """In a process of its own: with an environment that must not be shown, and a bound on its memory."""
    lay(repository)
    replace(repository / place, KINDS[kind])
    variables = {**os.environ, "SCALE_API_KEY": CANARY, "CI": ""}
    code, out, err = finished("plan", env=variables, preexec_fn=bounded)
    assert code == 1, err
    assert CANARY not in out + err
    assert f"{place}:1:1: error[file]: {place} cannot be read: it " in err
    assert err.count("error[") == 1


NO_FOLDER = ("projects/p.yaml", "over/p.yaml")
"""A folder may have such a name."""


@pytest.mark.parametrize(
    ("place", "kind"),
    [(place, kind) for place in PLACES for kind in (*KINDS, "folder") if kind != "folder" or place not in NO_FOLDER],
)
def test_special_files(cli: Cli, repository: Path, place: str, kind: str) -> None:
    lay(repository)
    replace(repository / place, KINDS[kind] if kind != "folder" else Path.mkdir)
    with bounded_time():
        ended = cli("plan")
    assert ended.code == 1
    assert ended.err.count("error[") == 1, ended.err
    assert place.rpartition("/")[2] in ended.err
    assert not (repository / ".reconciler").exists()


@pytest.mark.parametrize("place", PLACES)
def test_links(cli: Cli, repository: Path, outside: Path, place: str) -> None:
    """To a file in a home folder, out of the repository and back, in a circle, to nothing."""
    lay(repository)
    relative = os.path.relpath(outside, (repository / place).parent)
    back = os.path.join("../" * place.count("/"), "..", repository.name, "projects/_r.yaml")
    secret = f"secret{Path(place).suffix}"
    for target in (str(outside / secret), f"{relative}/{secret}", back, Path(place).name, "gone"):
        replace(repository / place, lambda path, target=target: path.symlink_to(target))  # type: ignore[misc]
        ended = cli("plan")
        assert ended.code == 1, target
        assert CANARY not in ended.out + ended.err
        assert ended.err.count("error[") == 1, ended.err
        assert place.rpartition("/")[2] in ended.err


@pytest.mark.parametrize("target", [".env", ".git/config"])
@pytest.mark.parametrize("place", PLACES)
def test_links_to_hidden_files(cli: Cli, repository: Path, place: str, target: str) -> None:
    """What a manifest may not name, a link may not bring in either: a checkout's own token is in `.git/config`."""
    lay(repository)
    (repository / target).write_text(f"[x]\n\ttype = {CANARY}\n")
    replace(repository / place, lambda path: path.symlink_to(f"../{target}" if "/" in place else target))
    ended = cli("plan")
    assert ended.code == 1
    assert CANARY not in ended.out + ended.err
    assert "links to a hidden file or folder" in ended.err


@pytest.mark.parametrize("place", ["reconciler.toml", "projects/p.yaml", "projects/t.md", "projects/_r.yaml"])
def test_links_inside_are_followed(cli: Cli, repository: Path, place: str) -> None:
    """Through any number of folders and links."""
    lay(repository)
    (repository / "shared" / "deep").mkdir(parents=True)
    (repository / "alias").symlink_to("shared")
    os.rename(repository / place, repository / "shared" / "deep" / "file")
    (repository / "chain").symlink_to("alias/deep/../deep/file")
    (repository / place).symlink_to(os.path.join("../" * place.count("/"), "chain"))
    assert cli("plan").last == "Plan: 1 to add, 0 to change, 0 to destroy."


@pytest.mark.parametrize("folder", ["projects", "over"])
def test_linked_folders(cli: Cli, repository: Path, outside: Path, folder: str) -> None:
    lay(repository)
    os.rename(repository / folder, repository / "moved")
    (repository / folder).symlink_to("moved")
    if folder == "projects":
        assert cli("plan").last == "Plan: 1 to add, 0 to change, 0 to destroy."
    for target in (outside, outside / "deeper", "gone", folder, "reconciler.toml"):
        replace(repository / folder, lambda path, target=target: path.symlink_to(target))  # type: ignore[misc]
        ended = cli("plan")
        assert ended.code == 1, target
        assert CANARY not in ended.out + ended.err
        assert folder in ended.err


@pytest.mark.parametrize("place", [".reconciler", ".reconciler/sandbox.db", ".reconciler/sandbox.db-journal"])
@pytest.mark.parametrize("there", [True, False])
def test_a_sandbox_is_not_reached_through_a_link(
    cli: Cli, repository: Path, outside: Path, place: str, there: bool
) -> None:
    """Neither to an existing database nor to a place that has none yet."""
    lay(repository)
    target = outside / "data"
    if place == ".reconciler":
        target.mkdir()
    elif there:
        database = sqlite3.connect(target)
        database.execute("CREATE TABLE t (a)")
        database.close()
    before = state(outside)
    replace(repository / place, lambda path: path.symlink_to(target))
    (repository / "projects.json").write_text("[]")
    for command in (
        ["plan"],
        ["apply", "--auto-approve"],
        ["drift"],
        ["sandbox", "reset"],
        ["sandbox", "seed", "projects.json"],
    ):
        ended = cli(*command)
        assert ended.code == 1, command
        assert f'error[file]: "{place}' in ended.err
        assert "is a link" in ended.err
    assert state(outside) == before


def test_a_journal_that_names_a_file_to_delete(cli: Cli, repository: Path, outside: Path, seed: Any) -> None:
    """SQLite deletes the second journal that a first one names, whatever it is, even for a reader."""
    lay(repository)
    seed(live("q"))
    victim = outside / "secret.md"
    place = repository / ".reconciler" / "sandbox.db-journal"
    magic, name = bytes.fromhex("d9d505f920a163d7"), os.fsencode(victim)
    pages = (repository / ".reconciler" / "sandbox.db").stat().st_size // 4096
    header = magic + struct.pack(">IIIII", 0, 0, pages, 512, 4096)
    checksum = sum(struct.unpack(f"{len(name)}b", name)) & 0xFFFFFFFF
    record = struct.pack(">I", 0x40000000 // 4096 + 1) + name + struct.pack(">II", len(name), checksum) + magic
    place.write_bytes(header.ljust(512, b"\0") + record)
    ended = cli("plan")
    assert ended.code == 1
    assert "has another program's journal" in ended.err
    assert victim.exists()
    place.unlink()
    assert cli("plan").code == 0


@pytest.mark.parametrize("name", [".github", ".github/workflows", "projects", ".gitignore", ".github/actions"])
def test_init_lays_nothing_out_through_a_link(cli: Cli, repository: Path, outside: Path, name: str) -> None:
    if name == "projects":
        (repository / "projects").rmdir()
    replace(repository / name, lambda path: path.symlink_to(outside / ("new" if name == ".gitignore" else "deeper")))
    before, here = state(outside), sorted(os.listdir(repository))
    ended = cli("init")
    assert ended.code == 1
    assert f'cannot be written: "{name}" is a link' in ended.err
    assert "Nothing was written." in ended.err
    assert (state(outside), sorted(os.listdir(repository))) == (before, here)


def test_init_keeps_a_file_that_is_a_link(cli: Cli, repository: Path) -> None:
    (repository / "reconciler.toml").symlink_to("projects/mine.toml")
    (repository / "projects/mine.toml").write_text("")
    assert "reconciler.toml already exists" in cli("init").out
    assert (repository / "reconciler.toml").is_symlink()


@pytest.mark.parametrize(
    "arguments",
    [["plan", "--out"], ["apply", "--auto-approve", "--result"], ["snapshot", "--out"]],
)
def test_named_files_are_written_through_no_link(
    cli: Cli, repository: Path, outside: Path, arguments: list[str]
) -> None:
    lay(repository)
    (repository / "link").symlink_to(outside)
    (repository / "file.json").symlink_to(outside / "new")
    before = state(outside)
    for name in ("link/new", "file.json"):
        ended = cli(*arguments, name)
        assert ended.code == 1
        assert "is a link" in ended.err
    assert state(outside) == before
    assert not (repository / ".reconciler").exists()


@pytest.mark.untraced
@pytest.mark.parametrize("arguments", [["show"], ["apply", "--plan"], ["plan", "--live"], ["sandbox", "seed"]])
@pytest.mark.parametrize("kind", ["device", "pipe", "endless"])
def test_named_files_that_are_none(cli: Cli, repository: Path, arguments: list[str], kind: str) -> None:
    lay(repository)
    replace(repository / "named", KINDS[kind])
    with bounded_time():
        ended = cli(*arguments, "named")
    assert ended.code == 1
    assert re.search("cannot be read: it is (not a regular file|larger than [0-9]+ MB)", ended.err)


# Any of it, anywhere


class _TooLongError(BaseException):
    """Not an Exception, so that nothing takes it for a mistake of a user's."""


@contextmanager
def bounded_time() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


NAMES = [
    *PLACES,
    "projects",
    "projects/team",
    "projects/team.yaml",
    "over",
    ".reconciler",
    ".reconciler/sandbox.db",
    ".reconciler/sandbox.db-journal",
    ".reconciler/sandbox.db-wal",
    ".github",
    ".gitignore",
    "named",
    "link",
]
TARGETS = [
    "/proc/self/environ",
    "/proc/self/cwd",
    "/proc/self/fd/0",
    "/dev/zero",
    "/dev/null",
    "/dev/full",
    "/dev/tty",
    "/dev/stdin",
    "/",
    "OUTSIDE",
    "OUTSIDE/deeper",
    "OUTSIDE/secret.yaml",
    "OUTSIDE/secret.md",
    "OUTSIDE/secret.toml",
    "OUTSIDE/new",
    "../outside/secret.yaml",
    "../../outside/secret.md",
    "../outside/deeper",
    "../repository/projects/t.md",
    "HERE/projects/_r.yaml",
    "HERE",
    ".",
    "..",
    "../..",
    "gone",
    "link",
    "link/secret.yaml",
    "named",
    "projects/t.md",
    "t.md",
    "../projects",
    ".git/config",
    "../.git/config",
    "a/../" * 100 + "t.md",
]
WRITTEN = ["t.md", "../link/secret.md", "../../outside/secret.md", "gone/../../../outside/deeper/x.yaml", "/etc/passwd"]
SETTINGS = [
    "{}",
    'manifests = "{}"\n',
    '[targets.sandbox]\noverlay = "{}"\n',
    '[targets.sandbox]\nsandbox = "{}"\n',
]  # fmt: skip
COMMANDS = [
    ["plan"],
    ["plan", "projects/p.yaml"],
    ["plan", "link/"],
    ["plan", "--out", "named"],
    ["plan", "--out", "link/new"],
    ["plan", "--live", "named"],
    ["show", "named"],
    ["show", "link/secret.yaml"],
    ["apply", "--auto-approve"],
    ["apply", "--auto-approve", "--result", "named"],
    ["drift"],
    ["validate"],
    ["validate", "link/secret.yaml"],
    ["snapshot", "--out", "named"],
    ["fmt"],
    ["fmt", "--check"],
    ["fmt", "projects/team.yaml"],
    ["fmt", "link"],
    ["init"],
    ["init", "projects"],
    ["doctor"],
    ["sandbox", "reset"],
    ["sandbox", "seed", "named"],
]

OBJECTS = st.one_of(
    st.sampled_from(TARGETS).map(lambda target: ("link", target)),
    st.sampled_from(["pipe", "socket", "endless", "folder", "nothing"]).map(lambda kind: (kind, "")),
)


@pytest.mark.untraced
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.sampled_from(NAMES), OBJECTS), min_size=1, max_size=4),
    setting=st.tuples(st.sampled_from(SETTINGS), st.sampled_from([*TARGETS, "over", ".git/x", "new/x.db"])),
    written=st.sampled_from(WRITTEN),
    commands=st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=3),
)
@example([("reconciler.toml", ("link", "OUTSIDE/secret.toml"))], ("{}", "."), "t.md", [["plan"]])
@example([(".reconciler", ("link", "OUTSIDE/deeper"))], ("{}", "."), "t.md", [["apply", "--auto-approve"]])
@example([("link", ("link", "OUTSIDE"))], (SETTINGS[3], "link/secret.yaml"), "t.md", [["apply", "--auto-approve"]])
@example([("projects", ("link", "link")), ("link", ("link", "projects"))], ("{}", "."), "t.md", [["plan"], ["fmt"]])
def test_anything_anywhere(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    changes: list[tuple[str, tuple[str, str]]],
    setting: tuple[str, str],
    written: str,
    commands: list[list[str]],
) -> None:
    """Ends in time with success or errors of its own, shows nothing from outside, and writes nothing there."""
    from reconciler.cli import run

    monkeypatch.setenv("SCALE_API_KEY", CANARY)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "repository")
        (root / ".git").mkdir(parents=True)
        (root / ".git" / "config").write_text(CANARY)
        Path(folder, "outside").mkdir()
        outside = secrets_in(Path(folder, "outside"))
        lay(root)
        (root / "named").write_text("[]")
        template, value = setting
        value = _placed(value, root, outside)
        (root / "reconciler.toml").write_text(FILES["reconciler.toml"] if template == "{}" else template.format(value))
        (root / "projects/p.yaml").write_text(FILES["projects/p.yaml"].replace("t.md", _placed(written, root, outside)))
        for name, (kind, target) in changes:
            _change(root, name, kind, _placed(target, root, outside))
        before = state(outside)
        monkeypatch.chdir(root)
        for command in commands:
            capsys.readouterr()
            with bounded_time():
                code = run(command)
            said = capsys.readouterr()
            assert code in (0, 1, 2), said.err
            assert (code != 0) >= ("error[" in said.err)
            assert CANARY not in said.out + said.err
            assert state(outside) == before
        monkeypatch.undo()


def _placed(text: str, root: Path, outside: Path) -> str:
    return text.replace("OUTSIDE", str(outside)).replace("HERE", str(root))


def _change(root: Path, name: str, kind: str, target: str) -> None:
    """Put something at a name, unless what was put there before leaves no room below it or leads elsewhere."""
    path = root / name
    for parent in (root / parent for parent in Path(name).parents):
        if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
            return
    makers: dict[str, Callable[[Path], object]] = {
        "link": lambda path: path.symlink_to(target),
        "pipe": os.mkfifo,
        "socket": listening,
        "endless": endless,
        "folder": lambda path: path.mkdir(),
        "nothing": lambda path: None,
    }
    if path.exists() and not path.is_symlink() and not path.is_file() and not path.is_dir():
        path.unlink()
    replace(path, makers[kind])
