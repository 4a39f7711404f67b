"""Bytes → LiveProject."""

from __future__ import annotations

import gc
import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.errors import UnreadableAnswerError
from reconciler.scale.wire import read_project, read_projects

AT = "2026-01-02T03:04:05.678Z"
THEN = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)


def project_bytes(**fields: Any) -> bytes:
    return json.dumps({"type": "imageannotation", "name": "p", **fields}).encode()


def raw(params: bytes) -> bytes:
    return b'[{"type":"t","name":"p","param_history":[{"version":0,"v":%s}]}]' % params


def test_a_whole_project() -> None:
    project = read_project(
        project_bytes(
            created_at=AT,
            param_history=[{"a": 0, "version": 0}, {"a": 1, "b": [], "version": 7, "created_at": AT}],
            ontologyHistory=[{"ontology": ["A"]}, {"ontology": ["A", {"choice": "B"}], "name": "n", "created_at": AT}],
            pipelineName="standard_task",
            archived=True,
            pinned=False,
            something_new={"deep": [1]},
        )
    )
    assert (project.name, project.type, project.pipeline, project.archived) == (
        "p",
        "imageannotation",
        "standard_task",
        True,
    )
    assert (project.params, project.params_version, project.params_at) == ({"a": 1, "b": []}, 7, THEN)
    assert project.ontology == ["A", {"choice": "B"}]
    assert (project.ontology_name, project.ontology_version, project.ontology_at) == ("n", 1, THEN)
    assert project.ontology_problem is None
    assert project.created_at == AT


@pytest.mark.parametrize(
    "fields", [{}, {"param_history": [], "ontologyHistory": []}, {"param_history": None, "ontologyHistory": None}]
)
def test_nothing_ever_set(fields: dict[str, Any]) -> None:
    project = read_project(project_bytes(**fields))
    assert (project.params, project.params_version, project.params_at) == ({}, None, None)
    assert (project.ontology, project.ontology_version, project.ontology_problem) == (None, None, None)
    assert project.archived is False
    assert project.pipeline is None


@pytest.mark.parametrize("version", [None, "3", -1, True, 2.0])
def test_a_version_that_is_none_is_the_position(version: object) -> None:
    entry = {"a": 1, "version": version}
    assert read_project(project_bytes(param_history=[{}, {}, entry])).params_version == 2
    ontology = {"ontology": ["A"], "version": version}
    assert read_project(project_bytes(ontologyHistory=[ontology, ontology])).ontology_version == 1


@pytest.mark.parametrize(
    ("text", "time"),
    [
        (AT, THEN),
        ("2026-01-02T05:04:05.678+02:00", THEN),
        ("2026-01-02T03:04:05.678", THEN),
        ("yesterday", None),
        ("", None),
        (1767323045, None),
        (None, None),
        ("0001-01-01T00:00:00+23:59", None),
    ],
)
def test_times(text: object, time: datetime | None) -> None:
    project = read_project(project_bytes(param_history=[{"created_at": text}]))
    assert project.params_at == time
    assert project.params == {}


@pytest.mark.parametrize(
    ("history", "version", "words"),
    [
        ({}, None, "`ontologyHistory` is no array but an object"),
        ("x", None, "`ontologyHistory` is no array but a string"),
        ([{"ontology": ["A"]}, 3], 1, "no object but a number"),
        ([["A"]], 0, "no object but an array"),
        ([{"ontology": {"choice": "A"}, "version": 4}], 4, "no array `ontology` but an object"),
        ([{"version": 4}], 4, "no array `ontology` but null"),
    ],
)
def test_an_ontology_that_cannot_be_read_is_unknown(history: object, version: int | None, words: str) -> None:
    project = read_project(project_bytes(ontologyHistory=history))
    assert project.ontology is None
    assert project.ontology_version == version
    assert project.ontology_problem is not None
    assert words in project.ontology_problem


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"projects":[]}', "no JSON array of projects but an object"),
        (b"null", "but null"),
        (b'"[]"', "but a string"),
        (b"3", "but a number"),
        (b"false", "but a boolean"),
        (b"", "is no JSON"),
        (b"<html>", "is no JSON"),
        (b"[] []", "is no JSON"),
        (b"[3]", "number 1 of the list is no JSON object"),
        (b'[{"type":"t","name":"a"},{"type":"t"}]', "number 2 of the list has no `name`"),
        (b'[{"type":"t","name":null}]', "number 1 of the list has no `name`"),
        (b'[{"name":"a b"}]', 'project "a b" cannot be read: `type` is no string'),
        (b'[{"name":"a","type":"t","archived":"yes"}]', 'project "a" cannot be read: `archived`'),
        (b'[{"name":"a","type":"t","param_history":{}}]', 'project "a" cannot be read: `param_history` is no array'),
        (b'[{"name":"a","type":"t","param_history":[1]}]', 'project "a" cannot be read: the last entry'),
    ],
)
def test_what_cannot_be_read_is_an_error_that_says_where(body: bytes, words: str) -> None:
    with pytest.raises(UnreadableAnswerError) as caught:
        read_projects(body)
    assert words in caught.value.summary


def test_a_single_project_that_is_a_list() -> None:
    with pytest.raises(UnreadableAnswerError, match="The project is no JSON object but an array"):
        read_project(b"[]")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"9007199254740993", 9007199254740993),
        (b"-" + b"9" * 4000, -int("9" * 4000)),
        (b"1e400", math.inf),
        (b"-1e400", -math.inf),
        (b"0.10", 0.1),
        (b'"a\\u0000b"', "a\0b"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'{"k":1,"k":2}', {"k": 2}),
    ],
)
def test_values(text: bytes, value: object) -> None:
    (project,) = read_projects(raw(text))
    assert project.params["v"] == value
    assert type(project.params["v"]) is type(value)


def test_a_long_string() -> None:
    (project,) = read_projects(raw(b'"' + b"x" * 10_000_000 + b'"'))
    assert len(project.params["v"]) == 10_000_000


def test_150_levels() -> None:
    (project,) = read_projects(raw(b"[" * 150 + b"]" * 150))
    assert json.dumps(project.params["v"]) == "[" * 150 + "]" * 150


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"NaN", "is no JSON"),
        (b"-Infinity", "is no JSON"),
        (b"9" * 5000, "a whole number of more than 4300 digits"),
        (b'"\\ud800"', "half of a surrogate pair"),
        (b'"\\udc00x"', "half of a surrogate pair"),
        (b"[" * 300 + b"]" * 300, "more than 200 levels of nesting"),
    ],
)
def test_values_that_cannot_be_read_name_the_project(text: bytes, words: str) -> None:
    healthy = b'[{"type":"t","name":"healthy","param_history":[{"a":1e400}]},'
    with pytest.raises(UnreadableAnswerError) as caught:
        read_projects(healthy + raw(text)[1:])
    assert words in caught.value.summary
    assert 'project "p"' in caught.value.summary
    assert "column" in caught.value.detail
    assert caught.value.__cause__ is None


def test_a_nameless_project_that_cannot_be_read_is_counted() -> None:
    with pytest.raises(UnreadableAnswerError, match="project number 2"):
        read_projects(b'[{"name":"a"},{"v":NaN}]')


@pytest.mark.parametrize("body", [b'[{"name":"\xff"}]', b"[" * 100_000, b'["a\nb"]'])
def test_bytes_that_nobody_reads(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        read_projects(body)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(enabled: bool) -> None:
    try:
        (gc.enable if enabled else gc.disable)()
        read_projects(b"[]")
        with pytest.raises(UnreadableAnswerError):
            read_projects(b"{}")
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
