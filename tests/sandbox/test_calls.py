"""What each call does, as scale-api.md describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.calling import Caller
from tests.sandbox.dashboard import Dashboard

AT = "2026-11-24T12:00:00.000Z"
KITTENS = {"type": "imageannotation", "name": "kittens"}


def history(caller: Caller, name: str = "kittens") -> list[Any]:
    answer = caller.get(f"/v1/projects/{quote(name, safe='')}")
    assert answer.status == 200
    found: list[Any] = answer.body["param_history"]
    return found


def test_an_empty_account_lists_nothing_and_leaves_nothing_on_disk(caller: Caller, file: Path) -> None:
    assert caller.get("/v1/projects").body == []
    assert caller.get("/v1/projects?archived=true").body == []
    assert caller.get("/v1/projects/kittens").status == 404
    assert caller.post("/v1/projects/kittens/setParams", {"a": 1}).status == 404
    assert caller.post("/v1/projects/kittens/setOntology", {"ontology": ["a"]}).status == 404
    assert not file.parent.exists()


def test_a_create_answers_no_history_although_a_get_shows_version_0(caller: Caller, file: Path) -> None:
    answer = caller.post("/v1/projects", {**KITTENS, "params": {"instruction": "Label the kittens"}})
    assert answer.status == 200
    assert answer.body["param_history"] == []
    assert history(caller) == [{"instruction": "Label the kittens", "version": 0, "created_at": AT}]
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("extra", [{}, {"params": None}])
def test_a_create_without_parameters_makes_no_version(caller: Caller, extra: dict[str, None]) -> None:
    assert caller.post("/v1/projects", {**KITTENS, **extra}).status == 200
    assert history(caller) == []


def test_a_create_with_empty_parameters_makes_an_empty_version(caller: Caller) -> None:
    caller.post("/v1/projects", {**KITTENS, "params": {}})
    assert history(caller) == [{"version": 0, "created_at": AT}]


def test_a_project_shows_what_was_created_and_more_than_a_client_knows(caller: Caller) -> None:
    sent = {
        **KITTENS,
        "rapid": True,
        "studio": True,
        "pipeline": "consensus_task",
        "consensus_attempts": 3,
        "datasetId": "ds_1",
    }
    caller.post("/v1/projects", sent)
    shown = caller.get("/v1/projects/kittens").body
    assert shown["type"] == "imageannotation"
    assert shown["name"] == "kittens"
    assert shown["created_at"] == AT
    assert shown["pipelineName"] == "consensus_task"
    assert shown["numConsensus"] == 3
    assert shown["nucleusDatasetId"] == "ds_1"
    assert shown["archived"] is False
    assert not {"rapid", "studio", "pipeline", "consensus_attempts", "datasetId", "ontologyHistory"} & shown.keys()
    assert {"created_by", "created_with", "numReviews", "pinned", "datasetLinks"} < shown.keys()


def test_the_list_is_a_bare_array_in_the_order_of_creation_like_get(caller: Caller) -> None:
    for name in ("b", "a", "c"):
        caller.post("/v1/projects", {"type": "chat", "name": name, "params": {"tags": [name]}})
    listed = caller.get("/v1/projects").body
    assert [project["name"] for project in listed] == ["b", "a", "c"]
    assert listed[1] == caller.get("/v1/projects/a").body


def test_the_list_can_be_filtered_by_archived(caller: Caller, store: Dashboard) -> None:
    for name in ("old", "new"):
        caller.post("/v1/projects", {"type": "chat", "name": name})
    store.archive("old")

    def names(query: str) -> list[str]:
        return [project["name"] for project in caller.get(f"/v1/projects{query}").body]

    assert names("") == ["old", "new"]
    assert names("?archived=true") == ["old"]
    assert names("?archived=false") == ["new"]
    assert names("?other=1&archived=false") == ["new"]
    assert caller.get("/v1/projects/old").body["archived"] is True


def test_set_params_replaces_unless_it_patches_the_top_level(caller: Caller) -> None:
    caller.post("/v1/projects", {**KITTENS, "params": {"a": {"x": 1}, "b": [1], "c": "keep"}})
    path = "/v1/projects/kittens/setParams"
    caller.post(path, {"patch": True, "a": {"y": 2}, "d": None})
    answer = caller.post(path, {"patch": False, "only": 1})
    assert answer.status == 200
    assert answer.body["param_history"] == history(caller)
    caller.post(path, {"more": 2})
    assert history(caller)[1:] == [
        {"a": {"y": 2}, "b": [1], "c": "keep", "d": None, "version": 1, "created_at": AT},
        {"only": 1, "version": 2, "created_at": AT},
        {"more": 2, "version": 3, "created_at": AT},
    ]


def test_a_patch_may_be_spelled_as_text_and_needs_no_earlier_version(caller: Caller) -> None:
    caller.post("/v1/projects", KITTENS)
    path = "/v1/projects/kittens/setParams"
    caller.post(path, {"patch": "true", "a": 1})
    caller.post(path, {"patch": "true", "b": 2})
    caller.post(path, {"patch": "false", "b": 3})
    assert [sorted(entry.keys() - {"version", "created_at"}) for entry in history(caller)] == [["a"], ["a", "b"], ["b"]]


def test_every_set_params_appends_a_version_even_without_a_change(caller: Caller) -> None:
    caller.post("/v1/projects", {**KITTENS, "params": {"a": 1}})
    for _ in range(2):
        caller.post("/v1/projects/kittens/setParams", {"a": 1})
    assert [entry["version"] for entry in history(caller)] == [0, 1, 2]


def test_an_ontology_comes_back_as_objects_with_its_name(caller: Caller) -> None:
    caller.post("/v1/projects", KITTENS)
    path = "/v1/projects/kittens/setOntology"
    tree = ["Cat", {"choice": "Dog", "display": "A dog", "subchoices": ["Pug", {"choice": "Lab"}]}]
    first = caller.post(path, {"ontology": tree, "name": "first"})
    assert first.status == 200
    caller.post(path, {"ontology": [{"choice": "Cat", "attachments": ["kept"]}], "name": None})
    assert caller.get("/v1/projects/kittens").body["ontologyHistory"] == [
        {
            "ontology": [
                {"choice": "Cat"},
                {"choice": "Dog", "display": "A dog", "subchoices": [{"choice": "Pug"}, {"choice": "Lab"}]},
            ],
            "name": "first",
        },
        {"ontology": [{"choice": "Cat", "attachments": ["kept"]}]},
    ]
    assert caller.post(path, {"ontology": []}).status == 200


def test_an_archived_project_takes_writes(caller: Caller, store: Dashboard) -> None:
    caller.post("/v1/projects", KITTENS)
    store.archive("kittens")
    assert caller.post("/v1/projects/kittens/setParams", {"a": 1}).body["archived"] is True
    assert caller.post("/v1/projects/kittens/setOntology", {"ontology": ["Cat"]}).status == 200


@pytest.mark.parametrize(
    "name", ["a b/c", "é", "%2F", "..a", "...", "n" * 300, "?x=1#y", "a+b", "\\", '"', "line\nbreak", "日本", "\u0000"]
)
def test_a_weird_name_is_one_project(caller: Caller, name: str) -> None:
    assert caller.post("/v1/projects", {"type": "chat", "name": name}).status == 200
    path = f"/v1/projects/{quote(name, safe='')}"
    assert caller.post(f"{path}/setParams", {"a": 1}).body["name"] == name
    assert caller.post(f"{path}/setOntology?q=/", {"ontology": ["a"]}).body["name"] == name
    assert caller.get(path).body["name"] == name
    assert len(caller.get("/v1/projects").body) == 1


def test_numbers_come_back_digit_by_digit(caller: Caller, store: Dashboard) -> None:
    digits = "9" * 5000
    body = f'{{"type": "chat", "name": "n", "params": {{"big": {digits}, "small": 0.10, "huge": 1e999, "int": -7}}}}'
    assert caller.call("POST", "/v1/projects", body).status == 200
    caller.call("POST", "/v1/projects/n/setParams", '{"patch": true, "\\ud800": "\\ud800"}')
    text = store.get("n")
    assert text.count(f'"big":{digits},"small":0.10,"huge":1e999,"int":-7') == 2
    assert '"\\ud800":"\\ud800"' in text
