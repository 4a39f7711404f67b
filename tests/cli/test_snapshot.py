"""`reconciler snapshot` and `--live`, as a user meets them."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.values import canonical_json
from tests.cli.conftest import Cli, Served, live
from tests.repositories import commit_all, git

Write = Callable[[str, str], Path]
M = "name: p\ntype: imageannotation\n"
REF = "refs/reconciler/snapshot/production"


@pytest.fixture
def remote(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository that the record of production is kept on."""
    folder = tmp_path_factory.mktemp("remote")
    git(folder, "init", "--quiet", "--bare", "-b", "main")
    git(repository, "remote", "add", "origin", f"file://{folder}")
    (repository / "reconciler.toml").write_text(
        'sensitive = ["params.callback_url"]\n[targets.production]\nrecord = "origin"\n'
    )
    return folder


def push(repository: Path) -> None:
    commit_all(repository, "manifests")
    git(repository, "push", "-q", "origin", "main")


def without_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the job of a pull request: no key, and no endpoint that answers."""
    for name in ("SCALE_API_KEY", "RECONCILER_ENDPOINT"):
        monkeypatch.delenv(name)


def spoken(document: Any) -> Any:
    """What a plan or drift says, times and the way live was read aside."""
    return {key: value for key, value in document.items() if key not in ("timestamp", "snapshot", "diagnostics")}


def test_secrets_on_the_way_out_and_masks_on_the_way_in(
    cli: Cli, served: Served, write: Write, repository: Path
) -> None:
    """Case 20, but for import."""
    (repository / "reconciler.toml").write_text('sensitive = ["params.callback_url"]\n')
    served.store.seed([live("p", {"callback_url": "https://u:s3cr3t@x", "a": 1})])
    saved = cli("snapshot", "--out", "s.json")
    assert saved.code == 0
    assert saved.out.splitlines()[0].startswith(f"Target: production  {served.url}  (1 live project, read ")
    assert saved.out.splitlines()[1:] == [
        "Sensitive values left out: params.callback_url.",
        "Snapshot saved: s.json",
    ]
    assert Path("s.json").stat().st_mode & 0o777 == 0o600
    assert "s3cr3t" not in Path("s.json").read_text() + saved.out + saved.err
    assert served.methods == {"GET": 1}
    for declared in ("https://u:s3cr3t@x", "https://other", "(sensitive value)"):
        write("p.yaml", f'{M}params: {{callback_url: "{declared}", a: 1}}\n')
        planned = cli("plan", "--live", "s.json")
        assert planned.last == "No changes. Your projects match the manifests."
        assert "callback_url" not in planned.out
        assert "note[not-compared]: sensitive values of 1 project were not compared" in planned.err
        assert cli("plan", "--live", "s.json", "--format", "json").json()["resource_changes"][0]["fields"] == []
    write("p.yaml", f"{M}params: {{a: 1}}\n")
    assert cli("plan", "--live", "s.json").last.startswith("No changes.")
    (repository / "reconciler.toml").unlink()
    assert cli("plan", "--live", "s.json").last.startswith("No changes.")
    assert served.methods == {"GET": 1}


def test_no_mask_is_sent_by_a_plan_from_a_snapshot(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    """What is sensitive keeps its live value, in a call that sends every parameter, too."""
    (repository / "reconciler.toml").write_text('sensitive = ["params.callback_url"]\n')
    served.store.seed([live("p", {"callback_url": "https://u:s3cr3t@x", "a": 1, "b": 1})])
    cli("snapshot", "--out", "s.json")
    write("p.yaml", M + "params: {callback_url: https://mine, a: 2}\n")
    planned = cli("plan", "--live", "s.json", "--out", "x.plan", "--allow", "takeover")
    assert planned.last == "Plan: 0 to add, 1 to change, 0 to destroy."
    assert "snapshot of" in cli("show", "x.plan").out.splitlines()[0]
    applied = cli("apply", "--plan", "x.plan", "--auto-approve")
    assert applied.last == "Apply complete! Projects: 0 added, 1 changed, 0 destroyed.", applied.err
    assert json.loads(served.store.get("p"))["param_history"][-1]["callback_url"] == "https://u:s3cr3t@x"
    assert "mine" not in served.store.get("p")
    assert "callback_url" in cli("plan").out


def test_what_is_sensitive_by_now_is_not_compared_either(
    cli: Cli, served: Served, write: Write, repository: Path
) -> None:
    """A snapshot that was taken before the pattern came."""
    served.store.seed([live("p", {"hosts": ["s3cr3t"], "a": 1}, ["Cat", "S3cr3t"])])
    cli("snapshot", "--out", "s.json")
    write("p.yaml", M + "params: {hosts: [], a: 1}\nontology: [Cat]\n")
    assert "s3cr3t" in cli("plan", "--live", "s.json").out
    (repository / "reconciler.toml").write_text('sensitive = ["params.hosts[*]", "ontology.S3cr3t"]\n')
    planned = cli("plan", "--live", "s.json")
    assert planned.last.startswith("No changes.")
    assert "s3cr3t" not in (planned.out + planned.err).lower()
    assert cli("drift", "--live", "s.json").last.startswith("No drift.")


def test_hostile_words_of_a_snapshot_are_shown_escaped(
    cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    bad = "\x1b[31m\n::error::x\n##[error]\u202e"
    write("p.yaml", M + "params: {a: 1}\nontology: [Cat]\n")
    served.store.seed([live("p", {"a": 2}, ["Cat"])])
    cli("snapshot", "--out", "s.json")

    def forged(**more: Any) -> list[Any]:
        document = json.loads(Path("s.json").read_text())
        document["projects"][0]["params"][-1]["content"] = {bad: bad, "a": bad}
        document["projects"][0]["ontology"][-1].update(content=[bad, {"choice": "Cat", "description": bad}], name=bad)
        document["projects"].append({**document["projects"][0], "name": bad})
        document["target"]["endpoint"] = document["target"]["account"] = bad
        forge({**document, **more}, Path("f.json"))
        return [cli(command, "--live", "f.json") for command in ("plan", "drift")]

    for said in (
        *forged(),
        *forged(target={"name": bad, "endpoint": "e", "account": None}),
        *forged(format_version=bad),
        *forged(projects=[{**json.loads(Path("s.json").read_text())["projects"][0], "origins": {bad: 1}}]),
    ):
        printed = said.out + said.err
        assert said.code in (0, 1, 2)
        assert "Traceback" not in printed
        assert not {"\x1b", "\u202e"} & set(printed)
        assert "##[" not in printed
        # The start of a line is ours: an annotation of a manifest's line.
        acting = [line for line in printed.splitlines() if line.strip().startswith("::")]
        ours = r"::(error|warning|notice) (file=projects/p\.yaml,line=\d+,col=\d+,)?title=[\w-]+::"
        assert [line for line in acting if not re.match(ours, line)] == []


def test_a_clone_without_key_plans_from_the_published_one(
    cli: Cli,
    served: Served,
    write: Write,
    repository: Path,
    remote: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("p", "q", "r"):
        text = f"name: {name}\ntype: imageannotation\nparams: {{a: 1}}\nontology: [Cat]\n"
        write(f"{name}.yaml", text + "reconcile: {ignore: [params.callback_url]}\n")
        served.store.seed([live(name, {"a": 1, "callback_url": "https://u:s3cr3t@x"}, ["Cat"])])
    push(repository)
    assert cli("apply", "--auto-approve").code == 0
    served.store.edit_params("p", {"a": 2})
    served.store.edit_params("p", {"b": 3})
    served.store.edit_ontology("q", ["Cat", "Fox"])
    served.store.seed([live("foreign", {"callback_url": "s3cr3t"})])
    for _ in range(3):
        published = cli("snapshot", "--publish")
        assert published.code == 0, published.err
        assert published.last == f"Snapshot saved: {REF} on origin"
    assert git(remote, "rev-list", "--count", REF) == "1"
    assert git(repository, "for-each-ref", "refs/reconciler/snapshot") == ""
    everything = subprocess.run(
        ["git", "cat-file", "--batch", "--batch-all-objects"], cwd=remote, check=True, capture_output=True
    ).stdout
    assert b'"name":"foreign"' in everything
    snapshots = git(remote, "cat-file", "blob", f"{REF}:snapshot.json")
    assert json.loads(snapshots)["commit"] == git(repository, "rev-parse", "HEAD")
    assert b"s3cr3t" not in everything

    changed = (repository / "projects" / "q.yaml").read_text().replace("a: 1", "a: 5")
    (repository / "projects" / "q.yaml").write_text(changed)
    whole = {
        arguments: cli(*arguments, "--format", "json").json()
        for arguments in (("plan",), ("plan", "--pending"), ("plan", "q"), ("drift",), ("drift", "p"))
    }
    clone = tmp_path_factory.mktemp("clones") / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{remote}", str(clone)], check=True)
    (clone / "projects" / "q.yaml").write_text(changed)
    monkeypatch.chdir(clone)
    without_key(monkeypatch)
    served.requests.clear()
    before = git(clone, "for-each-ref")
    for arguments, expected in whole.items():
        document = cli(*arguments, "--live", "@", "--format", "json").json()
        assert document["snapshot"]["timestamp"].endswith("Z")
        assert expected["snapshot"] is None
        if arguments[0] == "drift":
            assert document["summary"] == expected["summary"]
            assert document["vanished"] == expected["vanished"]
            for project, other in zip(document["projects"], expected["projects"], strict=True):
                assert [_ageless(unit) for unit in project["units"]] == [_ageless(unit) for unit in other["units"]]
                assert project["transient"] == other["transient"]
        else:
            assert document["plan_hash"] == expected["plan_hash"]
            for change, other in zip(document["resource_changes"], expected["resource_changes"], strict=True):
                for key in ("fields", "hash", "expected", "held_by", "waived_by"):
                    assert change[key] == other[key]
    shown = cli("plan", "--live", "@")
    assert " live projects, snapshot of 20" in shown.out.splitlines()[0]
    assert served.url in shown.out.splitlines()[0]
    assert git(clone, "for-each-ref") == before
    assert not (clone / ".git" / "FETCH_HEAD").exists()
    assert served.requests == []


def _ageless(unit: Any) -> Any:
    return {key: value for key, value in unit.items() if key != "age_seconds"}


@pytest.mark.parametrize("pending", [(), ("--pending",)])
def test_a_plan_is_the_same_as_a_live_one(cli: Cli, served: Served, write: Write, pending: tuple[str, ...]) -> None:
    """Creates, updates, blocked, held, forgotten and unmanaged projects; all classes."""
    names = ["keep", "drift", "both", "gone", "typed", "conflict"]
    for name in names:
        write(f"{name}.yaml", f"name: {name}\ntype: imageannotation\nparams: {{a: 1, b: 1}}\nontology: [Cat, Dog]\n")
    cli("apply", "--auto-approve")
    served.store.edit_params("drift", {"a": 2})
    served.store.edit_params("both", {"a": 3})
    served.store.edit_params("conflict", {"a": 9})
    served.store.edit_ontology("both", ["Cat", "Dog", "Fox"])
    served.store.seed([live("unmanaged", {"z": 1}), live("new_one_", {"a": 1}), live("old", archived=True)])
    write("both.yaml", "name: both\ntype: imageannotation\nparams: {a: 3, b: 2}\nontology: [Cat]\n")
    write("conflict.yaml", "name: conflict\ntype: imageannotation\nparams: {a: 8, b: 1}\nontology: [Dog, Cat]\n")
    write("typed.yaml", "name: typed\ntype: categorization\n")
    write("new.yaml", "name: new-one\ntype: imageannotation\nparams: {a: 1}\n")
    (Path("projects") / "gone.yaml").unlink()
    assert cli("snapshot", "--publish").last == f"Snapshot saved: {REF}"
    for command in (["plan", *pending], ["drift"]):
        seen = cli(*command, "--format", "json")
        served.requests.clear()
        same = cli(*command, "--live", "@", "--format", "json")
        assert served.requests == []
        assert same.code == seen.code
        left, right = seen.json(), same.json()
        for document in (left, right):
            for project in document.get("projects", []):
                project["units"] = [_ageless(unit) for unit in project["units"]]
        assert spoken(left) == spoken(right)
        assert [printed["code"] for printed in left["diagnostics"]] == [
            printed["code"] for printed in right["diagnostics"]
        ]


def test_gets_only_where_the_list_hides_what_the_record_names(
    cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that leaves earlier versions out: the recorded projects are got, no other."""
    from reconciler.scale.client import ScaleClient

    write("p.yaml", M + "params: {a: 1}\n")
    cli("apply", "--auto-approve")
    served.store.edit_params("p", {"a": 2})
    served.store.seed([live("foreign", {"a": 1})])
    whole = ScaleClient.list_projects

    async def cut(client: ScaleClient) -> Any:
        from dataclasses import replace

        from reconciler.model.project import LiveProject

        shown = [project for project in await whole(client) if isinstance(project, LiveProject)]
        return [replace(project, params_history=project.params_history[-1:]) for project in shown]

    monkeypatch.setattr(ScaleClient, "list_projects", cut)
    served.requests.clear()
    assert cli("snapshot", "--out", "s.json").code == 0
    assert served.requests == ["GET /v1/projects", "GET /v1/projects/p"]
    versions = {entry["name"]: len(entry["params"]) for entry in json.loads(Path("s.json").read_text())["projects"]}
    assert versions == {"foreign": 1, "p": 2}
    assert "drift" in cli("plan", "--live", "s.json").out


