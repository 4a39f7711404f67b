"""Which files are manifests, which texts may be read, and what becomes of those that cannot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.manifest.discovery import DEEPEST
from reconciler.manifest.loading import Manifests, load_manifests
from tests.manifest.rooms import HEAD, all_reported, load, load_one, reported, write


def manifest(name: str) -> str:
    return f"name: {name}\ntype: chat\n"


def names(manifests: Manifests) -> list[str | None]:
    return [entry.name for entry in manifests.entries]


def test_what_is_a_manifest(tmp_path: Path) -> None:
    manifests = load(
        tmp_path,
        {
            "b.yaml": manifest("b"),
            "a.yml": manifest("a"),
            "projects/sub/c.yaml": manifest("c"),
            "projects/sub.yaml": manifest("d"),
            "projects/x.yaml/e.yaml": manifest("e"),
            "projects/_draft/f.yaml": manifest("no"),
            "projects/.hidden/f.yaml": manifest("no"),
            "_f.yaml": manifest("no"),
            ".f.yaml": manifest("no"),
            "f.json": manifest("no"),
            "f.YAML": manifest("no"),
            "projects/_draft/_defaults.yaml": "type: x",
        },
    )
    assert [entry.name for entry in manifests.entries if entry.is_manifest] == ["a", "b", "c", "d", "e"]
    assert [os.path.basename(entry.file) for entry in manifests.entries if not entry.is_manifest] == ["f.YAML"]
    assert (manifests.folder, manifests.root) == (f"{tmp_path}/projects", str(tmp_path))


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the manifest folder projects does not exist") as caught:
        load_manifests(tmp_path / "projects", root=tmp_path)
    assert "Create the folder" in caught.value.detail


def test_a_folder_may_be_new_unless_its_name_is_wrong(tmp_path: Path) -> None:
    assert load_manifests(tmp_path / "projects", root=tmp_path, may_be_new=True).entries == ()
    (tmp_path / "project").mkdir()
    with pytest.raises(UsageError, match='does not exist, did you mean "project"'):
        load_manifests(tmp_path / "projects", root=tmp_path, may_be_new=True)


@pytest.mark.parametrize("link", [True, False])
def test_what_is_no_folder(tmp_path: Path, link: bool) -> None:
    folder = tmp_path / "projects"
    if link:
        folder.symlink_to("nowhere")
    else:
        folder.touch()
    with pytest.raises(UsageError) as caught:
        load_manifests(folder, root=tmp_path, may_be_new=True)
    says = "does not exist" if link else "is not a folder"
    assert caught.value.summary == f"the manifest folder projects {says}"


def test_links(tmp_path: Path) -> None:
    write(
        tmp_path, {"projects/a/a.yaml": manifest("a"), "shared/s/b.yaml": manifest("b"), "shared/c.yaml": manifest("c")}
    )
    projects = tmp_path / "projects"
    (projects / "a" / "loop").symlink_to("..")
    (projects / "again").symlink_to("a")
    (projects / "again.yaml").symlink_to("a/a.yaml")
    (projects / "s").symlink_to("../shared/s")
    (projects / "c.yaml").symlink_to("../shared/c.yaml")
    manifests = load_manifests(projects, root=tmp_path)
    assert names(manifests) == ["a", "c", "b"]
    assert manifests.duplicates == ()


def test_links_that_lead_out(tmp_path: Path) -> None:
    write(tmp_path, {"out/x.yaml": manifest("x"), "repo/.env": "SECRET=1", "repo/projects/a.yaml": manifest("a")})
    projects = tmp_path / "repo" / "projects"
    (projects / "b.yaml").symlink_to("../../out/x.yaml")
    (projects / "c").symlink_to("../../out")
    (projects / "d.yaml").symlink_to("../.env")
    (projects / "e.yaml").symlink_to("gone")
    (projects / "f").symlink_to("/")
    (projects / "g").symlink_to("g")
    (projects / "h").symlink_to("gone")
    manifests = load_manifests(projects, root=tmp_path / "repo")
    assert names(manifests) == ["a", None, None, None, None, None]
    assert all_reported(manifests) == ["file-outside:1:1"] * 3 + ["unreadable:1:1", "file-outside:1:1"]
    assert [entry.file.rpartition("/")[2] for entry in manifests.entries][1:] == [
        "b.yaml",
        "c",
        "d.yaml",
        "e.yaml",
        "f",
    ]
    assert "SECRET" not in repr(manifests)


def test_a_manifest_folder_outside(tmp_path: Path) -> None:
    write(tmp_path, {"out/a.yaml": manifest("a"), "repo/x": ""})
    (tmp_path / "repo" / "projects").symlink_to("../out")
    with pytest.raises(UsageError, match="is outside the repository"):
        load_manifests(tmp_path / "repo" / "projects", root=tmp_path / "repo")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    os.mkfifo(tmp_path / "projects" / "p.yaml")
    os.mkfifo(tmp_path / "projects" / "t")
    manifests = load(tmp_path, {"q.yaml": HEAD + "params: {a: {$file: t}}\n"})
    assert all_reported(manifests) == ["unreadable:1:1", "file-unreadable:3:21"]


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"projects/a.yaml": manifest("a"), "projects/closed/b.yaml": manifest("b")})
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    manifests = load_manifests(tmp_path / "projects", root=tmp_path)
    assert all_reported(manifests) == ["unreadable:1:1"]
    assert names(manifests) == ["a", None]


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder below 1,900 others; what pytest deletes it with could not take so many levels."""
    top = tmp_path / "projects"
    top.mkdir()
    here = os.getcwd()
    os.chdir(top)
    try:
        for _ in range(1_900):
            os.mkdir("f")
            os.chdir("f")
        Path("b.yaml").write_text(manifest("b"))
        yield top
        os.unlink("b.yaml")
        for _ in range(1_900):
            os.chdir("..")
            os.rmdir("f")
    finally:
        os.chdir(here)


