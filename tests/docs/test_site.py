"""The site of the docs: its navigation is the index, every link leads somewhere, and no other host is asked."""

from __future__ import annotations

import contextlib
import functools
import http.server
import re
import threading
import tomllib
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from tests.docs import site as site_module
from tests.docs.site import INDEX, ROOT, build, links, navigation, pages, prose, settings, without_code
from tests.render.browser import CHROMIUM, PATIENCE, browser
from tests.test_named_pages import anchor

pytestmark = pytest.mark.untraced

LOADED = {"img": "src", "script": "src", "source": "src", "iframe": "src", "video": "src", "link": "href"}
"""What a browser asks for without a click."""


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    found: set[str] = set()
    seen: Counter[str] = Counter()
    for heading in re.findall(r"(?m)^#+ +(.+?) *#*$", prose(page)):
        name = anchor(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading))
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


@pytest.mark.parametrize("page", pages())
def test_every_link_leads_to_a_file_and_to_a_heading(page: str) -> None:
    wrong = [path for path, _ in links(page) if not (ROOT / path).exists()]
    wrong += [f"{path}#{part}" for path, part in links(page) if part and part not in anchors(path)]
    assert wrong == []


def test_every_page_is_in_the_index_once() -> None:
    listed = Counter(path for _, entries in navigation() for _, path in entries)
    assert sorted(listed) == sorted(set(pages()) - {INDEX})
    assert set(listed.values()) == {1}
    assert [section for section, _ in navigation()] == ["Get started", "Concepts", "How to", "Reference", "Design"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](ci.md#gone)", [("docs/ci.md", "gone")]),
        ("[a](../gone)", [("gone", "")]),
        ("[a](#gone)", [("docs/page.md", "gone")]),
        ("![a](gone.png)", [("docs/gone.png", "")]),
        ("`[a](gone.md)`\n\n```sh\n# [a](gone.md)\n```\n[a](https://gone.example.org)", []),
    ],
)
def test_which_links_are_checked(text: str, found: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_module, "prose", lambda page: without_code(text))
    assert [*links("docs/page.md")] == found


def test_the_address_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECONCILER_SITE", raising=False)
    assert "site_url" not in tomllib.loads(settings())["project"]
    monkeypatch.setenv("RECONCILER_SITE", "https://o.example.org/r/")
    assert tomllib.loads(settings())["project"]["site_url"] == "https://o.example.org/r/"


def test_only_one_job_may_publish() -> None:
    workflow = yaml.load((ROOT / ".github/workflows/site.yml").read_text("utf-8"), yaml.BaseLoader)
    assert workflow["on"] == {"push": {"branches": ["main"]}, "workflow_dispatch": ""}
    assert workflow["permissions"] == {}
    assert workflow["jobs"]["build"]["permissions"] == {"contents": "read", "pages": "read"}
    assert workflow["jobs"]["publish"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert workflow["jobs"]["publish"]["needs"] == "build"
    assert [step["uses"].partition("@")[0] for step in workflow["jobs"]["publish"]["steps"]] == ["actions/deploy-pages"]


class _Read(HTMLParser):
    """The IDs of a page, what its links lead to, and what it loads."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value for name, value in attrs if value}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        if address := values.get("href" if tag == "a" else LOADED.get(tag, "")):
            (self.links if tag == "a" else self.loaded).append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "site"
    build(folder)
    return folder


def test_on_the_site_every_link_leads_to_a_page_and_to_a_heading(site: Path) -> None:
    read = {page: _Read(page) for page in site.rglob("*.html") if page.name != "404.html"}
    assert len(read) > len(pages())
    wrong = []
    for page, content in read.items():
        for address in (*content.links, *content.loaded):
            parts = urlsplit(address)
            if parts.scheme in ("http", "https") and address in content.links:
                continue
            file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            file = file / "index.html" if file.is_dir() else file
            if not file.is_file() or (parts.fragment and unquote(parts.fragment) not in read[file].ids | {"__skip"}):
                wrong.append(f"{page.relative_to(site)}: {address}")
    assert wrong == []


def test_what_the_pages_link_to_outside_the_docs_is_shown(site: Path) -> None:
    assert "Apache License" in (site / "LICENSE/index.html").read_text("utf-8")
    assert "answer_grading" in (site / "projects/index.html").read_text("utf-8")
    assert (site / "docs/schemas/plan.json").read_bytes() == (ROOT / "docs/schemas/plan.json").read_bytes()


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed")
def test_the_search_finds_a_guard_and_nothing_comes_from_another_host(site: Path) -> None:
    with served(site) as address, browser() as chromium:
        asked, complaints = [], []
        page = chromium.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}/")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Control+k")
        page.locator("input:focus").wait_for()
        page.keyboard.type("near-name")
        page.locator('a[href*="docs/guards/?h="][href$="#near-name"]').click()
        page.wait_for_url(re.compile("/docs/guards/"))
        assert page.locator("h2#near-name").is_visible()
    assert complaints == []
    assert len(asked) > 5
    assert [url for url in asked if not url.startswith(address)] == []
