"""
ctrf.json: the Common Test Report Format, https://ctrf.io.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from livekit_conformance.reporting.model import OUTCOMES, Outcome, Result
from livekit_conformance.verdict import CheckRecord

_STATUS: dict[Outcome, str] = {
    "passed": "passed",
    "failed": "failed",
    "skipped": "skipped",
    "broken": "other",
}


def write(result: Result, path: Path) -> None:
    """
    Write the CTRF report. Times are in milliseconds.
    """
    start = round(datetime.fromisoformat(result.run.started).timestamp() * 1000)
    statuses = [_STATUS[OUTCOMES[check.verdict]] for check in result.checks]
    content = {
        "reportFormat": "CTRF",
        "specVersion": "1.0.0",
        "results": {
            "tool": {"name": "livekit-conformance", "version": result.run.suite_version},
            "summary": {
                "tests": len(statuses),
                "passed": statuses.count("passed"),
                "failed": statuses.count("failed"),
                "skipped": statuses.count("skipped"),
                "pending": 0,
                "other": statuses.count("other"),
                "start": start,
                "stop": start + round(result.run.duration_s * 1000),
                "extra": {"verdict": result.verdict} | result.summary.counts(),
            },
            "tests": [_test(check) for check in result.checks],
            "environment": {"testEnvironment": result.run.environment},
        },
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _test(check: CheckRecord) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": check.id,
        "status": _STATUS[OUTCOMES[check.verdict]],
        "duration": round(check.duration_s * 1000),
        "rawStatus": check.verdict.value,
        "suite": [check.requirement, check.area],
        "tags": [check.requirement, check.area, check.level],
        "extra": {
            "statement": check.statement,
            "reason": check.reason,
            "blocked_by": check.blocked_by,
        },
    }
    if check.message:
        test["message"] = check.message
    return test