def test_a_folder_that_lies_too_deep(deep: Path) -> None:
    """More levels than a recursion could take: the one message says where the search ended."""
    (deep / "a.yaml").write_text(manifest("a"))
    manifests = load_manifests(deep, root=deep.parent)
    assert names(manifests) == ["a", None]
    (entry,) = [entry for entry in manifests.entries if entry.diagnostics]
    assert entry.file == str(deep) + "/f" * DEEPEST
    assert entry.diagnostics[0].summary == "this folder cannot be read: it is more than 100 folders deep"


def test_the_deepest_folder(tmp_path: Path) -> None:
    deepest = "f/" * (DEEPEST - 1)
    write(tmp_path, {f"projects/{deepest}_defaults.yaml": "type: chat\n", f"projects/{deepest}a.yaml": "name: a\n"})
    manifests = load_manifests(tmp_path / "projects", root=tmp_path)
    assert (names(manifests), all_reported(manifests)) == (["a"], [])


def test_file_names_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/projects/\xff.yaml")).write_text(HEAD)
    manifests = load(tmp_path, {"é\n.yaml": manifest("a")})
    assert all_reported(manifests) == ["not-utf8:1:1"]
    assert {entry.file.rpartition("/")[2] for entry in manifests.entries} == {"é\n.yaml", "\\udcff.yaml"}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"\n", ""),
        (b"a", "a"),
        (b"a\n", "a"),
        (b"a\n\n", "a\n"),
        (b"a\r\nb\r\n", "a\nb"),
        (b"\xef\xbb\xbfa\r", "a\r"),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa"),
        ("é\u2028".encode(), "é\u2028"),
    ],
)
def test_texts(tmp_path: Path, content: bytes, text: str) -> None:
    write(tmp_path, {"projects/t.md": content})
    assert load_one(tmp_path, HEAD + "params: {a: {$file: t.md}}\n").params == {"a": text}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a\0", "file-not-text"),
        (b"a\n\xff", "file-not-text"),
        (b"x" * 10_000_001, "file-too-large"),
    ],
)
def test_texts_that_are_none(tmp_path: Path, content: bytes, code: str) -> None:
    write(tmp_path, {"projects/t.md": content})
    manifests = load(tmp_path, {"p.yaml": HEAD + "params:\n  a:\n    $file: t.md\n"})
    assert all_reported(manifests) == [f"{code}:5:12"]