def test_a_snapshot_older_than_the_last_apply_is_reported(
    cli: Cli, served: Served, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    cli("apply", "--auto-approve")
    cli("snapshot", "--out", "s.json")
    document = json.loads(Path("s.json").read_text())
    document["timestamp"] = "2026-01-01T10:02:11Z"
    forge(document, Path("s.json"))
    write("p.yaml", M + "params: {a: 2}\n")
    cli("apply", "--auto-approve")
    planned = cli("plan", "--live", "s.json", "--pending")
    assert "(1 live project, snapshot of 2026-01-01 10:02 UTC, " in planned.out.splitlines()[0]
    assert planned.out.splitlines()[0].endswith(" days ago)")
    assert "warning[snapshot-outdated]: the snapshot is older than the last apply" in planned.err
    assert "The snapshot does not show the version that the last apply recorded" in planned.out
    assert "Scale's history no longer shows" not in planned.out
    assert "warning[snapshot-outdated]" in cli("drift", "--live", "s.json").err
    classes = [
        unit["class"]
        for project in cli("drift", "--live", "s.json", "--format", "json").json()["projects"]
        for unit in project["units"]
    ]
    assert classes == ["unknown"]


def forge(document: Any, file: Path) -> None:
    """What anybody can write: the digest is not a signature."""
    document.pop("digest", None)
    document["digest"] = hashlib.sha256(canonical_json(document).encode()).hexdigest()
    file.write_text(json.dumps(document, separators=(",", ":")))


def test_a_forged_snapshot_misleads_a_preview_and_nothing_else(
    cli: Cli, served: Served, write: Write, repository: Path
) -> None:
    """Who can push can write the ref. Neither a write nor a key follows it."""
    write("p.yaml", M + "params: {a: 1, b: 1}\n")
    cli("apply", "--auto-approve")
    cli("snapshot", "--publish")
    forged = json.loads(git(repository, "cat-file", "blob", f"{REF}:snapshot.json"))
    forged["target"]["endpoint"] = "https://evil.example.com/v1"
    forged["projects"][0]["params"][-1]["content"] = {"a": 2, "b": "\x1b[31m::error::x\u202e"}
    forge(forged, repository / "f.json")
    blob = git(repository, "hash-object", "-w", "f.json")
    made = subprocess.run(
        ["git", "mktree"],
        cwd=repository,
        input=f"100644 blob {blob}\tsnapshot.json\n",
        text=True,
        capture_output=True,
        check=True,
    )
    commit = git(repository, "commit-tree", made.stdout.strip(), "-m", "forged")
    git(repository, "update-ref", REF, commit)

    misled = cli("plan", "--live", "@", "--out", "x.plan")
    assert "a = 2 -> 1" in misled.out
    assert "\x1b" not in misled.out
    assert "\u202e" not in misled.out
    assert "https://evil.example.com/v1" in misled.out
    before = served.store.get("p")
    served.requests.clear()
    refused = cli("apply", "--plan", "x.plan", "--auto-approve")
    assert refused.code == 1
    assert "the plan was made for the endpoint" in refused.err
    assert served.requests == []
    # Nor where the endpoint is the right one: live is read right before the write, and is another.
    forged["target"]["endpoint"] = served.url
    forge(forged, repository / "f.json")
    cli("plan", "--live", "f.json", "--out", "x.plan")
    stale = cli("apply", "--plan", "x.plan", "--auto-approve")
    assert "POST" not in served.methods
    assert stale.last.startswith("Apply complete! Projects: 0 added, 0 changed") or "1 skipped" in stale.last
    assert served.store.get("p") == before
    # An apply knows no snapshot at all.
    assert cli("apply", "--auto-approve").last.startswith("Apply complete! Projects: 0 added, 0 changed")
    assert cli("apply", "--live", "@").code == 1
    assert served.store.get("p") == before
    # The next one that is published takes its place.
    assert cli("snapshot", "--publish").code == 0
    assert cli("plan", "--live", "@").last.startswith("No changes.")


def test_what_is_not_there_or_not_right(
    cli: Cli, served: Served, write: Write, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", M)
    for arguments, words in (
        (["plan", "--live", "@"], "there is no snapshot of production in this clone"),
        (["drift", "--live", "@"], f"\n  reconciler snapshot --target production --endpoint {served.url} --publish\n"),
        (["plan", "--live", "none.json"], "none.json cannot be read"),
        (["plan", "--live", "projects/p.yaml"], "is not JSON"),
        (["plan", "--live", "@", "--endpoint", served.url], "--endpoint cannot be combined with --live"),
        (["drift", "--live", "@", "--endpoint", served.url], "--endpoint cannot be combined with --live"),
        (["snapshot"], "use either --out FILE or --publish"),
        (["snapshot", "--out", "s.json", "--publish"], "use either --out FILE or --publish"),
        (["snapshot", "--out", "projects/s.json"], "cannot be saved in the manifest folder"),
        (["snapshot", "--out", ".gitignore"], "already exists and is not a snapshot"),
    ):
        said = cli(*arguments)
        assert said.code == 1
        assert words in said.err, said.err
    document = cli("plan", "--live", "@", "--format", "json")
    assert (document.code, document.json()["errored"]) == (1, True)
    assert cli("drift", "--live", "@", "--format", "json").json()["diagnostics"][0]["code"] == "snapshot"
    assert served.requests == []
    cli("snapshot", "--out", "s.json")
    other = cli("plan", "--live", "s.json", "--target", "sandbox")
    assert other.code == 1
    assert 'the snapshot was taken of target "production", not "sandbox"' in other.err
    assert cli("plan", "--out", "s.json").code == 1
    cli("plan", "--out", "x.plan")
    assert "already exists and is not a snapshot" in cli("snapshot", "--out", "x.plan").err
    assert cli("snapshot", "--out", "s.json").code == 0


def test_an_endpoint_that_a_file_alone_names_is_shown_and_never_opened(
    cli: Cli, served: Served, write: Write, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("p.yaml", M)
    cli("snapshot", "--out", "s.json")
    (repository / "reconciler.toml").write_text('[targets.production]\nendpoint = "https://proxy.example.com/v1"\n')
    without_key(monkeypatch)
    planned = cli("plan", "--live", "s.json")
    assert planned.last == "Plan: 1 to add, 0 to change, 0 to destroy."
    assert served.url in planned.out.splitlines()[0]


def test_the_sandbox_has_snapshots_too(cli: Cli, write: Write, repository: Path) -> None:
    write("p.yaml", M + "params: {a: 1}\n")
    assert cli("snapshot", "--publish").out.splitlines()[0].endswith("UTC)")
    assert cli("plan", "--live", "@").last == "Plan: 1 to add, 0 to change, 0 to destroy."
    cli("apply", "--auto-approve")
    cli("snapshot", "--publish")
    assert cli("plan", "--live", "@").last.startswith("No changes.")
    assert cli("drift", "--live", "@").last.startswith("No drift.")


def test_outside_git_there_is_the_file_alone(
    cli: Cli, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("bare")
    (folder / "projects").mkdir()
    (folder / "projects" / "p.yaml").write_text(M)
    monkeypatch.chdir(folder)
    assert "needs a git repository" in cli("snapshot", "--publish").err
    assert cli("snapshot", "--out", "s.json").code == 0
    assert cli("plan", "--live", "s.json").last == "Plan: 1 to add, 0 to change, 0 to destroy."
