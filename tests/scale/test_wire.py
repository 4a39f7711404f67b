"""Bytes → LiveProject."""

from __future__ import annotations

import gc
import json
import math
from datetime import UTC, datetime
from typing import Any

import pydantic_core
import pytest

from reconciler.errors import UnreadableAnswerError
from reconciler.model.ontology import Choice, Ontology, Unreadable
from reconciler.model.project import LiveProject, UnreadableProject
from reconciler.scale import wire
from reconciler.scale.wire import parse_json, read_project, read_projects, read_raw_projects
from tests.calls import GROWTH, calls_of

AT = "2026-01-02T03:04:05.678Z"
THEN = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)


def project_bytes(**fields: Any) -> bytes:
    return json.dumps({"type": "imageannotation", "name": "p", **fields}).encode()


def one(body: bytes) -> LiveProject:
    project = read_project(body, "p")
    assert isinstance(project, LiveProject)
    return project


def live(body: bytes) -> list[LiveProject]:
    return [project for project in read_projects(body) if isinstance(project, LiveProject)]


def raw(params: bytes) -> bytes:
    return b'[{"type":"t","name":"p","param_history":[{"version":0,"v":%s}]}]' % params


def test_a_whole_project() -> None:
    project = one(
        project_bytes(
            created_at=AT,
            param_history=[{"a": 0, "version": 0}, {"a": 1, "b": [], "version": 7, "created_at": AT}],
            ontologyHistory=[{"ontology": ["A"]}, {"ontology": ["A", {"choice": "B"}], "name": "n", "created_at": AT}],
            pipelineName="standard_task",
            archived=True,
            taxonomy={"id": "t"},
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
    assert project.taxonomy
    assert (project.params, project.params_version, project.params_at) == ({"a": 1, "b": []}, 7, THEN)
    assert project.ontology == Ontology((Choice("A"), Choice("B")), "n")
    assert (project.ontology_version, project.ontology_at) == (1, THEN)
    assert project.created_at == AT


@pytest.mark.parametrize(
    "fields", [{}, {"param_history": [], "ontologyHistory": []}, {"param_history": None, "ontologyHistory": None}]
)
def test_nothing_ever_set(fields: dict[str, Any]) -> None:
    project = one(project_bytes(**fields))
    assert (project.params, project.params_version, project.params_at) == ({}, None, None)
    assert (project.ontology, project.ontology_version) == (None, None)
    assert project.archived is False
    assert project.taxonomy is False
    assert project.pipeline is None


@pytest.mark.parametrize("version", [None, "3", -1, True, 2.0])
def test_a_version_that_is_none_is_the_position(version: object) -> None:
    entry = {"a": 1, "version": version}
    assert one(project_bytes(param_history=[{}, {}, entry])).params_version == 2
    ontology = {"ontology": ["A"], "version": version}
    assert one(project_bytes(ontologyHistory=[ontology, ontology])).ontology_version == 1


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
    project = one(project_bytes(param_history=[{"created_at": text}]))
    assert project.params_at == time
    assert project.params == {}


@pytest.mark.parametrize(
    ("history", "version", "words"),
    [
        ({}, None, "ontologyHistory is an object, not an array"),
        ("x", None, "ontologyHistory is a string, not an array"),
        ([{"ontology": ["A"]}, 3], 1, "ontologyHistory[1] is a number, not an object"),
        ([["A"]], 0, "ontologyHistory[0] is an array, not an object"),
        (
            [{"ontology": {"choice": "A"}, "version": 4}],
            4,
            "ontologyHistory[0].ontology is an object, not an array",
        ),
        ([{"version": 4}], 4, "ontologyHistory[0].ontology is null, not an array"),
        ([{"ontology": ["A"], "name": 5}], 0, "ontologyHistory[0].name is a number, not a string"),
        (
            [{"ontology": ["A"], "version": 4}, {"ontology": ["A"], "version": 4}],
            4,
            "ontologyHistory[1].version is 4",
        ),
    ],
)
def test_an_ontology_that_cannot_be_read_is_unknown(history: object, version: int | None, words: str) -> None:
    project = one(project_bytes(ontologyHistory=history))
    assert project.ontology_version == version
    assert isinstance(project.ontology, Unreadable)
    assert words in project.ontology.why


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"projects":[]}', "the response is an object, not a JSON array of projects"),
        (b"null", "is null"),
        (b'"[]"', "is a string"),
        (b"3", "is a number"),
        (b"false", "is a boolean"),
        (b"", "is not JSON"),
        (b"<html>", "is not JSON"),
        (b"[] []", "is not JSON"),
        (b"[1,,2]", "is not JSON"),
        (b"[1,]", "is not JSON"),
        (b"[NaN", "is not JSON"),
        (b"[NaN}", "is not JSON"),
        (b"[[NaN]", "is not JSON"),
        (b"[NaN]x", "is not JSON"),
        (b"x[NaN]", "is not JSON"),
        (b"[NaN][NaN]", "is not JSON"),
        (b"[{NaN}]", "is not JSON"),
        (b"[[NaN}]]", "is not JSON"),
        (b"[}NaN]]", "is not JSON"),
        (b'["\\q\\ud800"]', "is not JSON"),
        (b'[{"\\q":NaN}]', "is not JSON"),
        (b'{"a":NaN}', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'["a\nb"]', "is not JSON"),
        (b"[\xff]", "is not JSON"),
    ],
)
def test_an_answer_that_is_no_list_of_projects_at_all(body: bytes, words: str) -> None:
    with pytest.raises(UnreadableAnswerError) as caught:
        read_projects(body)
    assert words in caught.value.summary
    assert caught.value.__cause__ is None


