"""The docs list every key and every guard as it is defined."""

from __future__ import annotations

from pathlib import Path

from tests.docs.reference import guards, manifest_keys, settings_keys

DOCS = Path(__file__).parents[2] / "docs"


def test_every_key_of_a_manifest_is_listed() -> None:
    assert manifest_keys() in (DOCS / "manifests.md").read_text()


def test_every_key_of_the_configuration_is_listed() -> None:
    assert settings_keys() in (DOCS / "configuration.md").read_text()


def test_every_guard_is_listed() -> None:
    assert guards() in (DOCS / "guards.md").read_text()
