"""On a page, text from right to left reorders nothing around it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from reconciler.diagnostics import Location, quoted, warning
from reconciler.model.plan import Held, Plan, Waived
from reconciler.model.project import Source
from reconciler.planning.planner import plan_project
from reconciler.render.html.isolation import file_html, isolated, title_text, value_html
from reconciler.render.html.markup import dotted
from reconciler.render.worddiff import Fate, Piece
from tests.building import desired, live
from tests.render import plans
from tests.render.pages import Page
from tests.render.shown import render_page

LEFTWARD = re.compile("[\u05d0-\u06ff]")
FILE = "/repo/projects/\u05d0\u05d1/\u05d2\u05d3.yaml"


def update(name: str = "\u05db\u05dc\u05d1 1", **more: Any) -> Any:
    """An update of everything that a manifest and Scale can name, in Hebrew and Arabic."""
    old = [
        {"choice": "\u05d7\u05ea\u05d5\u05dc", "description": "\u05e7\u05d8\u05df"},
        {"choice": "\u0643\u0644\u0628", "subchoices": ["\u05d1\u05d9\u05ea", "\u05e2\u05e5"]},
        "\u05e8\u05db\u05d1 \u05d2\u05d3\u05d5\u05dc",
        "x",
    ]
    new = [
        {"choice": "\u05d7\u05ea\u05d5\u05dc", "description": "\u05d2\u05d3\u05d5\u05dc", "display": "\u05d7"},
        {"choice": "\u0643\u0644\u0628", "subchoices": ["\u05e2\u05e5"]},
        {"choice": "x", "subchoices": ["\u05d1\u05d9\u05ea"]},
        "\u05e8\u05db\u05d1 \u05d2\u05d3\u05d5\u05dc\u05d9",
    ]
    before = {
        "instruction": "\u05d0 \u05d1\n\u05d2 \u05d3\n",
        "\u05de\u05e4": ["\u05d0", "\u05d1"],
        "k": {"\u05e2": "\u05d0"},
    }
    after = {
        "instruction": "\u05d0 \u05d2\n\u05d2 \u05d3\n",
        "\u05de\u05e4": ["\u05d1", "\u05d0"],
        "k": {"\u05e2": "\u05d1", "\u05e5": {}},
    }
    made = plan_project(replace(desired(after, new), name=name), live(before, ontologies=(old,)))
    return replace(made, name=name, source=Source(FILE, 3), **more)


def everything() -> Plan:
    first, second = quoted("\u05d0"), quoted("\u05d1")
    why = f"No apply has written {first} and {second}."
    message = warning("w", f"the choice {first} and {second}", detail="\u05d0\nsee '\u05d4 \u05d5' and more")
    where = Location(FILE, 3, 1, 2, "name: \u05db\u05dc\u05d1 1")
    return plans.plan(
        update(held_by=(Held("takeover", why, "\u05d0"),), diagnostics=(message,)),
        update("\u05d1", waived_by=(Waived("not-kept", "the waiver: \u05d0"),)),
        replace(plans.puppy(), name="\u05d2", source=Source(FILE, 1)),
        plans.blocked("\u05d3", FILE, None, replace(message, severity=plans.diagnosed()[0].severity)),
        unmanaged=("\u05d0", "\u05d1", "c"),
        diagnostics=(replace(message, location=where), replace(message, location=replace(where, line=4))),
    )


def test_every_foreign_text_is_isolated() -> None:
    page = Page(render_page(everything(), base=plans.BASE, now=plans.NOW))
    assert page.problems() == []
    shown = [text for text, _ in page.isolated if LEFTWARD.search(text)]
    assert len(shown) > 80
    assert [text for text, apart in page.isolated if LEFTWARD.search(text) and not apart] == []


def test_a_title_is_isolated_by_characters() -> None:
    assert title_text("\u05d0 1") == "\u2068\u05d0 1\u2069"
    assert title_text("production") == "production"
    target = replace(plans.TARGET, name="\u05d0")
    shown = render_page(replace(everything(), target=target), base=plans.BASE, now=plans.NOW)
    assert " blocked. \u2068\u05d0\u2069</title>" in shown


def test_names_next_to_each_other_are_isolated_one_by_one() -> None:
    source = render_page(everything(), base=plans.BASE, now=plans.NOW)
    assert "(<bdi>\u05d0</bdi>, <bdi>\u05d1</bdi>, and <bdi>c</bdi>)" in source
    assert "<bdi>&#34;\u05d0&#34;</bdi> and <bdi>&#34;\u05d1&#34;</bdi>" in source
    assert "projects/<bdi>\u05d0\u05d1</bdi>/<bdi>\u05d2\u05d3</bdi>.yaml:3" in source
    assert '<span class="name"><bdi>\u05e8\u05db\u05d1 \u05d2\u05d3\u05d5\u05dc</bdi> -&gt; <bdi>' in source


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a<b", "a&lt;b"),
        ('é "x"', "é &#34;x&#34;"),
        ('["\u05d0", "b", "\u05d1"]', "[<bdi>&#34;\u05d0&#34;</bdi>, &#34;b&#34;, <bdi>&#34;\u05d1&#34;</bdi>]"),
        ("to \u05d0 1, \u05d1 (x)", "to <bdi>\u05d0 1, \u05d1</bdi> (x)"),
        ("run p '\u05d0 \u05d1' --x", "run p <bdi>&#39;\u05d0 \u05d1&#39;</bdi> --x"),
        ('"\u05d0\\" \u05d1" c', "<bdi>&#34;\u05d0\\&#34; \u05d1&#34;</bdi> c"),
    ],
)
def test_messages(text: str, html: str) -> None:
    assert isolated(text) == html


def test_paths() -> None:
    assert dotted("a.b<") == "a.<wbr>b&lt;"
    assert dotted('a."\u05d0.\u05d1".c') == "a.<bdi>&#34;\u05d0.\u05d1&#34;</bdi>.c"
    assert file_html("a/b<.yaml") == "a/b&lt;.yaml"
    assert file_html("\u05d0/\u05d1.md") == "<bdi>\u05d0</bdi>/<bdi>\u05d1</bdi>.md"


def test_a_value_with_changes_in_and_around_what_is_isolated() -> None:
    pieces = [
        Piece(Fate.KEPT, '["\u05d0'),
        Piece(Fate.INSERTED, '\u05d1", "'),
        Piece(Fate.KEPT, 'c"]'),
    ]
    assert value_html(pieces) == ("[<bdi>&#34;\u05d0<ins>\u05d1&#34;</ins></bdi><ins>, &#34;</ins>c&#34;]")
    assert value_html([Piece(Fate.KEPT, "a "), Piece(Fate.DELETED, "b")]) == "a <del>b</del>"
    assert value_html([]) == ""
