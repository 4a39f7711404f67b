"""GitHub's own OpenAPI description of its REST API, and how requests and answers deviate from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from reconciler.sandbox.exchange import Answer, Request
from tests.npm import MODULES

_FILE = MODULES / "@octokit/openapi/generated/api.github.com.json"

_HERE = "/repos/{owner}/{repo}"
_KINDS = ("/user", f"{_HERE}/issues", f"{_HERE}/labels", f"{_HERE}/pulls", f"{_HERE}/commits", f"{_HERE}/git")
"""How the paths start that reconciler may ask."""

Schema = dict[str, Any]


def deviations(request: Request, path: str, answer: Answer | None) -> Iterator[str]:
    """What GitHub would not understand in a request to a path below its API, and would not send as the answer."""
    if not _FILE.exists():
        return
    where = f"{request.method} {path}"
    template = _template(path)
    operation = _description()["paths"].get(template, {}).get(request.method.lower())
    if operation is None:
        yield f"{where}: there is no such operation"
        return
    parameters = [_followed(parameter) for parameter in operation.get("parameters", ())]
    for problem in (*_of_parameters(request, path, template, parameters), *_of_body(request, operation)):
        yield f"{where}: {problem}"
    if answer is not None:
        yield from (f"{where} ({answer.status}): {problem}" for problem in _of_answer(answer, operation))


def _of_parameters(request: Request, path: str, template: str, parameters: list[Schema]) -> Iterator[str]:
    query = dict(parse_qsl(request.target.partition(b"?")[2].decode(), keep_blank_values=True))
    names, values = template.split("/"), _parts(path)
    places = {"query": query, "path": {n[1:-1]: v for n, v in zip(names, values, strict=True) if n.startswith("{")}}
    known = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
    yield from (f"there is no parameter {name}" for name in query.keys() - known)
    for parameter in parameters:
        given = places.get(parameter["in"], {}).get(parameter["name"])
        if given is None:
            if parameter.get("required"):
                yield f"the parameter {parameter['name']} is missing"
            continue
        is_number = parameter["schema"].get("type") == "integer"
        value = int(given) if is_number and re.fullmatch("[0-9]+", given) else given
        yield from _of_value(value, parameter["schema"])


def _of_body(request: Request, operation: Schema) -> Iterator[str]:
    described = operation.get("requestBody")
    if described is None:
        if request.body:
            yield "there must be no body"
        return
    if request.headers.get("content-type") != "application/json":
        yield f"the body is sent as {request.headers.get('content-type')}"
    schema = described["content"]["application/json"]["schema"]
    body = json.loads(request.body)
    yield from _of_value(body, schema)
    forms = [schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())]
    known = {name for form in forms for name in _followed(form).get("properties", {})}
    yield from (f"the body has no key {name}" for name in body.keys() - known)


def _of_answer(answer: Answer, operation: Schema) -> Iterator[str]:
    described = operation["responses"].get(str(answer.status))
    if described is None:
        if answer.status < 400:
            yield "there is no such answer"
        # Refusals such as 401 are described for few operations, and are alike for all.
        described = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/basic-error"}}}}
    content = _followed(described).get("content")
    if content is None:
        if answer.body:
            yield "there must be no body"
        return
    yield from _of_value(json.loads(answer.body), content["application/json"]["schema"])


def _of_value(value: Any, schema: Schema) -> Iterator[str]:
    whole = {**schema, "components": _description()["components"]}
    for error in _Validator(whole).iter_errors(value):
        yield f"{error.json_path}: {error.message[:300]}"


@cache
def _description() -> Schema:
    """The paths of `_KINDS`, and the components that they use. The whole would slow down every garbage collection."""
    whole = json.loads(_FILE.read_bytes())
    paths = {path: operations for path, operations in whole["paths"].items() if path.startswith(_KINDS)}
    components: dict[str, Schema] = {}
    new: list[Any] = [paths]
    while new:
        for kind, name in re.findall(r'"#/components/(\w+)/([^"]+)"', json.dumps(new.pop())):
            if name not in components.setdefault(kind, {}):
                components[kind][name] = whole["components"][kind][name]
                new.append(components[kind][name])
    return {"paths": paths, "components": components}


@cache
def _template(path: str) -> str:
    """The described path that a path is one of: with the most parts that are the same."""
    parts = _parts(path)
    found = [
        template
        for template in _description()["paths"]
        if len(names := template.split("/")) == len(parts)
        and all(name == part or name.startswith("{") for name, part in zip(names, parts, strict=True))
    ]
    return max(found, key=lambda template: -template.count("{"), default="")


def _parts(path: str) -> list[str]:
    """The parts of a path. The name of a ref is one part, with its slashes."""
    parts = path.split("/")
    is_ref = parts[4:5] == ["git"] and parts[5:6] in (["ref"], ["refs"]) and len(parts) > 6
    return [*parts[:6], "/".join(parts[6:])] if is_ref else parts


def _followed(value: Schema) -> Schema:
    while "$ref" in value:
        reference = value["$ref"].removeprefix("#/")
        value = _description()
        for part in reference.split("/"):
            value = value[part]
    return value


def _nullable(rule: Any) -> Any:
    """A rule of JSON Schema as OpenAPI 3.0 has it: null is valid where a schema is `nullable`."""

    def checked(validator: Any, given: Any, value: Any, schema: Mapping[str, Any]) -> Any:
        return () if value is None and schema.get("nullable") else rule(validator, given, value, schema)

    return checked


_extend: Any = extend
_Validator = _extend(
    Draft202012Validator, {name: _nullable(rule) for name, rule in Draft202012Validator.VALIDATORS.items()}
)
