"""`reconciler import`: from live projects to manifests, and then to a plan without changes."""

from __future__ import annotations

import errno
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import console
from reconciler.files import together, writing
from reconciler.operations import import_files
from reconciler.operations.ledger import uncommitted
from reconciler.settings import Settings, read_settings
from tests.cli.conftest import Cli

LONG = "\n".join(f"Rule {n}." for n in range(25))
UNCHANGED = "No changes. Your projects match the manifests."


def commit(repository: Path) -> None:
    for command in (["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=repository, check=True)


def files(repository: Path) -> list[str]:
    found = (path for path in (repository / "projects").rglob("*") if path.is_file())
    return sorted(path.relative_to(repository / "projects").as_posix() for path in found)


def test_after_an_import_nothing_changes_and_nothing_is_held(
    repository: Path, cli: Cli, seed: Callable[..., None]
) -> None:
    params: dict[str, Any] = {"a": "yes", "b": "x ", "c": "\t", "d": "a\r\nb", "e": "🐈", "f": "", "g": [], "h": 1.0}
    params |= {"i": {"$file": "x"}, "j": 10**30, "k": "012", "l": None, "$x": {}, "instruction": LONG}
    for number in range(3):
        seed({"name": f"birds {number}", "params": {**params, "n": number}, "ontology": ["Tit", "Owl"]})
    seed({"name": "Cat", "params": {}}, {"name": "cat", "ontology": [{"choice": "x", "description": LONG}]})
    assert cli("import", "--all").code == 0
    assert files(repository) == [
        "Cat.yaml", "_shared/birds_instruction.md", "_shared/v1.yaml", "birds_0.yaml", "birds_1.yaml", "birds_2.yaml",
        "cat-f3d428.yaml",
    ]  # fmt: skip
    assert cli("plan").last == UNCHANGED
    assert cli("fmt", "--check").code == 0
    commit(repository)
    applied = cli("apply", "--auto-approve")
    assert applied.code == 0
    assert "held" not in applied.out + applied.err
    assert applied.last == "Apply complete! Projects: 0 added, 0 changed, 0 destroyed."
    assert "unknown" not in cli("drift").out
    assert cli("drift").code == 0


def test_the_first_import_creates_the_manifest_folder(repository: Path, cli: Cli, seed: Callable[..., None]) -> None:
    seed({"name": "birds", "params": {"a": 1}})
    (repository / "projects").rmdir()
    assert cli("import", "birds").code == 0
    assert files(repository) == ["birds.yaml"]


def test_a_second_import_adds_what_is_new(repository: Path, cli: Cli, seed: Callable[..., None]) -> None:
    for name in ("birds_a", "birds_b"):
        seed({"name": name, "params": {"instruction": LONG}, "ontology": ["x", "y"]})
    cli("import", "--all")
    (repository / "projects/birds_a.yaml").write_text("name: birds_a\ntype: imageannotation\n# mine\n")
    before = files(repository)
    seed({"name": "birds_c", "params": {"instruction": LONG}, "ontology": ["x", "y"]})
    done = cli("import", "--all")
    assert done.code == 0
    assert set(files(repository)) - set(before) == {"birds_c.yaml"}
    assert "Imported 1 project. Skipped 2 projects that already have a manifest." in done.out
    assert "# mine" in (repository / "projects/birds_a.yaml").read_text()
    assert cli("import", "birds_c").out.startswith("Nothing to import.")


def test_what_a_manifest_cannot_hold_is_named_and_the_rest_is_imported(
    repository: Path, cli: Cli, seed: Callable[..., None]
) -> None:
    seed(
        {"name": "empty", "ontology": ["a", " "]},
        {"name": "good", "params": {"a": 1}},
        {"name": "old", "archived": True},
    )
    done = cli("import", "--all")
    assert done.code == 1
    assert '"empty" was not imported: a choice needs at least one visible character (ontology[1])' in done.err
    assert "old" not in done.err
    assert files(repository) == ["good.yaml"]
    assert done.out.count("`rapid` and `studio`") == 1


def test_what_a_plan_could_not_read_is_named_and_not_written(
    repository: Path, cli: Cli, seed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest, a text, and a shared file that would be too large, and too many values."""
    monkeypatch.setattr("reconciler.manifest.sharedfiles.LARGEST_FILE", 5_000)
    for module in ("compose", "lines"):
        monkeypatch.setattr(f"reconciler.manifest.{module}.MAX_NODES", 400)
    seed({"name": "large", "params": {"a": "x" * 6_000}}, {"name": "text", "params": {"a": "x\n" * 3_000}})
    seed({"name": "many", "params": {"a": [1] * 401}}, {"name": "good", "params": {"instruction": LONG}})
    seed(*({"name": f"p{number}", "ontology": ["x" * 6_000, "y"]} for number in range(2)))
    done = cli("import", "--all")
    assert done.code == 1
    for name in ("large", "text", "p0", "p1"):
        assert re.search(rf'"{name}" was not imported: its manifest would have an error: .*larger than', done.err)
    assert '"many" was not imported: its manifest would have an error: the file has more than' in done.err
    assert files(repository) == ["good.md", "good.yaml"]
    assert cli("plan").last == UNCHANGED


def test_a_name_selects(repository: Path, cli: Cli, seed: Callable[..., None]) -> None:
    seed(
        *({"name": name, "params": {}} for name in ("birds_1", "birds_2", "cats", "*")),
        {"name": "old", "archived": True},
    )
    seed({"name": "text", "type": "textcollection"})
    wrong = cli("import", "bird_1")
    assert wrong.code == 1
    assert 'no live project matches "bird_1", did you mean "birds_1"?' in wrong.err
    assert files(repository) == []
    assert cli("import", "*").code == 0
    assert files(repository) == ["project.yaml"]
    assert cli("import", "birds_*").code == 0
    assert cli("import", "--all", "--type", "textcollection").code == 0
    assert files(repository) == ["birds_1.yaml", "birds_2.yaml", "project.yaml", "text.yaml"]
    assert 'the type "textcolection", did you mean' in cli("import", "--all", "--type", "textcolection").err
    assert "add --archived" in cli("import", "old").err
    assert cli("import", "old", "--archived").code == 0
    assert "1 project is archived" not in cli("import", "--all").out
    for wrong_use in (["import"], ["import", "--all", "cats"]):
        assert cli(*wrong_use).code == 1


def test_sensitive_values_stay_on_scale(repository: Path, cli: Cli, seed: Callable[..., None]) -> None:
    (repository / "reconciler.toml").write_text(
        'sensitive = ["params.callback_url", "params.hooks[*].token", "ontology.**.@description"]\n'
    )
    hooks = [{"url": "u", "token": "hush-1"}, {"url": "v"}]
    seed(
        {"name": "p", "params": {"callback_url": "hush-2", "hooks": hooks, "a": {"b": 1}},
         "ontology": [{"choice": "x", "description": "hush-3"}, "y"]}
    )  # fmt: skip
    done = cli("import", "p")
    assert done.code == 0
    text = (repository / "projects/p.yaml").read_text()
    assert "hush" not in text + done.out + done.err
    assert "{path: params.callback_url, reason:" in text
    assert cli("plan").last == UNCHANGED
    assert cli("validate").code == 0


@pytest.mark.parametrize(
    ("defaults", "overlay"),
    [
        ("params: {a: 1, gone: 2, same: x}\ntype: imageannotation\nstudio: true\n", ""),
        ("reconcile: {params: merge, ignore: [params.can_*]}\nparams: {gone: 2, can_x: 1}\n", ""),
        ("reconcile: {renames: {Kitty: Cat}}\n", ""),
        ("pipeline: consensus_task\n", ""),
        ("", "params: {a: 7}\n"),
    ],
)
def test_an_import_below_values_that_are_inherited(
    repository: Path,
    cli: Cli,
    seed: Callable[..., None],
    write: Callable[[str, str], Path],
    defaults: str,
    overlay: str,
) -> None:
    if defaults:
        write("_defaults.yaml", defaults)
    if overlay:
        (repository / "reconciler.toml").write_text('[targets.sandbox]\nsandbox = "s.db"\noverlay = "projects/_over"\n')
        write("_over/p.yaml", overlay)
    seed(
        {
            "name": "p",
            "params": {"a": 7, "same": "x", "can_y": 1},
            "ontology": ["Kitty"],
            "pipelineName": "standard_task",
        },
        file=repository / "s.db" if overlay else None,
    )
    done = cli("import", "--all")
    assert done.code == 0, done.err
    assert cli("plan").last == UNCHANGED
    assert cli("validate").code == 0


def test_an_overlay_that_differs_is_named(
    repository: Path, cli: Cli, seed: Callable[..., None], write: Callable[[str, str], Path]
) -> None:
    (repository / "reconciler.toml").write_text('[targets.sandbox]\nsandbox = "s.db"\noverlay = "projects/_over"\n')
    write("_over/p.yaml", "params: {a: 8}\n")
    seed({"name": "p", "params": {"a": 7}}, {"name": "q", "params": {"a": 7}}, file=repository / "s.db")
    done = cli("import", "--all")
    assert done.code == 1
    assert '"p" was not imported: projects/_over/p.yaml overrides params.a' in done.err
    assert files(repository) == ["_over/p.yaml", "q.yaml"]


def test_names_decide_the_folder(
    repository: Path, cli: Cli, seed: Callable[..., None], write: Callable[[str, str], Path]
) -> None:
    write("_defaults.yaml", 'names: ["a_*", "b_*"]\n')
    write("team-a/_defaults.yaml", 'names: ["a_*"]\nparams: {x: 1}\n')
    for name in ("a_1", "a_2", "b_1", "b_2", "c"):
        seed({"name": name, "params": {"x": 1, "instruction": LONG}})
    assert cli("import", "--all").code == 0
    assert "`names` in projects/_defaults.yaml does not match its name" in cli("import", "c").err
    assert {"team-a/a_1.yaml", "b_1.yaml"} < set(files(repository))
    inherits = (repository / "projects/team-a/a_1.yaml").read_text()
    assert inherits.partition("\n\n")[2] == "params:\n  instruction: {$file: ../_shared/instruction.md}\n"
    assert cli("plan").last == UNCHANGED


def test_common_parameters_become_defaults(
    repository: Path, cli: Cli, seed: Callable[..., None], write: Callable[[str, str], Path]
) -> None:
    for number in range(3):
        seed({"name": f"p{number}", "params": {"shared": [1, 2], "own": number}})
    assert cli("import", "--all", "--factor").code == 0
    assert (repository / "projects/_defaults.yaml").read_text() == "params:\n  shared: [1, 2]\n"
    assert cli("plan").last == UNCHANGED
    seed({"name": "q", "params": {"other": 1}})
    done = cli("import", "--all", "--factor")
    assert "No _defaults.yaml was written in projects. --factor skips" in done.out
    assert "shared: {$unset: true}" in (repository / "projects/q.yaml").read_text()
    assert cli("plan").last == UNCHANGED


def test_a_manifest_with_an_error_ends_the_import(
    repository: Path, cli: Cli, seed: Callable[..., None], write: Callable[[str, str], Path]
) -> None:
    write("broken.yaml", "name: [\n")
    seed({"name": "p", "params": {}})
    done = cli("import", "--all")
    assert done.code == 1
    assert "projects/broken.yaml:1" in done.err
    assert files(repository) == ["broken.yaml"]


def test_a_folder_that_cannot_be_written(repository: Path, cli: Cli, seed: Callable[..., None]) -> None:
    seed({"name": "p", "params": {"instruction": LONG}}, {"name": "q", "params": {"instruction": LONG}})
    (repository / "projects/_shared").write_text("a file where the folder should be")
    done = cli("import", "--all")
    assert done.code == 1
    assert done.err.count("error[") == 1
    assert files(repository) == ["_shared"]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    def call(yes: bool) -> None:
        monkeypatch.setattr(console, "has_person", lambda: True)
        monkeypatch.setattr(console, "confirm", lambda question: yes)

    return call


def test_force_shows_what_changes_and_asks(
    repository: Path, cli: Cli, seed: Callable[..., None], answer: Callable[[bool], None]
) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.key"]\n')
    seed({"name": "p", "params": {"instruction": LONG, "a": 1, "key": "hush-1"}}, {"name": "q", "params": {}})
    cli("import", "--all")
    file = repository / "projects/p.yaml"
    file.write_text(file.read_text().replace("a: 1", "a: 2 # mine\n  key: hush-2"))
    (repository / "projects/p.md").write_text("old\n")
    before = file.read_text()
    assert "there is no terminal" in cli("import", "p", "--force").err
    answer(False)
    declined = cli("import", "p", "--force")
    assert declined.code == 1
    assert declined.last == "Import cancelled."
    assert file.read_text() == before
    answer(True)
    done = cli("import", "--all", "--force")
    assert done.code == 0
    assert "-  a: 2 # mine\n" in done.out
    assert "+  a: 1\n" in done.out
    assert "-old\n" in done.out
    assert "hush" not in done.out + done.err
    assert "  ~ projects/p.md\n  ~ projects/p.yaml\n" in done.out
    assert "Imported 1 project. Skipped 1 project" in done.out
    assert cli("plan").last == UNCHANGED
    assert cli("import", "--all", "--force").out.startswith("Nothing to import.")


def test_force_leaves_what_others_use_alone(
    repository: Path,
    cli: Cli,
    seed: Callable[..., None],
    write: Callable[[str, str], Path],
    answer: Callable[[bool], None],
) -> None:
    seed({"name": "p", "params": {"instruction": LONG}}, {"name": "q", "params": {"instruction": "x"}})
    seed({"name": "r", "params": {}}, {"name": "s", "params": {}})
    write("p.md", "x")
    for name in ("p", "q"):
        write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nparams: {{instruction: {{$file: p.md}}}}\n")
    write("two.yaml", "name: r\ntype: imageannotation\n---\nname: s\ntype: imageannotation\n")
    answer(True)
    done = cli("import", "p", "r", "--force")
    assert done.code == 1
    assert '"r" was not imported: projects/two.yaml also declares other projects' in done.err
    assert (repository / "projects/p.md").read_text() == "x"
    assert cli("plan").last == UNCHANGED
    assert len(files(repository)) == 5


def test_force_and_factor(
    repository: Path, cli: Cli, seed: Callable[..., None], answer: Callable[[bool], None]
) -> None:
    seed(*({"name": f"p{n}", "params": {"a": [1], "n": n}} for n in range(3)))
    cli("import", "--all")
    answer(True)
    assert cli("import", "p1", "--factor", "--force").out.startswith("Nothing to import.")
    assert len(files(repository)) == 3
    assert cli("import", "--all", "--factor", "--force").code == 0
    assert (repository / "projects/_defaults.yaml").read_text() == "params:\n  a: [1]\n"
    assert cli("plan").last == UNCHANGED


def test_a_disk_that_fills(
    repository: Path, cli: Cli, seed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(*({"name": f"p{n}", "params": {"instruction": LONG, "n": n}} for n in range(30)))
    write, left = writing.write_temporary, [10]

    def fill(*arguments: Any) -> str:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(*arguments)

    monkeypatch.setattr(together, "write_temporary", fill)
    done = cli("import", "--all")
    assert done.code == 1
    assert done.err.count("error[") == 1
    assert "No space left on device\n  Nothing was written." in done.err
    assert files(repository) == []
    monkeypatch.undo()
    monkeypatch.chdir(repository)
    assert "Imported 30 projects." in cli("import", "--all").out
    assert cli("plan").last == UNCHANGED


def test_a_file_that_appears_in_the_meantime_is_kept(
    repository: Path, cli: Cli, seed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed({"name": "p", "params": {}})
    file = repository / "projects/p.yaml"

    def note(settings: Settings, content: object) -> None:
        file.write_text("mine")

    monkeypatch.setattr(import_files, "remember", note)
    done = cli("import", "p")
    assert done.code == 1
    assert "another program created it during this run" in done.err
    assert file.read_text() == "mine"


def test_progress_is_shown_at_a_terminal(
    repository: Path, cli: Cli, seed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed({"name": "p", "params": {}}, {"name": "q", "params": {}})
    monkeypatch.setattr("reconciler.cli.import_projects.has_cursor", lambda stream: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = cli("import", "--all")
    assert "2/2" in done.err
    assert "2/2" not in done.out


def test_what_an_import_wrote_does_not_count_as_uncommitted(
    repository: Path, cli: Cli, seed: Callable[..., None]
) -> None:
    commit(repository)
    seed({"name": "p", "params": {"instruction": LONG}}, {"name": "q", "params": {}})
    cli("import", "--all")
    settings = read_settings(repository)
    paths = [repository / "projects" / name for name in files(repository)]
    content = {str(path): path.read_bytes() for path in paths}
    assert uncommitted(settings, content) == []
    paths[0].write_text("mine")
    assert uncommitted(settings, {**content, str(paths[0]): b"mine"}) == [str(paths[0])]


def test_a_file_that_changes_during_the_question_is_kept(
    repository: Path,
    cli: Cli,
    seed: Callable[..., None],
    write: Callable[[str, str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["ontology.**.@description"]\n')
    seed({"name": "p", "ontology": [{"choice": "x", "description": "hush-1"}, "y"]})
    text = "name: p\ntype: imageannotation\nontology: [{choice: x, description: hush-2}]\n"
    file = write("p.yaml", text)

    def edit(question: str) -> bool:
        assert "Overwrite 1 file?" in question
        file.write_text(f"{text}# newer\n")
        return True

    monkeypatch.setattr(console, "has_person", lambda: True)
    monkeypatch.setattr(console, "confirm", edit)
    done = cli("import", "p", "--force")
    assert done.code == 1
    assert "another program changed it during this run" in done.err
    assert "hush" not in done.out + done.err
    assert file.read_text() == f"{text}# newer\n"


def test_a_manifest_that_another_one_reads_is_not_changed_under_it(
    repository: Path,
    cli: Cli,
    seed: Callable[..., None],
    write: Callable[[str, str], Path],
    answer: Callable[[bool], None],
) -> None:
    seed({"name": "p", "params": {"a": 1}}, {"name": "q", "params": {"a": 2}})
    write("p.yaml", "name: p\ntype: imageannotation\nparams: {a: 2}\n")
    write("q.yaml", "name: q\ntype: imageannotation\nparams: {a: {$ref: p.yaml#/params/a}}\n")
    answer(True)
    done = cli("import", "p", "--force")
    assert done.code == 1
    assert 'the import would also change project "q"' in done.err
    assert "a: 2" in (repository / "projects/p.yaml").read_text()


def test_an_archived_project_is_blocked_and_the_import_says_so(
    repository: Path, cli: Cli, seed: Callable[..., None]
) -> None:
    seed({"name": "p", "params": {}, "archived": True})
    assert "1 project is archived, so a plan reports it as blocked." in cli("import", "p", "--archived").out
    assert "1 blocked" in cli("plan").last
