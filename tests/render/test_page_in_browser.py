"""The page in a real browser: with and without its script, with 1 and with 1,000 projects, dark, light and printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from reconciler.model.plan import Held, Plan
from reconciler.planning.planner import plan_project
from tests.building import desired, live
from tests.render import plans
from tests.render.browser import CHROMIUM, PATIENCE, browser
from tests.render.shown import render_page

pytestmark = [pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"), pytest.mark.untraced]

# For each text that is seen, how its colour stands out from what is drawn behind it, as WCAG 2 counts it.
_CONTRASTS = """() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, alpha] = channels(getComputedStyle(at).backgroundColor);
      if (alpha === undefined || alpha === 1) return [r, g, b];
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || ["SCRIPT", "STYLE"].includes(element.tagName) || !element.checkVisibility()) continue;
    const ink = luminance(channels(getComputedStyle(element).color).slice(0, 3));
    const paper = luminance(behind(element));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    found.push([ratio, `${element.tagName}.${element.className}: ${element.textContent.slice(0, 30)}`]);
  }
  const status = document.querySelector("#filter");
  if (status && status.checkVisibility()) {
    const hint = luminance(channels(getComputedStyle(status, "::placeholder").color).slice(0, 3));
    const paper = luminance(behind(status));
    found.push([(Math.max(hint, paper) + 0.05) / (Math.min(hint, paper) + 0.05), "the placeholder"]);
  }
  return found;
}"""


def _small() -> Plan:
    held = replace(plans.birds(), name="crows", held_by=(Held("takeover", "3 parameters would go.", "Keep them."),))
    return plans.plan(
        plans.birds(), held, plans.fish(), plans.kitten(), plans.owls(), plans.puppy(),
        unmanaged=("old_demo",), diagnostics=tuple(plans.diagnosed()),
    )  # fmt: skip


def _large() -> Plan:
    makers = (plans.kitten, plans.puppy, plans.birds, plans.kitten)
    every = [makers[number % 4]() for number in range(1_000)]
    return plans.plan(*(replace(change, name=f"{change.name}_{n:04}") for n, change in enumerate(every)))


def _instruction() -> Plan:
    row = "| something |" + " something |" * 8
    table = f"{row}\n{'|---' * 9}|\n" + f"{row}\n" * 40
    before = f"# Cats\n\n![cat](https://x.invalid/a.png)\n\n{table}\n- one\n"
    after = f"{before}- two\n\n<img src=https://x.invalid/b.png onerror='document.title = 1'><script>x</script>\n"
    return plans.plan(replace(plans.kitten(), fields=(plans.changed(("params", "instruction"), before, after),)))


def _deep() -> Plan:
    tree: list[Any] = ["leaf"]
    for level in range(39):
        tree = [{"choice": f"level {level}", "subchoices": tree}]
    return plans.plan(plan_project(desired({}, tree), live({}, ontologies=(["a"],))))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages, written before any browser runs."""
    folder = tmp_path_factory.mktemp("pages")
    every = {"small": _small(), "large": _large(), "alone": plans.plan(plans.kitten()), "hostile": plans.hostile()}
    for name, plan in (every | {"instruction": _instruction(), "deep": _deep()}).items():
        (folder / f"{name}.html").write_text(render_page(plan, base=plans.BASE, now=plans.NOW), "utf-8")
    return {file.stem: file for file in folder.iterdir()}


@pytest.fixture(scope="module")
def chromium(files: dict[str, Path]) -> Iterator[Browser]:
    with browser() as started:
        yield started


class Visit:
    """A page that was opened, with every request that it made and whatever it complained of."""

    def __init__(self, chromium: Browser, file: Path, **options: Any) -> None:
        self.context = chromium.new_context(viewport={"width": 1280, "height": 900}, **options)
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda problem: self.complaints.append(str(problem)))
        self.page.goto(file.as_uri())

    @property
    def shown(self) -> int:
        return self.count("article")

    def count(self, selector: str) -> int:
        """How many such elements are seen, asked for at once: a thousand single questions take long."""
        script = "(selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility()).length"
        return int(self.page.evaluate(script, selector))

    @property
    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.id"))


