"""
junit.xml: one testcase per check; its properties hold the facts that JUnit has no field for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.reporting.result.model import OUTCOMES, Group, Outcome, Result, clause_of
from livekit_conformance.reporting.result.whole_files import write_whole
from livekit_conformance.reporting.text import words
from livekit_conformance.verdict import CheckRecord

_ELEMENTS: dict[Outcome, str] = {"failed": "failure", "broken": "error", "skipped": "skipped"}
# Characters that XML 1.0 does not allow, section 2.2.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def write(result: Result, path: Path) -> None:
    """
    Write the JUnit report.
    """
    run = result.run
    numbers = _numbers(result.checks)
    del numbers["skipped"]  # the schema allows it on a suite only
    attributes = {"name": _name(result), **numbers, "time": f"{run.duration_s:.3f}"}
    root = ET.Element("testsuites", attributes)
    root.extend(suites(result))
    ET.indent(root, " ")
    text = ET.tostring(root, encoding="utf-8", xml_declaration=True).decode()
    write_whole(path, text)


def suites(result: Result) -> Iterator[ET.Element]:
    """
    Yield the test suite of the deployment and, if our client was checked, that of the client.
    """
    run, name = result.run, _name(result)
    facts = {
        "run": run.id,
        "headline": words.headline(result),
        "url": run.url,
        "build": run.build.get("url", ""),
        **run.versions,
    }
    yield _testsuite(name, result.summary, result.deployment_checks, result, facts)
    if result.client_checks:
        own = f"{name} {result.client.id}"
        yield _testsuite(own, result.client, result.client_checks, result, {"run": run.id})


def _name(result: Result) -> str:
    return f"livekit-conformance {result.run.environment}"


def _testsuite(
    name: str,
    group: Group,
    checks: Sequence[CheckRecord],
    result: Result,
    facts: Mapping[str, str],
) -> ET.Element:
    time = sum(check.duration_s for check in checks)
    timestamp = result.run.started.rstrip("Z")
    attributes = {"name": name, "timestamp": timestamp, **_numbers(checks), "time": f"{time:.3f}"}
    suite = ET.Element("testsuite", attributes)
    figures = {
        "verdict": group.verdict,
        "success_rate": "" if group.success_rate is None else f"{group.success_rate:.1f}",
        "coverage": f"{group.coverage:.1f}",
        "decided": str(group.tally.decided),
        "applicable": str(group.tally.applicable),
    }
    _properties(suite, {**figures, **facts})
    causes = result.causes()
    for check in checks:
        _testcase(suite, check, causes.get(check.id))
    return suite


def _numbers(checks: Sequence[CheckRecord]) -> dict[str, str]:
    outcomes = [OUTCOMES[check.verdict] for check in checks]
    return {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failed")),
        "errors": str(outcomes.count("broken")),
        "skipped": str(outcomes.count("skipped")),
    }


def _testcase(suite: ET.Element, check: CheckRecord, cause: Diagnosis | None) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        {
            "classname": f"{check.requirement}.{check.area}",
            "name": _clean(check.id),
            "time": f"{check.duration_s:.3f}",
        },
    )
    _properties(
        case,
        {
            "clause": clause_of(check.id),
            "requirement": check.requirement,
            "area": check.area,
            "level": check.level,
            "verdict": check.verdict,
            "statement": check.statement,
            "reason": check.reason or "",
            "message": check.message or "",
            "cause": cause.id if cause else "",
            "fix": cause.fix if cause else "",
            "blocked_by": check.blocked_by or "",
            "broken_link": check.broken_link or "",
            "node_id": check.node_id,
            "evidence": " ".join(check.evidence),
        },
    )
    outcome = OUTCOMES[check.verdict]
    words = _clean(check.message or check.verdict)
    if (element := _ELEMENTS.get(outcome)) is not None:
        attributes = {"message": words}
        if element != "skipped":
            attributes["type"] = check.verdict.value
        ET.SubElement(case, element, attributes).text = words
    elif check.message:
        ET.SubElement(case, "system-out").text = f"{check.verdict}: {words}"


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    element = ET.SubElement(parent, "properties")
    for name, value in values.items():
        if value:
            ET.SubElement(element, "property", {"name": name, "value": _clean(value)})


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
