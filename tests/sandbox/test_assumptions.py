"""Every switch, seen through the API: each test is one switch, at its default and away from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import pytest
from click.testing import CliRunner

from reconciler.sandbox.app import create_app
from reconciler.sandbox.assumptions import DEFAULT, Assumptions, switches
from tests.sandbox.calling import Caller
from tests.sandbox.conftest import NOON
from tests.sandbox.dashboard import Dashboard

AT = "2026-11-24T12:00:00.000Z"
KITTENS = {"type": "imageannotation", "name": "kittens"}
PATH = "/v1/projects/kittens"

Start = Callable[..., Caller]


@pytest.fixture
def start(file: Path) -> Start:
    """An account of its own for each call, with these switches."""
    number = 0

    def start(*texts: str) -> Caller:
        nonlocal number
        number += 1
        return Caller(_app(file.with_name(f"{number}.db"), *texts))

    return start


def _app(file: Path, *texts: str) -> Any:
    return create_app(file, now=lambda: NOON, assumptions=Assumptions.parse(texts))


def created(caller: Caller, params: Any = None, *, name: str = "kittens") -> Any:
    answer = caller.post("/v1/projects", {"type": "imageannotation", "name": name, "params": params})
    assert answer.status == 200
    return answer.body


def set_params(caller: Caller, body: Any) -> None:
    assert caller.post(f"{PATH}/setParams", body).status == 200


def set_ontology(caller: Caller, *choices: Any, **more: str) -> None:
    assert caller.post(f"{PATH}/setOntology", {"ontology": choices, **more}).status == 200


def history(caller: Caller) -> list[Any]:
    """The parameters of each version, as get shows them."""
    return [
        {key: value for key, value in entry.items() if key not in ("version", "created_at")}
        for entry in caller.get(PATH).body["param_history"]
    ]


def ontologies(caller: Caller) -> list[Any]:
    found: list[Any] = caller.get(PATH).body["ontologyHistory"]
    return found


def test_choices(start: Start) -> None:
    tree = ["Cat", {"choice": "Ant"}, {"choice": "Dog", "display": "A dog", "subchoices": ["Pug", {"choice": "Lab"}]}]
    shown = []
    for caller in (start(), start("choices=strings")):
        created(caller)
        set_ontology(caller, *tree)
        shown.append(ontologies(caller)[0]["ontology"])
    assert shown[0] == [
        {"choice": "Cat"},
        {"choice": "Ant"},
        {"choice": "Dog", "display": "A dog", "subchoices": [{"choice": "Pug"}, {"choice": "Lab"}]},
    ]
    assert shown[1] == ["Cat", "Ant", {"choice": "Dog", "display": "A dog", "subchoices": ["Pug", "Lab"]}]


def test_ontology_versions(start: Start) -> None:
    shown = []
    for caller in (start(), start("ontology-versions=present")):
        created(caller)
        set_ontology(caller, "Cat")
        set_ontology(caller, "Dog")
        shown.append(ontologies(caller))
    assert not {"version", "created_at"} & shown[0][1].keys()
    assert [(entry["version"], entry["created_at"]) for entry in shown[1]] == [(0, AT), (1, AT)]


def test_equal_params(start: Start) -> None:
    for caller, versions in ((start(), 4), (start("equal-params=nothing"), 2)):
        created(caller, {"a": 1, "b": [{"x": True, "y": 0.5}]})
        set_params(caller, {"b": [{"y": 0.5, "x": True}], "a": 1})
        set_params(caller, {"patch": True, "a": 1})
        set_params(caller, {"patch": True, "b": [{"y": 0.5, "x": 1}]})
        assert len(history(caller)) == versions


def test_equal_params_make_a_first_version(start: Start) -> None:
    caller = start("equal-params=nothing")
    created(caller)
    set_params(caller, {})
    assert history(caller) == [{}]


def test_null(start: Start) -> None:
    shown = []
    for caller in (start(), start("null=removes")):
        created(caller, {"a": None, "b": 1, "c": {"d": None}})
        set_params(caller, {"patch": True, "b": None, "e": 2})
        set_params(caller, {"f": None, "g": 3})
        shown.append(history(caller))
    assert shown[0] == [
        {"a": None, "b": 1, "c": {"d": None}},
        {"a": None, "b": None, "c": {"d": None}, "e": 2},
        {"f": None, "g": 3},
    ]
    assert shown[1] == [{"b": 1, "c": {"d": None}}, {"c": {"d": None}, "e": 2}, {"g": 3}]


def test_added_keys(start: Start) -> None:
    shown = []
    for caller in (start(), start("added-keys=some")):
        created(caller, {"a": 1})
        set_params(caller, {"with_labels": True})
        shown.append(history(caller))
    assert shown[0] == [{"a": 1}, {"with_labels": True}]
    assert shown[1] == [
        {"a": 1, "can_add_tags": True, "with_labels": False},
        {"with_labels": True, "can_add_tags": True},
    ]


def test_strings(start: Start) -> None:
    sent = {"instruction": "  Look.\n", "tags": [" a", {"x": "b "}, 1], " key ": None}
    shown = []
    for caller in (start(), start("strings=trimmed")):
        created(caller, sent)
        set_params(caller, sent)
        shown.append(history(caller))
    assert shown[0] == [sent, sent]
    assert shown[1] == [{"instruction": "Look.", "tags": ["a", {"x": "b"}, 1], " key ": None}] * 2


def test_empty_values(start: Start) -> None:
    sent: dict[str, Any] = {"a": [], "b": {}, "c": "", "d": None, "e": 0, "f": False, "g": [[]]}
    shown = []
    for caller in (start(), start("empty-values=pruned"), start("empty-values=pruned", "strings=trimmed")):
        created(caller, sent)
        set_params(caller, {"patch": True, "e": [], "h": " "})
        shown.append(history(caller))
    assert shown[0] == [sent, {**sent, "e": [], "h": " "}]
    assert shown[1] == [{"e": 0, "f": False, "g": [[]]}, {"f": False, "g": [[]], "h": " "}]
    assert shown[2][1] == {"f": False, "g": [[]]}


def test_create_shows(start: Start) -> None:
    assert created(start(), {"a": 1})["param_history"] == []
    assert created(start("create-shows=at-once"), {"a": 1})["param_history"] == [
        {"a": 1, "version": 0, "created_at": AT}
    ]


def fill(caller: Caller) -> None:
    """Four versions of the params, three of the ontology, with all that could be taken for the end of an entry."""
    created(caller, {"a": '"],[{,', "big": int("9" * 700)})
    for number in range(3):
        set_params(caller, {"b": number, "c": [{"d": "}"}]})
        set_ontology(caller, f"Cat {number}", {"choice": '\\"},{'})


def test_list_histories(start: Start) -> None:
    for caller, params, trees in ((start(), [0, 1, 2, 3], 3), (start("list-histories=last"), [3], 1)):
        created(caller, name="bare")
        fill(caller)
        bare, kittens = caller.get("/v1/projects").body
        assert bare["param_history"] == []
        assert "ontologyHistory" not in bare
        assert [entry["version"] for entry in kittens["param_history"]] == params
        assert len(kittens["ontologyHistory"]) == trees
        assert kittens["ontologyHistory"][-1]["ontology"][0] == {"choice": "Cat 2"}
        assert len(caller.get(PATH).body["param_history"]) == 4


def test_histories(start: Start) -> None:
    for caller, params, trees in ((start(), [0, 1, 2, 3], 3), (start("histories=capped"), [2, 3], 2)):
        fill(caller)
        shown = caller.get(PATH).body
        assert [entry["version"] for entry in shown["param_history"]] == params
        assert len(shown["ontologyHistory"]) == trees
        assert len(caller.get("/v1/projects").body[0]["param_history"]) == 4
        written = caller.post(f"{PATH}/setParams", {}).body["param_history"]
        assert [entry["version"] for entry in written][-2:] == [3, 4]
        assert len(written) == len(params) + (len(params) == 4)


@pytest.mark.parametrize("texts", [(), ("archived-name=kept",)])
def test_an_archived_name_that_is_kept(file: Path, texts: tuple[str, ...]) -> None:
    caller = Caller(_app(file, *texts))
    created(caller)
    Dashboard(file).archive("kittens")
    assert caller.post("/v1/projects", KITTENS).status == 409


def test_an_archived_name_that_is_free(file: Path) -> None:
    caller = Caller(_app(file, "archived-name=free"))
    store = Dashboard(file, assumptions=Assumptions(archived_name="free"))
    for number in range(3):
        created(caller, {"number": number})
        assert caller.post("/v1/projects", KITTENS).status == 409
        if number < 2:
            store.archive("kittens")
    set_params(caller, {"number": 3})
    assert history(caller) == [{"number": 2}, {"number": 3}]
    listed = caller.get("/v1/projects").body
    shown = [(project["name"], project["archived"], len(project["param_history"])) for project in listed]
    assert shown == [("kittens", True, 1), ("kittens", True, 1), ("kittens", False, 2)]
    assert len(caller.get("/v1/projects?archived=true").body) == 2
    assert Caller(create_app(file)).get("/v1/projects").body == listed


def test_a_seed_and_a_rename_take_a_free_name_too(file: Path) -> None:
    store = Dashboard(file, assumptions=Assumptions(archived_name="free"))
    store.seed([{**KITTENS, "archived": True}, {"type": "chat", "name": "cats", "archived": True}])
    store.seed([KITTENS])
    store.rename("kittens", "cats")
    assert store.list_projects().count('"name":"cats"') == 2


def test_ontology_name(start: Start) -> None:
    shown = []
    for caller in (start(), start("ontology-name=replaced")):
        created(caller)
        set_ontology(caller, "Cat")
        set_ontology(caller, "Dog", name="mine")
        shown.append([entry.get("name") for entry in ontologies(caller)])
    assert shown == [[None, "mine"], ["untitled", "mine"]]


def test_get_case(start: Start) -> None:
    for caller, status in ((start(), 404), (start("get-case=ignored"), 200)):
        assert caller.get(PATH).status == 404
        for name in ("ÉTÉ", "été 2"):
            created(caller, name=name)
        assert caller.get(f"/v1/projects/{quote('été')}").status == status
        assert caller.get(f"/v1/projects/{quote('ÉTÉ 2')}").status == status
        assert caller.get(f"/v1/projects/{quote('ÉTÉ')}").body["name"] == "ÉTÉ"
        assert caller.get(PATH).status == 404
        created(caller, name="été")
        assert caller.get(f"/v1/projects/{quote('été')}").body["name"] == "été"


def test_switches_are_read_by_name() -> None:
    assert Assumptions.parse([]) == DEFAULT == Assumptions()
    read = Assumptions.parse(["choices=strings", "ontology-versions=present"])
    assert read == Assumptions(choices="strings", ontology_versions="present")
    for switch in switches():
        assert Assumptions.parse([f"{switch.name}={switch.values[0]}"]) == DEFAULT
        for value in switch.values[1:]:
            assert Assumptions.parse([f"{switch.name}={value}"]) != DEFAULT


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["choices"], '"choices" is not in the form NAME=VALUE'),
        (["choics=strings"], 'did you mean "choices"\\? Known switches: choices, ontology-versions, .*, histories'),
        (["ontology_versions=present"], 'unknown switch "ontology_versions"'),
        (["choices=text"], '"choices" must be objects or strings, not "text"'),
        (["null=removes", "null=stored"], '"null" appears twice'),
    ],
)
def test_a_switch_that_is_wrong(texts: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Assumptions.parse(texts)


def serve_command() -> click.Command:
    from reconciler.cli.sandbox import serve

    return serve


def test_the_command_line_lists_them() -> None:
    shown = CliRunner().invoke(serve_command(), ["--help"])
    assert shown.exit_code == 0
    text = " ".join(shown.output.split())
    for switch in switches():
        assert f"{switch.name}={'|'.join(switch.values)} {switch.meaning}" in text


@pytest.mark.parametrize("text", ["nope=1", "choices=1", "choices"])
def test_the_command_line_refuses_others(text: str) -> None:
    refused = CliRunner().invoke(serve_command(), ["--assume", text])
    assert refused.exit_code == click.UsageError.exit_code
    assert "--assume" in refused.output