@pytest.fixture
def visit(chromium: Browser, files: dict[str, Path]) -> Iterator[Any]:
    opened: list[Visit] = []

    def call(name: str, **options: Any) -> Visit:
        opened.append(Visit(chromium, files[name], **options))
        return opened[-1]

    yield call
    for each in opened:
        each.context.close()


@pytest.mark.parametrize("script", [True, False])
def test_an_instruction_is_switched_with_or_without_the_script(
    visit: Any, files: dict[str, Path], script: bool
) -> None:
    opened = visit("instruction", java_script_enabled=script)
    source, sheets = opened.page.locator(".source"), opened.page.locator(".sheet")
    assert (source.is_visible(), sheets.first.is_visible()) == (True, False)
    opened.page.get_by_text("As labelers see it").click()
    assert (source.is_visible(), sheets.first.is_visible()) == (False, True)
    assert [sheet.locator(".changed").all_inner_texts() for sheet in sheets.all()] == [
        [], ["two", "image: https://x.invalid/b.png"]
    ]  # fmt: skip
    assert opened.requests == [files["instruction"].as_uri()]
    assert not opened.complaints


def test_a_wide_table_is_scrolled_in_a_window_and_whole_on_paper(visit: Any) -> None:
    opened = visit("instruction")
    opened.page.set_viewport_size({"width": 420, "height": 900})
    opened.page.get_by_text("As labelers see it").click()
    heights = opened.page.locator(".sheet td").evaluate_all("(cells) => cells.map((cell) => cell.clientHeight)")
    assert max(heights) < 50  # no word is broken
    hidden = "(sheet) => [sheet.scrollWidth > sheet.clientWidth, sheet.scrollHeight > sheet.clientHeight]"
    assert opened.page.locator(".sheet").first.evaluate(hidden) == [True, True]
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 420
    opened.page.emulate_media(media="print")
    opened.page.set_viewport_size({"width": 700, "height": 900})
    assert opened.page.locator(".sheet").first.evaluate(hidden) == [False, False]
    assert not opened.page.get_by_text("Source", exact=True).is_visible()


def test_deep_choices_can_be_read_on_a_phone(visit: Any) -> None:
    opened = visit("deep")
    opened.page.set_viewport_size({"width": 360, "height": 900})
    rows = opened.page.locator(".tree .name").evaluate_all(
        "(names) => names.map((name) => [name.getBoundingClientRect().right, name.clientHeight || name.offsetHeight])"
    )
    assert len(rows) == 41
    assert max(right for right, _ in rows) <= 360
    assert max(height for _, height in rows) < 30  # each in one row


@pytest.mark.parametrize(("name", "projects"), [("alone", 1), ("small", 6), ("large", 1_000), ("hostile", 1)])
def test_it_opens_without_a_complaint_and_asks_nobody(
    visit: Any, files: dict[str, Path], name: str, projects: int
) -> None:
    opened = visit(name)
    assert opened.shown == projects
    assert opened.count("nav li") == projects
    assert opened.requests == [files[name].as_uri()]
    assert opened.complaints == []
    assert files[name].stat().st_size < 5_000_000


def test_the_policy_stops_what_is_not_ours(visit: Any) -> None:
    opened = visit("small")
    opened.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=http://127.0.0.1:9/x.png>')")
    ran = opened.page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s); return window.ran === 1; }"
    )
    assert not ran
    assert any("Content Security Policy" in words for words in opened.complaints)


@pytest.mark.parametrize("name", ["small", "large"])
def test_the_filter(visit: Any, name: str) -> None:
    opened = visit(name)
    every = opened.shown
    opened.page.keyboard.press("/")
    assert opened.focused == "filter"
    opened.page.keyboard.type("kitten")
    some = opened.shown
    assert 0 < some < every
    assert opened.count("nav li") == some
    assert opened.page.locator("#status").inner_text() == f"{some} of {every} shown"
    opened.page.keyboard.type(" nothing")
    assert opened.shown == 0
    opened.page.keyboard.press("Escape")
    assert opened.shown == every
    assert opened.page.locator("#status").inner_text() == ""
    assert opened.focused != "filter"
    opened.page.locator("#filter").fill("would")
    assert opened.shown == (2 if name == "small" else 0)