LONG = b"9" * 4301
LAST = b'{"type":"t","name":"last","param_history":[{"a":1e400}]}'


@pytest.mark.parametrize(
    ("item", "name", "why"),
    [
        (b"3", None, "projects[1] is a number, not an object"),
        (b"null", None, "projects[1] is null, not an object"),
        (b"NaN", None, "projects[1] is NaN, which is not JSON"),
        (b'"\\ud800"', None, "projects[1] contains half of a surrogate pair"),
        (b'{"type":"t"}', None, "projects[1].name is null, not a string"),
        (b'{"type":"t","name":3}', None, "projects[1].name is a number, not a string"),
        (b'{"type":"t","name":"a\\udc00"}', None, "projects[1].name contains half of a surrogate pair"),
        (b'{"type":"t","name":""}', None, "projects[1].name is empty"),
        (b'{"name":"a b"}', "a b", "projects[1].type is null, not a string"),
        (
            b'{"name":"p","type":"t","archived":"yes"}',
            "p",
            "projects[1].archived is a string, not true or false",
        ),
        (b'{"name":"p","type":"t","pipelineName":[]}', "p", "projects[1].pipelineName is an array, not a string"),
        (b'{"name":"p","type":"t","created_at":"soon"}', "p", "projects[1].created_at is not a date and time"),
        (b'{"name":"p","type":"t","created_at":5}', "p", "projects[1].created_at is not a date and time"),
        (b'{"name":"p","type":"t","param_history":{}}', "p", "projects[1].param_history is an object, not an array"),
        (
            b'{"name":"p","type":"t","param_history":[1]}',
            "p",
            "projects[1].param_history[0] is a number, not an object",
        ),
        (
            b'{"name":"p","type":"t","param_history":[{"version":3},{"version":3}]}',
            "p",
            "projects[1].param_history[1].version is 3, but the version before it is 3",
        ),
        (
            b'{"name":"p","type":"t","param_history":[{},{"a b":{"c":["x","y\\ud800"]}}],"z":NaN}',
            "p",
            'projects[1].param_history[1]."a b" contains half of a surrogate pair',
        ),
        (
            b'{"name":"p","type":"t","param_history":[{"\\ud800k":1}]}',
            "p",
            r'projects[1].param_history[0]."\\ud800k" contains half of a surrogate pair',
        ),
        (
            b'{"name":"p","type":"t","param_history":[{"a":"\xff"}]}',
            "p",
            "projects[1].param_history[0].a contains bytes that are not UTF-8",
        ),
        (
            b'{"name":"p","type":"t","param_history":[{"a":[1,-Infinity]}]}',
            "p",
            "projects[1].param_history[0].a is -Infinity, which is not JSON",
        ),
        (
            b'{"name":"p","type":"t","param_history":[{"a":' + LONG + b"}]}",
            "p",
            "projects[1].param_history[0].a is an integer with more than 4,300 digits",
        ),
        (
            b'{"name":"p","type":"t","param_history":[{"a":' + b"[" * 10_000 + b'"]"' + b"]" * 10_000 + b"}]}",
            "p",
            "projects[1].param_history[0].a has more than 200 levels of nesting",
        ),
        (
            b'{"name":"p","type":"t","param_history":[{"' + b"k" * 101 + b'":NaN}]}',
            "p",
            f'projects[1].param_history[0]."{"k" * 100}…" is NaN, which is not JSON',
        ),
    ],
    ids=lambda value: value[:60].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_a_project_that_cannot_be_read_is_named_and_hides_no_other(item: bytes, name: str | None, why: str) -> None:
    healthy = b'{"type":"t","name":"first","param_history":[{"v":"\\ud83d\\ude00 \\\\ud800"}]}'
    first, found, last = read_projects(b" [" + healthy + b"," + item + b",\n" + LAST + b"] ")
    assert isinstance(found, UnreadableProject)
    assert (found.name, found.why) == (name, why)
    assert isinstance(first, LiveProject)
    assert first.params == {"v": "\U0001f600 \\ud800"}
    assert isinstance(last, LiveProject)
    assert last.params == {"a": math.inf}


def test_what_is_known_of_a_project_that_cannot_be_read() -> None:
    (found,) = read_projects(b'[{"name":"p","created_at":"%s","archived":true,"type":NaN}]' % AT.encode())
    assert found == UnreadableProject("p", "projects[0].type", "is NaN, which is not JSON", AT, archived=True)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("aAb", ["LiveProject a", "LiveProject a", "LiveProject b"]),
        ("AAb", ["LiveProject a", "LiveProject a", "LiveProject b"]),
        ("aba", ["UnreadableProject a", "LiveProject b"]),
        ("aXA", ["UnreadableProject a", "LiveProject a"]),
        ("Xa", ["UnreadableProject a"]),
    ],
)
def test_projects_that_share_a_name_are_one_that_cannot_be_read(shown: str, expected: list[str]) -> None:
    """Capitals are archived, X is an `a` without a type. An archived project and another one may share a name."""
    kinds: dict[str, Any] = {"X": {"name": "a", "type": None}}
    items = [
        {"type": "t", "name": one.lower(), "archived": one.isupper(), "created_at": AT, **kinds.get(one, {})}
        for one in shown
    ]
    for item in items:
        item["archived"] = item["archived"] and item["type"] is not None
    found = read_projects(json.dumps(items).encode())
    assert [f"{type(project).__name__} {project.name}" for project in found] == expected
    for project in found:
        assert project.created_at == AT
        if isinstance(project, UnreadableProject):
            assert project.path.endswith("].name")
            assert project.problem == "is also the name of projects[0]"


