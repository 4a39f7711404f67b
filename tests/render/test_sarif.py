"""SARIF: what GitHub code scanning asks for, and no foreign markup."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sarif_pydantic import Sarif

from reconciler.diagnostics import MOST_OF_A_FILE, Diagnostic, Location, error, warning
from reconciler.model.validation import Validation
from reconciler.render.sarif import lay_out_sarif
from tests.render import plans


def log(*diagnostics: Diagnostic) -> Any:
    """The log, which must be one as the standard has it, without a key that the standard does not know."""
    document = json.loads(lay_out_sarif(Validation(diagnostics)))
    read = Sarif.model_validate(document).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert read == document
    return document["runs"][0]


def test_each_message_is_a_result_at_its_place() -> None:
    run = log(*plans.diagnosed())
    located = [each for each in plans.diagnosed() if each.location is not None]
    assert len(run["results"]) == len(located) > 1
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        [location] = result["locations"]
        assert location["physicalLocation"]["region"]["startLine"] >= 1
    assert [result["level"] for result in run["results"]] == ["error"] * len(located)


def test_a_message_without_a_place_is_a_notification() -> None:
    [invocation] = log(error("usage", "no project matches"))["invocations"]
    [said] = invocation["toolExecutionNotifications"]
    assert (said["level"], said["descriptor"]["id"], said["message"]["text"]) == (
        "error",
        "usage",
        "no project matches",
    )
    assert not invocation["executionSuccessful"]
    assert log(warning("usage", "x"))["invocations"][0]["executionSuccessful"]


def test_names_are_uris_and_words_are_no_markup() -> None:
    place = Location("projects/a b#ü%.yaml", 3, 5, 9, None)
    [result] = log(warning("x", "see [here](https://evil.example) \u202e\x1b", location=place))["results"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "projects/a%20b%23%C3%BC%25.yaml"
    assert physical["region"] == {"startLine": 3, "startColumn": 5, "endColumn": 9}
    assert result["message"]["text"] == "see [here] (https://evil.example) \\u202e\\u001b"


def test_an_empty_range_has_no_end() -> None:
    [result] = log(error("x", "nothing here", location=Location("p.yaml", 3, 5, 5, None)))["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 3, "startColumn": 5}


def test_a_file_has_at_most_so_many_results() -> None:
    place = Location("p.yaml", 3, 5, 9, None)
    many = [error("x", f"mistake {n}", location=replace(place, line=n)) for n in range(1, 1_500)]
    assert len(log(*many)["results"]) == MOST_OF_A_FILE + 1
