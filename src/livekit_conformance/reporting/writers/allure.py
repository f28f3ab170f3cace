"""
allure-results/: one result per check, with labels that both Allure generators understand.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import md5
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from livekit_conformance.catalogue.clause import REQUIREMENTS
from livekit_conformance.reporting import words
from livekit_conformance.reporting.model import OUTCOMES, Result, clause_of
from livekit_conformance.verdict import CheckRecord, Verdict

_SEVERITY = {"MUST": "critical", "SHOULD": "minor"}
# Messages begin with their verdict. `.` would stop at a line's end in one of the two generators.
_CATEGORIES = tuple(
    {"name": name, "matchedStatuses": [status], "messageRegex": rf"{begin}[\s\S]*"}
    for name, status, begin in (
        ("A requirement is violated", "failed", "FAIL:"),
        ("Could not be tested: something before it is broken", "broken", "BLOCKED:"),
        ("The suite itself failed", "broken", "ERROR:"),
        ("Not permitted by the profile", "skipped", r"SKIPPED \(not-permitted\):"),
        ("The profile does not say enough", "skipped", r"SKIPPED \(not-configured\):"),
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
_URL = re.compile(r"https?://[^\s<>\"'();,]+")


def write(result: Result, path: Path) -> None:
    """
    Write the folder anew; results of an earlier run would be counted again.
    """
    if path.is_dir():
        shutil.rmtree(path)
    path.mkdir(parents=True)
    start = round(datetime.fromisoformat(result.run.started).timestamp() * 1000)
    causes = result.causes()
    for check in result.checks:
        stop = start + round(check.duration_s * 1000)
        test = _test(result, check, start, stop)
        test["attachments"] = list(_attachments(result, path, check))
        if (diagnosis := causes.get(check.id)) is not None:
            test["labels"].append({"name": "cause", "value": diagnosis.id})
            lines = words.diagnosis_lines(result, diagnosis)
            test["statusDetails"]["trace"] = "\n".join(lines)
        _write_json(path / f"{test['uuid']}-result.json", test)
        start = stop
    _write_json(path / "categories.json", _CATEGORIES)
    _write_json(path / "executor.json", executor(result))
    environment = "".join(_property(name, value) for name, value in _facts(result).items())
    (path / "environment.properties").write_text(environment, encoding="utf-8")


def executor(result: Result) -> dict[str, Any]:
    """
    Who ran it, and where that can be looked up.
    """
    build = result.run.build
    told: dict[str, Any] = {
        "type": build.get("system", "local"),
        "name": _EXECUTORS.get(build.get("system", ""), "livekit-conformance"),
        "reportName": f"LiveKit conformance: {result.run.environment}",
        "buildName": build.get("name", result.run.id),
    }
    if (number := build.get("number", "")).isdecimal():
        told["buildOrder"] = int(number)
        told["buildName"] += f" #{number}"
    if url := build.get("url"):
        told["buildUrl"] = url
    return told


def _test(result: Result, check: CheckRecord, start: int, stop: int) -> dict[str, Any]:
    title = f"{check.requirement} {REQUIREMENTS.get(check.requirement, '')}".strip()
    labels = {
        "requirement": check.requirement,
        "clause": clause_of(check.id),
        "area": check.area,
        "level": check.level,
        "verdict": check.verdict.value,
        "severity": _SEVERITY[check.level],
        "epic": title,
        "feature": check.area,
        "story": clause_of(check.id),
        "parentSuite": title,
        "suite": check.area,
        "tag": check.level,
        "layer": "e2e",
        "framework": "pytest",
        "language": "python",
    }
    # History is kept by these two, so they hold nothing that changes from run to run.
    identity = md5(check.id.encode(), usedforsecurity=False).hexdigest()
    return {
        "uuid": str(uuid5(NAMESPACE_URL, f"{result.run.id}/{check.id}")),
        "historyId": identity,
        "testCaseId": identity,
        "fullName": check.id,
        "name": check.id,
        "description": check.statement,
        "status": OUTCOMES[check.verdict],
        "statusDetails": _details(check),
        "stage": "finished",
        "labels": [{"name": name, "value": value} for name, value in labels.items()],
        "links": list(_links(check)),
        "start": start,
        "stop": stop,
    }


def _details(check: CheckRecord) -> dict[str, Any]:
    if check.message is None:
        return {}
    reason = f" ({check.reason})" if check.reason else ""
    details: dict[str, Any] = {"message": f"{check.verdict}{reason}: {check.message}"}
    if check.verdict is Verdict.KNOWN:
        details["known"] = True
    return details


def _links(check: CheckRecord) -> Iterator[dict[str, str]]:
    if check.verdict is Verdict.KNOWN:
        # The reason of a known issue is where its ticket is named; the violation comes after it.
        for url in _URL.findall((check.message or "").partition("; ")[0]):
            yield {"type": "issue", "name": url, "url": url}


def _attachments(result: Result, folder: Path, check: CheckRecord) -> Iterator[dict[str, str]]:
    for evidence in check.evidence:
        source = folder.parent / evidence
        if not source.is_file():
            continue  # rebuilt elsewhere, from the journal alone
        kind = _TYPES.get(source.suffix, "text/plain")
        unique = uuid5(NAMESPACE_URL, f"{result.run.id}/{evidence}")
        name = f"{unique}-attachment{source.suffix}"
        _put(source, folder / name)
        yield {"name": source.name, "source": name, "type": kind}


def _put(source: Path, target: Path) -> None:
    """
    The file under another name; a second name costs less than a copy, where there can be one.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        return  # what several checks share is there once
    except OSError:
        shutil.copyfile(source, target)


def _facts(result: Result) -> dict[str, str]:
    return {
        "environment": result.run.environment,
        "kind": result.run.kind,
        "url": result.run.url,
        "verdict": result.verdict,
        "figures": words.figures(result.summary),
        "run": result.run.id,
        "suite_version": result.run.suite_version,
        **result.run.versions,
    }


def _property(name: str, value: str) -> str:
    r"""
    A line of a Java properties file: what is not printable ASCII as \uXXXX, in UTF-16.
    """
    escaped = value.replace("\\", "\\\\")
    units = escaped.encode("utf-16-be", "surrogatepass")
    pairs = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    ascii_only = "".join(chr(p) if 0x20 <= p < 0x7F else f"\\u{p:04x}" for p in pairs)  # noqa: PLR2004
    return f"{name}={ascii_only}\n"


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