def test_a_get_of_what_is_no_project() -> None:
    for body, why in (
        (b"[]", "project is an array, not an object"),
        (b'{"type":"t"}', "project.name is null, not a string"),
        (b'{"type":"t","name":"q"}', 'project.name is "q", so the response is about a different project'),
        (b'{"type":NaN,"name":"p"}', "project.type is NaN, which is not JSON"),
    ):
        found = read_project(body, "p")
        assert isinstance(found, UnreadableProject)
        assert (found.name, found.why) == ("p", why)
    with pytest.raises(UnreadableAnswerError, match="not JSON"):
        read_project(b"<html>", "p")


def test_the_projects_as_they_are_shown() -> None:
    raw, unreadable = read_raw_projects(b'[{"name":"a","type":"t","z":1},{"name":"b"},3]')
    assert raw == [{"name": "a", "type": "t", "z": 1}]
    assert [project.name for project in unreadable] == ["b", None]


def test_an_answer_of_any_kind() -> None:
    assert parse_json(b'{"a":[1]}') == {"a": [1]}
    with pytest.raises(UnreadableAnswerError, match=r"response\.a\[1\] is NaN, which is not JSON"):
        parse_json(b'{"a":[1,NaN]}')
    with pytest.raises(UnreadableAnswerError, match="response contains half of a surrogate pair"):
        parse_json(b'"\\ud800"')


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("head", "text"), [(b"", b'"'), (b"", b"\\"), (b'[{"a":"', b"\\"), (b"", b"]"), (b"", b"[,{:")]
)
def test_what_is_salvaged_costs_no_more_than_its_size_asks_for(head: bytes, text: bytes) -> None:
    """Texts that a scanner of brackets and strings could go over again and again."""

    def read(size: int) -> None:
        with pytest.raises(UnreadableAnswerError):
            read_projects(b"[NaN," + head + text * size)

    read(1)  # imports and compilation happen once
    assert calls_of(read, 100_001) <= GROWTH * calls_of(read, 50_001)


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
    (project,) = live(raw(text))
    assert project.params["v"] == value
    assert type(project.params["v"]) is type(value)