def test_the_keys_lead_from_project_to_project(visit: Any) -> None:
    opened = visit("small")
    press = opened.page.keyboard.press
    press("j")
    assert opened.focused == "project-1"
    press("j")
    press("j")
    assert opened.focused == "project-3"
    press("k")
    assert opened.focused == "project-2"
    opened.page.locator("#filter").fill("labeling")
    opened.page.keyboard.type("jk")
    assert opened.page.locator("#filter").input_value() == "labelingjk"
    opened.page.locator("#filter").fill("labeling")
    opened.page.evaluate("document.activeElement.blur()")
    press("j")
    assert opened.focused == "project-4"
    press("j")
    assert opened.focused == "project-6"
    press("j")
    press("Control+k")
    assert opened.focused == "project-6"
    top = opened.page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert top >= opened.page.evaluate("document.querySelector('.top').getBoundingClientRect().bottom") - 1


def test_only_removals(visit: Any) -> None:
    opened = visit("small")
    assert opened.page.locator("#project-4").get_by_text("min_width").is_visible()
    opened.page.get_by_label("only removals").check()
    names = opened.page.locator("article:visible h2").all_inner_texts()
    assert names == ["~ birds", "~ crows", "~ kitten_labeling"]
    kitten = opened.page.locator("#project-4")
    assert kitten.get_by_text("Dog", exact=True).is_visible()
    assert not kitten.get_by_text("Fox", exact=True).is_visible()
    assert not kitten.get_by_text("min_width").is_visible()
    assert opened.page.locator("#status").inner_text() == "3 of 6 shown"
    opened.page.get_by_label("only removals").uncheck()
    assert opened.shown == 6


def test_everything_is_there_without_a_script(visit: Any) -> None:
    opened = visit("small", java_script_enabled=False)
    assert opened.shown == 6
    assert not opened.page.locator("#filter").is_visible()
    opened.page.get_by_text("All of it (41 lines)").click()
    assert opened.page.get_by_text("41. A puppy is a young dog.", exact=True).is_visible()
    opened.page.locator("nav a").last.click()
    assert opened.page.url.endswith("#project-6")


def test_a_screen_reader_is_told_what_is_what(visit: Any) -> None:
    opened = visit("small")
    tree = opened.page.locator("body").aria_snapshot()
    for words in (
        'link "Skip to the projects"', 'heading "Plan for production" [level=1]', "banner:", "main:", "status",
        "search:", 'searchbox "Filter"', 'checkbox "only removals"', 'navigation "Projects"',
        'article "update in-place birds"',
        'heading "update in-place params version 3 → 4, patch" [level=3]', 'rowheader "frame_rate"', "insertion",
    ):  # fmt: skip
        assert words in tree, words
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.className") == "skip"
    assert opened.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["small", "hostile"])
def test_every_text_stands_out(visit: Any, name: str, scheme: str) -> None:
    opened = visit(name, color_scheme=scheme)
    found = opened.page.evaluate(_CONTRASTS)
    assert len(found) > 30
    assert [each for each in found if each[0] < 4.5] == []


@pytest.mark.parametrize("script", [True, False])
def test_printed_it_is_black_on_white_and_whole(visit: Any, script: bool) -> None:
    opened = visit("small", color_scheme="dark", java_script_enabled=script)
    opened.page.emulate_media(media="print")
    if script:
        assert {each[1].split(":")[0] for each in opened.page.evaluate(_CONTRASTS) if each[0] < 7} == set()
    assert not opened.page.locator("nav").is_visible()
    assert not opened.page.locator("#filter").is_visible()
    assert opened.page.get_by_text("41. A puppy is a young dog.", exact=True).is_visible()
    assert len(opened.page.pdf()) > 10_000


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_nothing_is_wider_than_the_window(visit: Any, width: int) -> None:
    for name in ("small", "hostile"):
        opened = visit(name)
        opened.page.set_viewport_size({"width": width, "height": 900})
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
