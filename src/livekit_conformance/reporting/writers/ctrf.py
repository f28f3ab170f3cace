"""
ctrf.json: the Common Test Report Format, https://ctrf.io, version 1.0.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.reporting.result.model import (
    OUTCOMES,
    Group,
    Outcome,
    Result,
    clause_of,
    epoch_ms,
    interval_ms,
)
from livekit_conformance.reporting.result.whole_files import write_whole
from livekit_conformance.reporting.text import words
from livekit_conformance.verdict import CheckRecord

_STATUS: dict[Outcome, str] = {
    "passed": "passed",
    "failed": "failed",
    "skipped": "skipped",
    "broken": "other",
}
_NAME = "livekit-conformance"


def write(result: Result, path: Path) -> None:
    """
    Write the CTRF report, with times in milliseconds.
    """
    start = epoch_ms(result.run.started)
    stop = start + round(result.run.duration_s * 1000)
    written = datetime.fromtimestamp(stop // 1000, UTC).isoformat()
    content = {
        "reportFormat": "CTRF",
        "specVersion": "1.0.0",
        "reportId": str(uuid5(NAMESPACE_URL, result.run.id)),
        "timestamp": written.replace("+00:00", "Z"),
        "generatedBy": _NAME,
        "results": {
            "tool": {"name": _NAME, "version": result.run.suite_version},
            "summary": _summary(result, start, stop),
            "tests": list(_tests(result)),
            "environment": _environment(result),
            "extra": {
                "headline": words.headline(result),
                "client": _group(result.client),
                "requirements": [_group(group) for group in result.requirements],
                "diagnoses": [
                    {"id": d.id, "cause": d.cause, "fix": d.fix} for d in result.diagnoses
                ],
            },
        },
    }
    write_whole(path, json.dumps(content, ensure_ascii=False) + "\n")


def _summary(result: Result, start: int, stop: int) -> dict[str, Any]:
    statuses = [_STATUS[OUTCOMES[check.verdict]] for check in result.checks]
    return {
        "tests": len(statuses),
        "passed": statuses.count("passed"),
        "failed": statuses.count("failed"),
        "skipped": statuses.count("skipped"),
        "pending": 0,
        "other": statuses.count("other"),
        "suites": len({check.area for check in result.checks}),
        "start": start,
        "stop": stop,
        "duration": stop - start,
        "extra": {"verdict": result.verdict} | result.summary.counts(),
    }


def _tests(result: Result) -> Iterator[dict[str, Any]]:
    causes = result.causes()
    for check in result.checks:
        yield _test(check, causes.get(check.id))


def _test(check: CheckRecord, cause: Diagnosis | None) -> dict[str, Any]:
    test: dict[str, Any] = {
        # The same in every run, because readers follow a test by this id.
        "id": str(uuid5(NAMESPACE_URL, f"{_NAME}/{check.id}")),
        "name": check.id,
        "status": _STATUS[OUTCOMES[check.verdict]],
        "duration": round(check.duration_s * 1000),
        **interval_ms(check),
        "rawStatus": check.verdict.value,
        "type": "e2e",
        "filePath": check.node_id.partition("::")[0],
        "suite": [check.requirement, check.area],
        "tags": [check.requirement, check.area, check.level],
        "labels": {
            "requirement": check.requirement,
            "area": check.area,
            "level": check.level,
            "clause": clause_of(check.id),
            "verdict": check.verdict.value,
        },
        "attachments": [
            {"name": Path(path).name, "contentType": _content_type(path), "path": path}
            for path in check.evidence
        ],
        "extra": {
            "statement": check.statement,
            "reason": check.reason,
            "blocked_by": check.blocked_by,
            "cause": cause.id if cause else None,
            "fix": cause.fix if cause else None,
        },
    }
    if check.message:
        test["message"] = check.message
    return test


def _content_type(path: str) -> str:
    return "application/json" if path.endswith(".json") else "text/plain"


def _environment(result: Result) -> dict[str, Any]:
    build = result.run.build
    found: dict[str, Any] = {
        "reportName": f"LiveKit conformance: {result.run.environment}",
        "appName": "livekit-server",
        "appVersion": result.run.versions.get("livekit_server"),
        "testEnvironment": result.run.environment,
        "buildId": build.get("id"),
        "buildName": build.get("name"),
        "buildUrl": build.get("url"),
        "commit": build.get("commit"),
        "branchName": build.get("branch"),
        "healthy": result.is_accepted,
    }
    if (number := build.get("number", "")).isdecimal():
        found["buildNumber"] = int(number)
    known = {name: value for name, value in found.items() if value is not None}
    return known | {"extra": {"run": result.run.id, "url": result.run.url, **result.run.versions}}


def _group(group: Group) -> dict[str, Any]:
    return {"id": group.id, "title": group.title, "verdict": group.verdict} | group.counts()