def test_texts_through_links(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"out/secret": "s", "repo/.git/config": "s", "repo/docs/t.md": "fine", "repo/projects/a.yaml": manifest("a")},
    )
    projects = tmp_path / "repo" / "projects"
    (projects / "fine").symlink_to("../docs/t.md")
    (projects / "out").symlink_to("../../out/secret")
    (projects / "git").symlink_to("../.git/config")
    (projects / "folder").symlink_to("../../out")
    (projects / "self").symlink_to("self")
    texts = "".join(f"  {name}: {{$file: {name}}}\n" for name in ("fine", "out", "git", "folder/secret", "self"))
    (projects / "a.yaml").write_text(HEAD + "params:\n" + texts)
    manifests = load_manifests(projects, root=tmp_path / "repo")
    reported_all = all_reported(manifests)
    assert reported_all[:4] == ["file-outside:5:16", "file-outside:6:16", "file-outside:7:26", "file-unreadable:8:17"]
    assert reported_all[4:] == ["file-outside:1:1"]  # the link to a folder, which is searched for manifests


def test_manifests_in_a_folder_with_a_dot(tmp_path: Path) -> None:
    write(tmp_path, {".ci/projects/a.yaml": HEAD + "params: {a: {$file: ./t.md}}\n", ".ci/projects/t.md": "x"})
    manifests = load_manifests(tmp_path / ".ci" / "projects", root=tmp_path)
    assert all_reported(manifests) == []


def test_the_nearest_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"shared/kitten.md": "x"})
    manifests = load(tmp_path, {"p.yaml": HEAD + "params: {a: {$file: ../shared/kiten.md}, b: {$file: ../no/x}}\n"})
    labels = [diagnostic.label for diagnostic in manifests.entries[0].diagnostics]
    assert labels == ['did you mean "../shared/kitten.md"?', ""]


def test_names_that_stand_twice(tmp_path: Path) -> None:
    manifests = load(
        tmp_path,
        {
            "a.yaml": "# c\ntype: chat\nname: p\n---\nname: q\ntype: chat\n",
            "b.yaml": "name: q\ntype: chat\n---\nname:   p\nparms: 1\ntype: chat\n",
            "c.yaml": "{type: chat, name: p}\n",
            "d.yaml": "type: chat\n",
        },
    )
    assert reported(manifests.duplicates) == ["duplicate-name:1:7", "duplicate-name:4:9", "duplicate-name:1:20"]
    assert [diagnostic.label for diagnostic in manifests.duplicates] == [
        "first at projects/a.yaml:5:7",
        "first at projects/a.yaml:3:7",
        "first at projects/a.yaml:3:7",
    ]
    assert names(manifests) == ["p", "q", "q", "p", "p", None]


def test_labels_tell_the_first_place(tmp_path: Path) -> None:
    manifests = load(tmp_path, {"p.yaml": HEAD + "ontology:\n  - {display: x, choice: Dog}\n  - Dog\n"})
    (diagnostic,) = manifests.entries[0].diagnostics
    assert diagnostic.label == "first at projects/p.yaml:4:26"
    assert diagnostic.location is not None
    assert (diagnostic.location.text, diagnostic.location.end_column) == ("  - Dog", 8)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("parms: {}\n", 'did you mean "params"?'),
        ("ontology:\n  - Lane: solid\n", "if all of this is one choice, quote it"),
        ("ontology:\n  - *any\n", "if this is text, quote it"),
        ("ontology:\n  - %x\n", "quote the text"),
        ("ontology:\n  - @a\n", "quote the text"),
        ('ontology:\n  - "a\\;b"\n', "quote the text with '…' instead: in \"…\", a \\ begins an escape"),
        ("params:\n  a: b: c\n", "quote the text"),
        ("params:\n\ta: b\n", "indent with spaces"),
        ("ontology: [1]\n", "quote it"),
        ("studio: yes\n", "write true"),
        ("pipeline: standard-task\n", 'did you mean "standard_task"?'),
        ("ontology:\n  - Animal: [Cat]\n", "to put choices below a choice, write {choice: …, subchoices: […]}"),
        ("params: {a: [}\n", "add ] before this character"),
    ],
)
def test_labels_tell_what_was_meant(tmp_path: Path, text: str, label: str) -> None:
    (diagnostic,) = load(tmp_path, {"p.yaml": HEAD + text}).entries[0].diagnostics
    assert diagnostic.label == label
