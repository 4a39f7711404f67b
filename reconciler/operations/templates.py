"""The files in `reconciler/initial`, filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from reconciler.operations.pin import PACKAGE_LOCK, Pin
from reconciler.operations.surroundings import Surroundings

ACTION: Final = ".github/actions/reconciler"
"""The folder of the action, below the git top level."""


@dataclass(frozen=True, slots=True)
class Placeholders:
    """The values for the placeholders of a template.

    `action` is the action that the workflows use, and `locks` is the folder below it with its lock files. `package` is
    what the action installs: a pin, or arguments for uv as a shell reads them.
    """

    place: Surroundings
    package: Pin | str = ""
    action: str = f"./{ACTION}"
    locks: str = ""

    def values(self) -> Mapping[str, str]:
        """By name."""
        place = self.place
        branch = place.branch
        manifests = str(PurePosixPath(place.inner, place.manifests))
        return {
            "ACTION": f"{self.action} # zizmor: ignore[self-repository]",
            "LOCKS": self.locks,
            "PACKAGE": _arguments(self.package) if isinstance(self.package, Pin) else self.package,
            "MANIFESTS": json.dumps(manifests, ensure_ascii=False)[1:-1],
            "PATTERN": quote(manifests),  # an editor compares it with the address of a file
            "FOLDER": _scalar(place.inner),
            "TITLE": f" {place.suffix.removeprefix('-')}" if place.suffix else "",
            "SUFFIX": place.suffix,
            "BRANCH": _scalar(branch),
            "BRANCHES": _scalar(re.sub(r"([*?+!\[\]\\])", r"\\\1", branch)),
            "REF": "'refs/heads/" + branch.replace("'", "''") + "'",
            "RUNNER": "[self-hosted, linux]" if place.enterprise else "ubuntu-24.04",
        }


def template(source: str, placeholders: Placeholders | None = None) -> str:
    """One of the files, filled in. What is between `#@github` and `#@end` is for GitHub itself alone."""
    text = files("reconciler").joinpath("initial", *source.split("/")).read_text("utf-8")
    if placeholders is None:
        return text
    values = placeholders.values()
    text = re.sub(r"(?ms)^ *#@github\n(.*?)^ *#@end\n", "" if placeholders.place.enterprise else r"\1", text)
    if not values["FOLDER"]:
        text = re.sub(r"(?m)^ *working-directory: @FOLDER@\n", "", text)
    return re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], text)


def _scalar(text: str) -> str:
    """A text as a YAML scalar: plain if every parser reads it as that text, else in double quotes, as in JSON."""
    plain = re.fullmatch(r"(?!(?:true|false|null|yes|no|on|off|y|n|[0-9].*|\.*)$)[\w./][\w./-]*", text, re.ASCII | re.I)
    return text if plain or not text else json.dumps(text, ensure_ascii=False)


def _arguments(pin: Pin) -> str:
    return f'--require-hashes --requirement "$locks/{PACKAGE_LOCK}"' if pin.hashed else f"'{pin.requirement}'"
