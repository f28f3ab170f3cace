"""
The judgement of the matrix of versions; the matrix itself is `make matrix`.
"""

from __future__ import annotations

from pathlib import Path

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.provisioners.local.binaries import SERVER
from livekit_conformance.verdict import Verdict
from tests.matrix.in_call import FACTS
from tests.matrix.versions import FINDINGS, PAIRS, Finding, deviations, findings

PAGE = Path(__file__).parents[2] / "docs" / "versions.md"
LEAK = Finding("1.4-logs-hold-no-tokens", Verdict.WARN, "tokens in the log", servers=("1.8.4",))


def check(check_id: str, verdict: str, reason: str | None = None) -> dict[str, str | None]:
    return {"id": check_id, "verdict": verdict, "reason": reason, "message": "it was seen"}


GOOD = check("1.1-key-is-accepted", "PASS")


def test_the_matrix_has_every_server_with_every_sip_service():
    assert len(PAIRS) == 6
    assert PAIRS[0] == ("1.13.5", "1.8.0")


def test_every_finding_is_of_a_clause_and_of_pinned_versions():
    for finding in FINDINGS:
        assert finding.check.partition("[")[0] in BY_ID
        assert any(finding in findings(*pair) for pair in PAIRS)


def test_the_page_lists_every_finding_with_its_servers():
    section = PAGE.read_text().partition("\n## Expected findings\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:-2] for line in section.splitlines() if line.startswith("| `")]
    told = {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in rows}

    assert told == {
        finding.check: [
            finding.verdict if server in finding.servers else "" for server in SERVER.versions
        ]
        for finding in FINDINGS
    }


def test_the_page_lists_every_fact_about_calls():
    section = PAGE.read_text().partition("\n## In a call\n")[2].partition("\nConsequences:")[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| ")][2:]

    assert [(row[0].strip("| "), row[1].strip("| ")) for row in rows] == [
        (fact.carrier, fact.seen) for fact in FACTS
    ]


def test_a_run_as_expected_deviates_nowhere():
    checks = [GOOD, check("1.4-logs-hold-no-tokens", "WARN")]

    assert deviations(checks, [LEAK]) == ()


def test_what_this_deployment_does_not_have_is_no_deviation():
    skipped = check("1.1-tls-is-trusted", "SKIPPED", "not-applicable")

    assert deviations([GOOD, skipped], []) == ()


def test_what_could_not_be_tested_is_a_deviation():
    skipped = check("1.5-bus-has-a-server", "SKIPPED", "not-configured")

    assert deviations([GOOD, skipped], []) == (
        "1.5-bus-has-a-server: SKIPPED, not PASS: it was seen",
    )


def test_a_false_alarm_is_a_deviation():
    failed = check("1.5-call-is-answered", "FAIL")

    assert deviations([GOOD, failed], []) == ("1.5-call-is-answered: FAIL, not PASS: it was seen",)


def test_a_defect_that_is_not_found_is_a_deviation():
    blind = check("1.4-logs-hold-no-tokens", "PASS")

    assert deviations([GOOD, blind], [LEAK]) == (
        "1.4-logs-hold-no-tokens: PASS, not WARN: it was seen",
    )


def test_a_defect_that_nothing_looked_for_is_a_deviation():
    assert deviations([GOOD], [LEAK]) == ("1.4-logs-hold-no-tokens: not checked, not WARN",)


def test_a_finding_of_one_parameter_leaves_the_others_to_pass():
    finding = Finding("1.2-name-is-kept-exactly[plus]", Verdict.FAIL, "plus becomes a blank")
    checks = [
        check("1.2-name-is-kept-exactly[plus]", "FAIL"),
        check("1.2-name-is-kept-exactly[digits]", "FAIL"),
    ]

    assert deviations(checks, [finding]) == (
        "1.2-name-is-kept-exactly[digits]: FAIL, not PASS: it was seen",
    )


def test_a_run_without_results_is_a_deviation():
    assert deviations([], []) == ("the run left no checks",)
