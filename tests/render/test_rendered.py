"""Instructions as labelers see them: what is marked, what replaces images, and what is removed."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render.html.rendered import LONGEST, Viewer, Views, rendered
from tests.render.pages import IN_SHEETS

CHANGES = [
    ("# A\n\n- one\n- two\n", "# A\n\n- one\n- three\n", ["two"], ["three"]),
    ("- one\n- two\n", "- one\n- two\n  - below\n", [], ["below"]),
    ("- one\n\n- two\n", "- one\n\n- 2\n", ["two"], ["2"]),
    ("one\n\ntwo\n", "one\n\n```\ntwo\n```\n", [], ["two"]),
    ("| a |\n|---|\n| 1 |\n| 2 |\n", "| a |\n|---|\n| 1 |\n| 3 |\n", ["2"], ["3"]),
    ("one\n\n<div>two</div>\n", "one\n\n<div>three</div>\n", ["two"], ["three"]),
    ("<p>one</p>\n<ul>\n<li>a\n<li>b</ul>", "<p>one</p>\n<ul>\n<li>a\n<li>c</ul>", ["b"], ["c"]),
    ("<p>one\n<b>two</b></p>\n<p>z</p>", "<p>one\n<b>three</b></p>\n<p>z</p>", ["one two"], ["one three"]),
    ("<b>one</b>\ntwo", "<b>one</b>\nthree", ["one two"], ["one three"]),
    ("<https://a.b/c>", "<https://a.b/d>", ["https://a.b/c"], ["https://a.b/d"]),
    ("", "new", [], ["new"]),
]


class Seen(HTMLParser):
    """What is in the output: elements, attributes, and the text of what is marked."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.marked: list[str] = []
        self.text = ""
        self._open: list[bool] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in {"br", "hr", "wbr", "col"}:
            self._open.append(("class", "changed") in attrs)
            if self._open[-1]:
                self.marked.append("")

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        if any(self._open):
            self.marked[-1] += data


def marked(html: str) -> list[str]:
    return [" ".join(text.split()) for text in Seen(html).marked]


@pytest.mark.parametrize(("before", "after", "gone", "come"), CHANGES)
def test_the_smallest_block_around_a_change_is_marked(
    before: str, after: str, gone: list[str], come: list[str]
) -> None:
    old, new = rendered(before, after)
    assert (marked(old), marked(new)) == (gone, come)


HOSTILE = [
    "<script>alert(1)</script>",
    "<style>* { display: none }</style>",
    '<p style="position: fixed; inset: 0" id="main" class="card changed">x</p>',
    '<a href="javascript:alert(1)" onclick="alert(1)">x</a>',
    '<a href="/etc/passwd">x</a> [y](data:text/html,z) [z](vbscript:q)',
    "<svg><animate onbegin=alert(1)></svg> <math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<iframe><img src=x onerror=alert(1)></iframe>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<form action=https://e.vil><input name=key><button>x</button></form>",
    "</div></section></main><h1>approved</h1>",
    "<!-- <p>a</p>",
    "<base href=https://e.vil><meta http-equiv=refresh content=0><link rel=stylesheet href=https://e.vil>",
    "<div>" * 5_000,
    "<![CDATA[<script>]]>",
    "<video poster=https://e.vil><source src=https://e.vil></video>",
    "![a](https://e.vil/x.png)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_runs_or_loads(text: str) -> None:
    for before in ("", text):
        for html in rendered(before, f"{before}\n{text}"):
            seen = Seen(html)
            assert not seen.tags & {"script", "style", "img", "iframe", "svg", "math", "form", "input", "link", "video"}
            assert seen.attributes <= IN_SHEETS
            assert all(link.startswith(("http://", "https://", "mailto:")) for link in seen.links)
            assert html.count("<div") == html.count("</div>"), "nothing gets out of its box"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![a cat](https://x.y/cat.png)", "image: https://x.y/cat.png (a cat)"),
        ("<img src=https://x.y/cat.png>", "image: https://x.y/cat.png"),
        ("<iframe src='https://docs.x/y'>no frames</iframe>after", "embedded page: https://docs.x/yafter"),
        ("<object data=https://x.y/z></object>", "embedded object: https://x.y/z"),
    ],
)
def test_what_would_load_is_shown_with_its_address(text: str, shown: str) -> None:
    _, html = rendered("", text)
    assert Seen(html).text.strip() == shown


def test_a_text_cannot_mark_its_own_blocks() -> None:
    text = '<p class="changed">same</p>\n\nold'
    before, after = rendered(text, text + " and new")
    assert (marked(before), marked(after)) == (["old"], ["old and new"])


def test_no_line_is_a_command_of_the_runner() -> None:
    _, html = rendered("", "a\n\n<pre>\n::add-mask::x\n  ::warning::y\n</pre>\n")
    assert not any(line.lstrip().startswith("::") for line in html.splitlines())


def test_invisible_characters_are_escaped() -> None:
    _, html = rendered("", "a\u202eb\n\n- \u200bc")
    assert Seen(html).text.split() == ["a\\u202eb", "\\u200bc"]


def test_a_page_renders_only_so_much() -> None:
    viewer = Viewer(most=10)
    numbers = [viewer.add(*both) for both in (("12345", "1234"), ("1", "2"), ("", "1"), ("", "x" * (LONGEST + 1)))]
    first, second, third, fourth = map(viewer.show, numbers)
    assert first == Views(*rendered("12345", "1234"))
    assert "the page has too many" in second.reason
    assert third.after
    assert "is not rendered" in fourth.reason
    assert viewer.show(numbers[0]) is first
    assert "the page has too many" in viewer.show(numbers[0], room=8).reason


FRAGMENTS = st.sampled_from(
    [
        *(text for text in HOSTILE if len(text) < 200),
        "\n",
        "\n\n",
        "- ",
        "  ",
        "# ",
        "> ",
        "word",
        "**",
        "`",
        "```\n",
        "|",
        "<p>",
        "</li>",
        "<li>",
        "&lt;",
    ]
)


@given(st.lists(FRAGMENTS, max_size=12), st.lists(FRAGMENTS, max_size=12))
def test_any_mixture_is_clean(old: list[str], new: list[str]) -> None:
    for html in rendered("".join(old), "".join(new)):
        seen = Seen(html)
        assert seen.attributes <= IN_SHEETS
        assert not seen.tags & {"script", "style", "img", "iframe", "form", "input"}
        assert html.count("<div") == html.count("</div>")
