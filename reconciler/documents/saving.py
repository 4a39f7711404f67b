"""Where documents are saved: never over another file, and never among the manifests."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.errors import PlanFileError, ReconcilerError, UsageError
from reconciler.files.walking import is_below
from reconciler.files.writing import check_named


def check_place(
    file: Path,
    manifests: Path,
    *,
    what: str = "plan",
    sign: bytes = b'"applyable"',
    kind: type[ReconcilerError] = PlanFileError,
) -> None:
    """Check that saving `what` there replaces nothing but an older one, which has `sign` in its first 200 bytes.

    Raises:
        PlanFileError, or `kind`: it would replace another file, or is among the manifests.
    """
    if is_below(os.path.realpath(file), os.path.realpath(manifests)):
        raise kind(f"the {what} cannot be saved in the manifest folder: {file}", "Choose a file outside it.")
    try:
        check_named(file)
        if not file.is_file():
            return
        with file.open("rb") as stream:
            start = stream.read(200)
    except OSError as problem:
        raise kind(f"the {what} cannot be saved as {file}: {problem.strerror}") from None
    if start and sign not in start:
        raise kind(f"{file} already exists and is not a {what}", "Choose another file, or remove this one.")


def check_result(file: Path) -> None:
    """Check, before anything is written to Scale, that the result can be written.

    Raises:
        UsageError: it cannot.
    """
    folder = file.parent
    try:
        check_named(file)
    except OSError as problem:
        why = f"the result cannot be written to {file}: {problem.strerror}"
        raise UsageError(why, "Nothing was written to Scale.") from None
    if file.is_dir() or not folder.is_dir() or not os.access(file if file.exists() else folder, os.W_OK):
        what = "it is a folder" if file.is_dir() else "its folder is missing or not writable"
        raise UsageError(f"the result cannot be written to {file}: {what}", "Nothing was written to Scale.")
