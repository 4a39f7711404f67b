"""Whether the commit holds what a plan read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli import run as reconciler
from reconciler.errors import GitRefusedError
from reconciler.git.sources import Sources, read_commit, read_sources
from reconciler.model.plan import Commit
from tests.repositories import git as run


def look(checkout: Path, *names: str) -> Sources:
    files = [str(checkout / name) for name in names]
    return read_sources(checkout, [checkout / "projects"], files)


def write(checkout: Path, name: str, text: str) -> Path:
    file = checkout / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def commit(checkout: Path) -> None:
    run(checkout, "add", "-A")
    run(checkout, "commit", "-q", "-m", "more")


def flag(option: str) -> Callable[[Path], None]:
    def change(checkout: Path) -> None:
        run(checkout, "update-index", option, "projects/p.yaml")
        write(checkout, "projects/p.yaml", "name: q\n")

    return change


def stage(checkout: Path) -> None:
    write(checkout, "projects/p.yaml", "name: q\n")
    run(checkout, "add", "-A")


def replace_by_link(checkout: Path) -> None:
    (checkout / "projects/p.yaml").rename(checkout / "p.yaml")
    (checkout / "projects/p.yaml").symlink_to("../p.yaml")


CHANGES: dict[str, Callable[[Path], object]] = {
    "edited": lambda checkout: write(checkout, "projects/p.yaml", "name: q\n"),
    "staged": stage,
    "assume-unchanged": flag("--assume-unchanged"),
    "skip-worktree": flag("--skip-worktree"),
    "a link now": replace_by_link,
    "gone": lambda checkout: (checkout / "projects/p.yaml").unlink(),
    "untracked": lambda checkout: run(checkout, "rm", "-q", "--cached", "projects/p.yaml"),
    "meant to be added": lambda checkout: (
        run(checkout, "rm", "-q", "--cached", "projects/p.yaml"),
        run(checkout, "add", "-N", "projects/p.yaml"),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_is_not_as_committed(checkout: Path, change: str) -> None:
    head = run(checkout, "rev-parse", "HEAD")
    assert look(checkout, "projects/p.yaml") == Sources(Commit(head))
    CHANGES[change](checkout)
    found = look(checkout, "projects/p.yaml")
    assert found.commit == Commit(head, dirty=True)
    assert found.unheld == {str(checkout / "projects/p.yaml")}
    assert found.ignored == ()


def test_flags_alone_and_another_mode_do_not_matter(checkout: Path) -> None:
    write(checkout, "projects/q.yaml", "name: q\n")
    write(checkout, "projects/r.yaml", "name: r\n")
    commit(checkout)
    run(checkout, "update-index", "--assume-unchanged", "projects/p.yaml")
    run(checkout, "update-index", "--skip-worktree", "projects/q.yaml")
    (checkout / "projects/r.yaml").chmod(0o755)
    found = look(checkout, "projects/p.yaml", "projects/q.yaml", "projects/r.yaml")
    assert found.unheld == frozenset()


def test_line_ends_as_git_writes_them_are_as_committed(checkout: Path) -> None:
    write(checkout, ".gitattributes", "*.yaml text eol=crlf\n")
    commit(checkout)
    file = checkout / "projects/p.yaml"
    file.unlink()
    run(checkout, "checkout", "-q", "projects/p.yaml")
    assert b"\r\n" in file.read_bytes()
    run(checkout, "update-index", "--assume-unchanged", "projects/p.yaml")
    assert look(checkout, "projects/p.yaml").unheld == frozenset()


FILTERS = {
    "line ends by an attribute": ("*.yaml text eol=crlf\n", {}),
    "line ends by the configuration": ("", {"core.autocrlf": "true"}),
    "line ends of a text that git detects": ("* text=auto\n", {"core.eol": "crlf"}),
    "another encoding": ("*.yaml working-tree-encoding=UTF-16LE-BOM\n", {}),
    "a filter": ("*.yaml filter=f\n", {"filter.f.clean": "tr a-z n-za-m", "filter.f.smudge": "tr a-z n-za-m"}),
    "a filter that must work": (
        "*.yaml filter=f\n",
        {"filter.f.clean": "base64", "filter.f.smudge": "base64 -d", "filter.f.required": "true"},
    ),
    "a keyword": ("*.yaml ident\n", {}),
}


@pytest.mark.parametrize("flagged", [False, True], ids=["compared", "flagged"])
@pytest.mark.parametrize("kind", FILTERS)
def test_what_git_stores_after_a_filter_is_as_committed(checkout: Path, kind: str, flagged: bool) -> None:
    attributes, settings = FILTERS[kind]
    for name, value in settings.items():
        run(checkout, "config", name, value)
    write(checkout, ".gitattributes", attributes)
    names = ("projects/p.yaml", 'projects/"a\\b".yaml', "projects/two\nlines.yaml")
    for name in names:
        write(checkout, name, "name: p  # $Id$\ntype: imageannotation\n")
    commit(checkout)
    for name in names:
        (checkout / name).unlink()
    run(checkout, "checkout", "-q", ".")
    (checkout / names[0]).touch()
    blob = run(checkout, "cat-file", "blob", f"HEAD:{names[0]}").encode()
    assert blob not in (content := (checkout / names[0]).read_bytes()), content
    if flagged:
        run(checkout, "update-index", "--assume-unchanged", *names)
    assert look(checkout, *names) == Sources(Commit(run(checkout, "rev-parse", "HEAD")))
    with (checkout / names[1]).open("a") as stream:
        stream.write("x-note: 1\n")
    assert look(checkout, *names).unheld == {str(checkout / names[1])}


def test_a_filter_that_is_not_there(checkout: Path) -> None:
    """As where git-crypt is not installed: what git cannot compare, it does not hold."""
    write(checkout, ".gitattributes", "*.md filter=f\n")
    write(checkout, "projects/r.md", "Label.\n")
    commit(checkout)
    run(checkout, "update-index", "--assume-unchanged", "projects/r.md", "projects/p.yaml")
    run(checkout, "config", "filter.f.clean", "no-such-command")
    run(checkout, "config", "filter.f.required", "true")
    write(checkout, "projects/r.md", "Label it.\n")
    assert look(checkout, "projects/r.md", "projects/p.yaml").unheld == {str(checkout / "projects/r.md")}


def test_an_edit_that_git_is_told_not_to_see(checkout: Path) -> None:
    """Also in a file that nobody names."""
    for option in ("--assume-unchanged", "--skip-worktree"):
        run(checkout, "update-index", option, "projects/p.yaml")
        assert not read_commit(checkout, [checkout / "projects"]).dirty
        text = (checkout / "projects/p.yaml").read_text()
        write(checkout, "projects/p.yaml", "name: q\n")
        assert read_commit(checkout, [checkout / "projects"]).dirty
        assert not read_commit(checkout, [checkout / "reconciler.toml"]).dirty
        write(checkout, "projects/p.yaml", text)
        run(checkout, "update-index", option.replace("--", "--no-"), "projects/p.yaml")


@pytest.mark.untraced
@pytest.mark.parametrize("where", ["texts/{}.md", "texts/{}/a.md", "texts-{}/a.md"])
def test_sixteen_thousand_files(checkout: Path, where: str) -> None:
    """More than a command line holds. Nothing beside them counts."""
    names = [where.format(number) for number in range(16_000)]
    held = names[:: len(names) // 8]
    for name in held:
        write(checkout, name, name)
    commit(checkout)
    write(checkout, held[3], "edited")
    write(checkout, "texts/beside.md", "untracked, and not read")
    found = look(checkout, *names)
    assert {str(checkout / name) for name in names} - found.unheld == {
        str(checkout / name) for name in held if name != held[3]
    }
    assert not look(checkout, *(name for name in held if name != held[3])).commit.dirty


def test_what_git_ignores(checkout: Path) -> None:
    write(checkout, ".gitignore", "*.txt\nbuild/\n")
    write(checkout, "kept.txt", "tracked all the same")
    write(checkout, "texts/a.txt", "ignored")
    write(checkout, "build/b.md", "in a folder that is ignored")
    write(checkout, ":(top)*.txt", "a name that looks like a pattern")
    write(checkout, "projects/new.md", "untracked, not ignored")
    (checkout / "projects/link.md").symlink_to("../texts/a.txt")
    run(checkout, "add", "--force", "kept.txt")
    commit(checkout)
    write(checkout, "projects/newer.md", "untracked, not ignored")
    names = ("kept.txt", "texts/a.txt", "build/b.md", "projects/newer.md", "projects/link.md", ":(top)*.txt")
    found = look(checkout, *names)
    ignored = (":(top)*.txt", "build/b.md", "projects/link.md", "texts/a.txt")
    assert found.ignored == tuple(str(checkout / name) for name in ignored)
    assert found.unheld == {str(checkout / name) for name in names[1:]}


def test_links(checkout: Path, tmp_path: Path) -> None:
    """Each link on the way must be committed as it is, and what it leads to, too."""
    write(checkout, "texts/deep/a.md", "a")
    (checkout / "projects/to-file.md").symlink_to("../texts/deep/a.md")
    (checkout / "projects/to-folder").symlink_to("../texts/deep")
    (checkout / "projects/to-link.md").symlink_to(checkout / "projects/to-file.md")
    commit(checkout)
    (tmp_path / "outside.md").write_text("outside")
    (checkout / "projects/new-link.md").symlink_to("./../texts/deep/a.md")
    (checkout / "projects/out.md").symlink_to(tmp_path / "outside.md")
    (checkout / "projects/circle.md").symlink_to("circle.md")
    held = ("projects/to-file.md", "projects/to-folder/a.md", "projects/to-link.md")
    not_held = ("projects/new-link.md", "projects/out.md", "projects/circle.md")
    found = look(checkout, *held, *not_held)
    assert found.unheld == {str(checkout / name) for name in not_held}
    write(checkout, "texts/deep/a.md", "b")
    assert look(checkout, *held).unheld == {str(checkout / name) for name in held}


def test_what_a_submodule_holds_is_not_in_the_commit(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(checkout, tmp_path / "library")
    run(checkout, "submodule", "--quiet", "add", str(tmp_path / "library"), "projects/sub")
    commit(checkout)
    found = look(checkout, "projects/sub/projects/p.yaml")
    assert (len(found.unheld), found.ignored) == (1, ())


def test_many_folders_at_the_top(checkout: Path) -> None:
    names = [f"f{number}/a.md" for number in range(150)]
    for name in names:
        write(checkout, name, name)
    commit(checkout)
    write(checkout, names[7], "edited")
    run(checkout, "update-index", "--assume-unchanged", names[7])
    write(checkout, names[9], "edited")
    assert look(checkout, *names).unheld == {str(checkout / names[7]), str(checkout / names[9])}


def test_hashes_of_the_newer_kind(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q", "--object-format=sha256", "new")
    folder = tmp_path / "new"
    write(folder, "projects/p.yaml", "name: p\n")
    commit(folder)
    run(folder, "update-index", "--assume-unchanged", "projects/p.yaml")
    assert look(folder, "projects/p.yaml").unheld == frozenset()


def test_without_a_commit(tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = write(tmp_path, "projects/p.yaml", "name: p\n")
    assert read_sources(tmp_path, [tmp_path / "projects"], [str(outside)]) == Sources(Commit())
    run(tmp_path, "init", "-q", "unborn")
    file = write(tmp_path, "unborn/projects/p.yaml", "name: p\n")
    assert read_sources(tmp_path / "unborn", [tmp_path / "unborn"], [str(file)]) == Sources(Commit())
    assert read_commit(checkout, [checkout / "nowhere"]) == Commit(run(checkout, "rev-parse", "HEAD"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitRefusedError, match="git is not installed"):
        read_commit(checkout, [checkout / "projects"])


def test_a_plan_names_what_git_ignores(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(checkout, ".gitignore", ".reconciler/\n*.txt\n")
    names = [f"t{number}" for number in range(5)]
    for name in names:
        write(checkout, f"projects/{name}.txt", "Label.")
    keys = "".join(f"  {name}: {{$file: {name}.txt}}\n" for name in names)
    write(checkout, "projects/p.yaml", f"name: p\ntype: imageannotation\nparams:\n{keys}")
    commit(checkout)
    monkeypatch.chdir(checkout)
    assert reconciler(["plan", "--target=sandbox"]) == 0
    said = capsys.readouterr().err
    assert "warning[git-ignored]: git ignores 5 files that this run reads" in said
    assert "projects/t0.txt, projects/t1.txt, projects/t2.txt, and 2 more." in said
    run(checkout, "add", "--force", *(f"projects/{name}.txt" for name in names[1:]))
    run(checkout, "commit", "-q", "-m", "texts")
    assert reconciler(["plan", "--target=sandbox", "--format=json"]) == 0
    said = capsys.readouterr().out
    assert r"git ignores \"projects/t0.txt\", which this run reads" in said
    assert '"dirty":true' in said
    run(checkout, "add", "--force", "projects/t0.txt")
    run(checkout, "commit", "-q", "-m", "all texts")
    assert reconciler(["plan", "--target=sandbox", "--format=json"]) == 0
    said = capsys.readouterr().out
    assert "git-ignored" not in said
    assert '"dirty":false' in said


def test_each_entry_names_the_commit_that_holds_it(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of other projects, too, where one is read from an ignored file or one that git takes for unchanged."""
    write(checkout, ".gitignore", ".reconciler/\n*.txt\n*.plan\n")
    write(checkout, "projects/ignored.txt", "Label.")
    for name, instruction in (("q", "{$file: ignored.txt}"), ("r", "{$file: r.md}")):
        text = f"name: {name}\ntype: imageannotation\nparams: {{instruction: {instruction}}}\n"
        write(checkout, f"projects/{name}.yaml", text)
    write(checkout, "projects/r.md", "Label.")
    commit(checkout)
    run(checkout, "update-index", "--assume-unchanged", "projects/r.md")
    write(checkout, "projects/r.md", "Label it.")
    monkeypatch.chdir(checkout)
    head = run(checkout, "rev-parse", "HEAD")
    for command in (["plan", "--target=sandbox", "--out=a.plan", "--format=json"], ["show", "a.plan", "--format=json"]):
        assert reconciler(command) == 0
        entries = json.loads(capsys.readouterr().out)["resource_changes"]
        found = {entry["name"]: entry["source"]["commit"] for entry in entries}
        assert found == {"p": head, "q": None, "r": None}


def test_a_clone_without_git_writes_nothing(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is not outside git: a record in a file would be one that no other clone sees."""
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    for command, code, level in (
        (("apply", "--auto-approve"), 1, "error"),
        (("drift",), 1, "error"),
        (("plan",), 0, "warning"),
    ):
        assert reconciler([*command, "--target=sandbox"]) == code
        assert f"{level}[git-refused]: git is not installed" in capsys.readouterr().err
    assert not (checkout / ".reconciler").exists()


def test_a_git_that_fails_after_the_record_was_read(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *status*) echo "fatal: no" >&2; exit 128;; esac\nexec "{shutil.which("git")}" "$@"\n'
    )
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.chdir(checkout)
    for command, code, level in (
        (("apply", "--auto-approve"), 1, "error"),
        (("drift",), 1, "error"),
        (("plan",), 0, "warning"),
    ):
        assert reconciler([*command, "--target=sandbox"]) == code
        assert f"{level}[git-refused]: git status failed: fatal: no" in capsys.readouterr().err
    assert not (checkout / ".reconciler").exists()
