"""
Allure results: one for each check, with labels that both generators of Allure understand.

They are written through allure-python-commons: to allure-results/ of the run, from a journal too,
and to the folder that --alluredir names.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from hashlib import md5
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import (
    ATTACHMENT_PATTERN,
    Attachment,
    Label,
    Link,
    StatusDetails,
    TestResult,
)
from allure_commons.types import LabelType, LinkType, Severity

from livekit_conformance.catalogue.clause import REQUIREMENTS
from livekit_conformance.reporting.result.model import (
    OUTCOMES,
    Result,
    clause_of,
    interval_ms,
    is_about_client,
)
from livekit_conformance.reporting.result.whole_files import write_whole
from livekit_conformance.reporting.text import phrases, words
from livekit_conformance.verdict import CheckRecord, Verdict

_SEVERITY = {"MUST": Severity.CRITICAL, "SHOULD": Severity.MINOR}
# Messages begin with their verdict. In one of the two generators `.` does not match a line break.
_CATEGORIES = tuple(
    {"name": name, "matchedStatuses": [status], "messageRegex": rf"{begin}[\s\S]*"}
    for name, status, begin in (
        ("A requirement is violated", "failed", "FAIL:"),
        ("Could not be tested: something before it is broken", "broken", "BLOCKED:"),
        ("The suite itself failed", "broken", "ERROR:"),
        ("Not permitted by the profile", "skipped", r"SKIPPED \(not-permitted\):"),
        ("The profile lacks what the check needs", "skipped", r"SKIPPED \(not-configured\):"),
        ("Does not apply", "skipped", r"SKIPPED \(not-applicable\):"),
        ("A recommendation is violated", "passed", "WARN:"),
        ("Known issues", "passed", "KNOWN:"),
    )
)
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".json": "application/json",
        ".log": "text/plain",
        ".pcap": "application/vnd.tcpdump.pcap",
        ".txt": "text/plain",
    }
)
_EXECUTORS: Mapping[str, str] = MappingProxyType(
    {"github": "GitHub Actions", "gitlab": "GitLab CI", "jenkins": "Jenkins"}
)


def write(result: Result, path: Path) -> None:
    """
    Write the folder anew, because results of an earlier run would be counted again.
    """
    try:
        _write(result, AllureFileLogger(path, clean=True), path, path.parent)
    except OSError:
        # A folder without some of the results reads like that of a smaller run.
        shutil.rmtree(path, ignore_errors=True)
        raise


def add(result: Result, folder: Path, run_directory: Path) -> None:
    """
    Add the results of the run in `run_directory` to `folder`.
    """
    _write(result, AllureFileLogger(folder), folder, run_directory)


def labels(check: CheckRecord) -> dict[str, str]:
    """
    Return the labels that a check has before it is run, so that checks can be selected by them.
    """
    if is_about_client(check.id):
        title = phrases.CLIENT.en
    else:
        title = f"{check.requirement} {REQUIREMENTS.get(check.requirement, '')}".strip()
    clause = clause_of(check.id)
    return {
        "requirement": check.requirement,
        "clause": clause,
        "area": check.area,
        "level": check.level,
        LabelType.SEVERITY: _SEVERITY[check.level],
        LabelType.EPIC: title,
        LabelType.FEATURE: check.area,
        LabelType.STORY: clause,
        LabelType.PARENT_SUITE: title,
        LabelType.SUITE: check.area,
        LabelType.TAG: check.level,
    }


def _write(result: Result, logger: AllureFileLogger, folder: Path, run_directory: Path) -> None:
    attachments = _attach_evidence(result, logger, run_directory)
    causes = result.causes()
    for check in result.checks:
        test = _test(result.run.id, check)
        test.attachments = [attachments[path] for path in check.evidence if path in attachments]
        if (diagnosis := causes.get(check.id)) is not None:
            test.labels.append(Label("cause", diagnosis.id))
            test.statusDetails.trace = "\n".join(words.diagnosis_lines(result, diagnosis))
        logger.report_result(test)
    _write_json(folder / "categories.json", _CATEGORIES)
    _write_json(folder / "executor.json", executor(result))
    environment = "".join(_property(name, value) for name, value in _facts(result).items())
    write_whole(folder / "environment.properties", environment)


def executor(result: Result) -> dict[str, Any]:
    """
    Return the system that ran the checks (of CI, or `local`), with the link to its build.
    """
    build = result.run.build
    found: dict[str, Any] = {
        "type": build.get("system", "local"),
        "name": _EXECUTORS.get(build.get("system", ""), "livekit-conformance"),
        "reportName": f"LiveKit conformance: {result.run.environment}",
        "buildName": build.get("name", result.run.id),
    }
    if (number := build.get("number", "")).isdecimal():
        found["buildOrder"] = int(number)
        found["buildName"] += f" #{number}"
    if url := build.get("url"):
        found["buildUrl"] = url
    return found


def _test(run_id: str, check: CheckRecord) -> TestResult:
    # Allure keeps history by these two ids, so they hold nothing that changes from run to run.
    identity = md5(check.id.encode(), usedforsecurity=False).hexdigest()
    found = {
        "verdict": check.verdict.value,
        "layer": "e2e",
        LabelType.FRAMEWORK: "pytest",
        LabelType.LANGUAGE: "python",
    }
    return TestResult(
        uuid=str(uuid5(NAMESPACE_URL, f"{run_id}/{check.id}")),
        historyId=identity,
        testCaseId=identity,
        fullName=check.id,
        name=check.id,
        description=check.statement,
        status=OUTCOMES[check.verdict],
        statusDetails=_details(check),
        stage="finished",
        labels=[Label(name, value) for name, value in (labels(check) | found).items()],
        links=[Link(LinkType.ISSUE, url, url) for url in check.issues],
        **interval_ms(check),
    )


def _details(check: CheckRecord) -> StatusDetails:
    if check.message is None:
        return StatusDetails()
    reason = f" ({check.reason})" if check.reason else ""
    return StatusDetails(
        message=f"{check.verdict}{reason}: {check.message}",
        known=check.verdict is Verdict.KNOWN or None,
    )


def _attach_evidence(
    result: Result, logger: AllureFileLogger, run_directory: Path
) -> dict[str, Attachment]:
    """
    Copy each piece of evidence once, as checks may share it; return the attachments by path.
    """
    attachments = {}
    for evidence in dict.fromkeys(path for check in result.checks for path in check.evidence):
        source = run_directory / evidence
        if not source.is_file():
            continue  # rebuilt elsewhere, from the journal alone
        unique = uuid5(NAMESPACE_URL, f"{result.run.id}/{evidence}")
        name = ATTACHMENT_PATTERN.format(prefix=unique, ext=source.suffix.removeprefix("."))
        logger.report_attached_file(source, name)
        kind = _TYPES.get(source.suffix, "text/plain")
        attachments[evidence] = Attachment(name=source.name, source=name, type=kind)
    return attachments


def _facts(result: Result) -> dict[str, str]:
    return {
        "environment": result.run.environment,
        "kind": result.run.kind,
        "url": result.run.url,
        "verdict": result.verdict,
        "figures": words.figures(result.summary),
        "headline": words.headline(result),
        "client": f"{words.verdict_of(result.client)}: {words.counted(result.client)}",
        "run": result.run.id,
        "suite_version": result.run.suite_version,
        **result.run.versions,
    }


def _property(name: str, value: str) -> str:
    r"""
    Return a line of a Java properties file; all but printable ASCII becomes \uXXXX, in UTF-16.
    """
    escaped = value.replace("\\", "\\\\")
    units = escaped.encode("utf-16-be", "surrogatepass")
    pairs = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    ascii_only = "".join(chr(p) if 0x20 <= p < 0x7F else f"\\u{p:04x}" for p in pairs)  # noqa: PLR2004
    return f"{name}={ascii_only}\n"


def _write_json(path: Path, content: Any) -> None:
    write_whole(path, json.dumps(content, ensure_ascii=False))
