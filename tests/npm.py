"""What `make` takes from npm into the environment; without npm the tests that need it are skipped."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

MODULES = Path(sys.executable).parent.parent / "node_modules"


def module(*parts: str) -> Path:
    """A file or folder of a package."""
    path = MODULES.joinpath(*parts)
    if not path.exists():
        pytest.skip("npm is missing")
    return path
