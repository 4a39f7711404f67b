"""What a check found as SARIF 2.1.0, for GitHub code scanning and for editors.

A message about a whole run, without a line, is a notification of the run: code scanning refuses results without a
location. It turns `[words](address)` in a message into a link, so the two parts are separated here.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from reconciler import __version__
from reconciler.diagnostics import Diagnostic, Location, Severity, limited
from reconciler.model.validation import Validation
from reconciler.model.values import Json, to_json
from reconciler.render.escape import plain
from reconciler.render.view.diagnostics import in_order

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def lay_out_sarif(found: Validation) -> str:
    """One run, with a result for each message that has a location. File names must be relative."""
    shown = in_order(limited(found.diagnostics))
    codes = list(dict.fromkeys(each.code for each in shown))
    unlocated = [each for each in shown if each.location is None]
    run: dict[str, Json] = {
        "tool": {
            "driver": {
                "name": "reconciler",
                "version": __version__,
                "rules": [{"id": code, "name": code} for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not any(each.is_error for each in unlocated),
                "toolExecutionNotifications": [_notification(each) for each in unlocated],
            }
        ],
        "results": [
            _result(each, each.location, codes.index(each.code)) for each in shown if each.location is not None
        ],
    }
    return f"{to_json({'$schema': _SCHEMA, 'version': '2.1.0', 'runs': [run]})}\n"


def _notification(diagnostic: Diagnostic) -> Json:
    return {
        "descriptor": {"id": diagnostic.code},
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": _text(diagnostic)},
    }


def _result(diagnostic: Diagnostic, location: Location, rule: int) -> Json:
    region: dict[str, Json] = {"startLine": location.line, "startColumn": location.column}
    if location.end_column > location.column:
        region["endColumn"] = location.end_column
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": _text(diagnostic)},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": quote(location.file)}, "region": region}}],
    }


def _text(diagnostic: Diagnostic) -> str:
    words = [diagnostic.summary, diagnostic.label, *diagnostic.explanation.split("\n")]
    return "\n".join(plain(line) for line in words if line).replace("](", "] (")
