"""The document that doctor prints."""

from __future__ import annotations

from reconciler import __version__
from reconciler.documents.parts import FORMAT_VERSION
from reconciler.model.doctor import CheckStatus, DoctorReport
from reconciler.model.values import Json


def doctor_document(report: DoctorReport) -> dict[str, Json]:
    """Every check with its remedy, and every assumption with its evidence."""
    return {
        "format_version": FORMAT_VERSION,
        "tool_version": __version__,
        "target": {"name": report.target, "endpoint": report.endpoint},
        "checks": [
            {"check": one.check, "status": one.status.value, "message": one.message, "remedy": one.to_do}
            for one in report.checks
        ],
        "assumptions": [
            {"assumption": one.check, "status": one.status.value, "message": one.message} for one in report.assumptions
        ],
        "summary": {
            "ok": report.count(CheckStatus.OK),
            "warnings": report.count(CheckStatus.WARNING),
            "errors": report.count(CheckStatus.ERROR),
            "skipped": report.count(CheckStatus.SKIPPED),
        },
    }
