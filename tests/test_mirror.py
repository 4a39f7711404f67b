"""The tests mirror the source: the tests of a module are found by its name."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "reconciler"

SUITES = {
    "test_language.py": "the words that people read",
    "test_mirror.py": "the tests themselves",
    "test_named_pages.py": "pages and headings that the code points to",
    "test_public.py": "what reconciler/__init__.py exports",
    "test_readme.py": "what README says, carried out",
    "test_wheel.py": "the distribution",
    "cli/test_adopt_pull_request.py": "the pull request that adopts drift, through the command",
    "cli/test_assumptions.py": "the main stories with one assumption about the API wrong",
    "cli/test_blocked.py": "unreadable live projects through every command",
    "cli/test_cases.py": "failures of similar tools",
    "cli/test_clones.py": "clones as people have them, through every command",
    "cli/test_commands.py": "what scripts rely on in every command",
    "cli/test_composition.py": "composed manifests through every command",
    "cli/test_forged_record.py": "a forged record through every command",
    "cli/test_hooks.py": "the hooks for pre-commit",
    "cli/test_import_cases.py": "what other exports lose",
    "cli/test_kept_edits.py": "edits that --pending keeps, over several runs",
    "cli/test_links.py": "links and special files in a checkout",
    "cli/test_main_job.py": "the main job of README",
    "cli/test_adopt_accounts.py": "adopt, on random accounts",
    "cli/test_adopt_shapes.py": "adopt, on manifests of many shapes and with what can go wrong",
    "cli/test_names.py": "names that could mislead, through every command",
    "cli/test_older_commit.py": "checkouts behind the last applied commit",
    "cli/test_pages.py": "--format html of every command",
    "cli/test_record.py": "the record through every command",
    "cli/test_record_cases.py": "failures of similar tools that concern the record",
    "cli/test_requests.py": "how many requests the commands send",
    "cli/test_saved_plan.py": "plan --out, show and apply --plan",
    "cli/test_stopping.py": "signals at every stage of a command",
    "cli/test_suggestions.py": "the commands that messages suggest",
    "cli/test_unwritable.py": "full disks and closed outputs",
    "documents/test_round_trip.py": "every document is read as it was written",
    "forge/github/test_description.py": "what the double compares with GitHub's description",
    "git/test_ending.py": "what a git that runs leaves behind",
    "git/test_hostile.py": "what a checkout can make git do",
    "manifest/editing/test_corpus.py": "edits of files as people write them",
    "manifest/test_bad.py": "bad manifests, as files",
    "manifest/test_cases.py": "failures of similar tools",
    "manifest/test_composition.py": "defaults, references and overlays together",
    "manifest/test_files.py": "which files are read, and how",
    "manifest/test_mistakes.py": "every mistake with its location",
    "manifest/test_projects.py": "what a correct manifest becomes",
    "manifest/test_properties.py": "what holds for any manifest",
    "manifest/test_values.py": "what YAML text means, in both parsers",
    "operations/test_unreadable.py": "unreadable live projects through plan, drift and snapshot",
    "planning/test_cases.py": "cases from tests/cases/planning",
    "planning/test_properties.py": "what holds for any manifest and any live state",
    "render/test_everything.py": "what any plan changes, in every format",
    "render/test_golden.py": "golden files of every format",
    "render/test_page_in_browser.py": "the page in a browser",
    "sandbox/test_calls.py": "every call of the API",
    "sandbox/test_official_sdk.py": "the official SDK as a client",
    "sandbox/test_refusals.py": "every request that the API refuses",
    "scale/test_key.py": "the API key is never shown",
    "scale/test_pace.py": "how the transport slows down after a 429",
}
"""Tests that concern many modules, and what they have in common."""


def _module(test: Path) -> bool:
    """Whether a module or package of the test's name lies in the same package or below. A package may name itself."""
    package, name = SOURCE / test.parent, test.stem.removeprefix("test_")
    found = [*package.rglob(f"{name}.py"), *package.rglob(f"{name}/__init__.py")]
    return bool(found) or name == test.parent.name


def test_every_test_names_its_module_or_is_a_suite() -> None:
    tests = [path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")]
    mirrored = {str(test) for test in tests if (SOURCE / test.parent).is_dir()}
    assert len(mirrored) > 80
    unnamed = {test for test in mirrored if not _module(Path(test))}
    assert sorted(unnamed) == sorted(SUITES)


def test_the_docs_name_tests_that_exist() -> None:
    root = TESTS.parent
    named = {
        name
        for page in (*root.glob("*.md"), *root.glob("docs/**/*.md"))
        for name in re.findall(r"\btests/[\w/]+\.py\b", page.read_text("utf-8"))
    }
    assert len(named) > 30
    assert sorted(name for name in named if not (root / name).is_file()) == []