def test_a_long_string() -> None:
    (project,) = live(raw(b'"' + b"x" * 10_000_000 + b'"'))
    assert len(project.params["v"]) == 10_000_000


def test_150_levels() -> None:
    (project,) = live(raw(b"[" * 150 + b"]" * 150))
    assert json.dumps(project.params["v"]) == "[" * 150 + "]" * 150


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


_NASTY = '"}]},{"name":"p","type":"t"},{"name": \\"'


@pytest.mark.parametrize("space", [(",", ":"), (", ", ": "), (" ,\n ", " : ")])
@pytest.mark.parametrize(("piece", "key"), [(1, "label"), (400, "label"), (100, "name"), (400, "name")])
def test_a_large_answer_is_parsed_in_pieces(
    space: tuple[str, str], piece: int, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = {"name": "p", "instruction": _NASTY, "list": [{key: "a"}, {key: "b"}], "version": 0}
    projects = [
        {"name": f"p{number}", "type": "t", "archived": 1 if number == 4 else None, "param_history": [params]}
        for number in range(9)
    ]
    body = json.dumps(projects, separators=space).encode()
    bodies = [body, body[:-1], body[:-1] + b",]", body + b"x", body.replace(b"p5", b"\xff", 1)]
    expected = [_read_or_refused(each) for each in bodies]
    whole = read_projects(body)
    assert [project.name for project in whole] == [f"p{number}" for number in range(9)]
    parsed: list[bytes] = []

    def from_json(text: bytes, **options: bool) -> Any:
        parsed.append(text)
        return pydantic_core.from_json(text, **options)

    monkeypatch.setattr(wire, "from_json", from_json)
    monkeypatch.setattr(wire, "_PIECE", piece)
    assert read_projects(body) == whole
    assert key == "name" or max(map(len, parsed)) < len(body) / 2  # an item of a list may begin like a project
    assert [_read_or_refused(each) for each in bodies] == expected


def _read_or_refused(body: bytes) -> object:
    try:
        return read_projects(body)
    except UnreadableAnswerError as error:
        return str(error), error.detail


def test_what_a_version_did_not_change_is_kept_once() -> None:
    same = [{"instruction": "x" * 100, "box": {"min": 1, "labels": ["a"]}, "version": number} for number in range(3)]
    first, *others = [version.content for version in one(project_bytes(param_history=same)).params_history]
    assert all(other[key] is first[key] for other in others for key in ("instruction", "box"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a":1}', '{"a":1.0}'),
        ('{"a":1,"b":2}', '{"b":2,"a":1}'),
        ("[0,1,2,3,4,5,6,7]", "[0,true,2,3,4,5,6,7]"),
        ("[0.0]", "[-0.0]"),
    ],
)
def test_a_version_keeps_its_own_spelling(before: str, after: str) -> None:
    body = f'{{"type":"t","name":"p","param_history":[{{"version":0,"v":{before}}},{{"version":1,"v":{after}}}]}}'
    assert [str(each.content["v"]) for each in one(body.encode()).params_history] == [
        str(json.loads(text)) for text in (before, after)
    ]
