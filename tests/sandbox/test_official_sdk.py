"""Scale's own Python SDK as a client of the served sandbox."""

from __future__ import annotations

from typing import Any

import pytest
import scaleapi
from scaleapi.exceptions import (
    ScaleDuplicateResource,
    ScaleInvalidRequest,
    ScaleResourceNotFound,
    ScaleUnauthorized,
)
from scaleapi.tasks import TaskType


@pytest.fixture
def client(url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return scaleapi.ScaleClient("test_key", api_instance_url=url)


def test_projects_are_created_read_and_listed(client: Any) -> None:
    name = "kittens & cats/été %2F"
    created = client.create_project(
        project_name=name, task_type=TaskType.ImageAnnotation, params={"instruction": "Label the kittens"}
    )
    assert created.params is None
    project = client.get_project(name)
    assert (project.name, project.type, project.version) == (name, "imageannotation", 0)
    assert project.instruction == "Label the kittens"
    assert name in [listed.name for listed in client.get_projects()]


def test_parameters_are_replaced_and_patched(client: Any) -> None:
    client.create_project(project_name="params", task_type=TaskType.TextCollection, rapid=True)
    assert client.get_project("params").params is None
    assert client.update_project("params", instruction="one", tags=["a"]).version == 0
    assert client.update_project("params", patch=True, instruction="two").params["tags"] == ["a"]
    replaced = client.update_project("params", patch=False, instruction="three")
    assert (replaced.version, replaced.instruction) == (2, "three")
    assert "tags" not in replaced.params


def test_an_ontology_is_set_through_the_plain_request(client: Any) -> None:
    client.create_project(project_name="a b/c", task_type=TaskType.ImageAnnotation)
    path = f"projects/{client.api.quote_string('a b/c')}/setOntology"
    client.api.post_request(path, body={"ontology": ["Cat", {"choice": "Dog"}], "name": "v1"})
    history = client.get_project("a b/c").as_dict()["ontologyHistory"]
    assert history == [{"ontology": [{"choice": "Cat"}, {"choice": "Dog"}], "name": "v1"}]


def test_errors_are_the_exceptions_that_the_sdk_knows(client: Any, url: str) -> None:
    client.create_project(project_name="taken", task_type=TaskType.ImageAnnotation)
    with pytest.raises(ScaleDuplicateResource, match="taken"):
        client.create_project(project_name="taken", task_type=TaskType.ImageAnnotation)
    with pytest.raises(ScaleResourceNotFound, match='no project named "nobody"'):
        client.get_project("nobody")
    with pytest.raises(ScaleInvalidRequest, match='cannot be named "version"'):
        client.update_project("taken", version=3)
    with pytest.raises(ScaleUnauthorized, match="The API key is missing"):
        scaleapi.ScaleClient(" ", api_instance_url=url).get_projects()
