"""
allure-results/: one result per check, with labels that both Allure generators understand.
"""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from allure_commons.model2 import Attachment, Label, StatusDetails, TestResult
from attr import asdict

from livekit_conformance.catalogue.clause import REQUIREMENTS
from livekit_conformance.reporting.model import OUTCOMES, Result
from livekit_conformance.verdict import CheckRecord, Verdict

_SEVERITY = {"MUST": "critical", "SHOULD": "minor"}
_CATEGORIES = [
    {"name": "Violated", "matchedStatuses": ["failed"]},
    {"name": "Could not be tested", "matchedStatuses": ["broken"]},
    {"name": "Not permitted or not configured", "matchedStatuses": ["skipped"]},
]


def write(result: Result, path: Path) -> None:
    """
    Write the folder anew; results of an earlier run would be counted again.
    """
    if path.is_dir():
        shutil.rmtree(path)
    path.mkdir(parents=True)
    start = round(datetime.fromisoformat(result.run.started).timestamp() * 1000)
    for check in result.checks:
        stop = start + round(check.duration_s * 1000)
        test = _test(result, check, path, start, stop)
        given = asdict(test, filter=lambda _, value: value not in (None, [], ()))
        text = json.dumps(given, ensure_ascii=False)
        (path / f"{test.uuid}-result.json").write_text(text, encoding="utf-8")
        start = stop
    categories = json.dumps(_CATEGORIES, indent=1)
    (path / "categories.json").write_text(categories + "\n", encoding="utf-8")
    facts = {
        "environment": result.run.environment,
        "kind": result.run.kind,
        "url": result.run.url,
        "verdict": result.verdict,
        "run": result.run.id,
        "suite_version": result.run.suite_version,
        **result.run.versions,
    }
    lines = [f"{name}={value}" for name, value in facts.items()]
    (path / "environment.properties").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _test(result: Result, check: CheckRecord, folder: Path, start: int, stop: int) -> Any:
    title = REQUIREMENTS.get(check.requirement, "")
    labels = {
        "requirement": check.requirement,
        "epic": f"{check.requirement} {title}".strip(),
        "feature": check.area,
        "story": check.statement,
        "severity": _SEVERITY[check.level],
        "layer": "e2e",
        "level": check.level,
        "verdict": check.verdict.value,
        "framework": "pytest",
        "language": "python",
    }
    details = None
    if check.message:
        known = True if check.verdict is Verdict.KNOWN else None
        details = StatusDetails(message=f"{check.verdict}: {check.message}", known=known)
    # History is kept by these two, so they hold nothing that changes from run to run.
    identity = md5(check.id.encode(), usedforsecurity=False).hexdigest()
    return TestResult(
        uuid=str(uuid5(NAMESPACE_URL, f"{result.run.id}/{check.id}")),
        historyId=identity,
        testCaseId=identity,
        fullName=check.id,
        name=check.id,
        description=check.statement,
        status=OUTCOMES[check.verdict],
        statusDetails=details,
        stage="finished",
        labels=[Label(name=name, value=value) for name, value in labels.items()],
        attachments=[
            attachment
            for evidence in check.evidence
            if (attachment := _attach(result, folder, evidence)) is not None
        ],
        start=start,
        stop=stop,
    )


def _attach(result: Result, folder: Path, evidence: str) -> Any:
    source = folder.parent / evidence
    if not source.is_file():
        return None  # rebuilt elsewhere, from the journal alone
    name = f"{uuid5(NAMESPACE_URL, f'{result.run.id}/{evidence}')}-attachment.json"
    shutil.copyfile(source, folder / name)
    return Attachment(name=source.name, source=name, type="application/json")
