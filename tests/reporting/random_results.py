"""
Random results of runs, with texts that break formats.
"""

from __future__ import annotations

from hypothesis import strategies as st

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.checks import CHECKS
from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.findings import Code, Finding, Says
from livekit_conformance.reporting.result.model import Result, Run
from livekit_conformance.verdict import CheckRecord, Reason, Verdict
from livekit_conformance.wording import LANGUAGES, Language

NASTY = (
    "]]> <![CDATA[ &amp; &#0; <b>",
    "\x00\x01\x08\x0b\x1b[31mred\x1b[0m\x7f\x85",
    "\ufffe \uffff \ufdd0 and U+2028 \u2028 end",
    "| a | 5 PASS, 3 FAIL |\n| --- |\r\n## 1.1 heading",
    "::error title=mine::99 FAIL%0A\n::stop-commands::x",
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\U0001f4de\u200d\U0001f525 emoji \U0001d11e",
    "</td></tr></table></section><script>alert(1)</script>",
    "x" * 70_000,
    "`code` *bold* [link](http://e) <!-- $math$ @team #1 \\",
    "{{template}} ${variable} %s %(x)s",
    "k=v\\u0041 # ! : \t end\\",
)
TEXTS = st.one_of(st.sampled_from(NASTY), st.text(max_size=40))
REASONS: st.SearchStrategy[Reason] = st.sampled_from(
    ["not-applicable", "not-permitted", "not-configured"]
)
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.just(Code("bus.empty")),
        TEXTS,
        st.sampled_from(Link),
        st.sampled_from(Says),
        st.sampled_from(["MUST", "SHOULD"]),
        st.dictionaries(TEXTS, TEXTS | st.lists(st.integers() | st.none()), max_size=2),
    ),
    max_size=2,
).map(tuple)
# Verdicts in the proportions of a bad day; each of them occurs.
VERDICTS = st.sampled_from([*Verdict, Verdict.PASS, Verdict.PASS, Verdict.FAIL])


@st.composite
def results(draw: st.DrawFn, most: int = 14) -> Result:
    clauses = draw(st.lists(st.sampled_from(CLAUSES), max_size=most, unique_by=lambda c: c.id))
    checks: list[CheckRecord] = []
    for clause in clauses:
        verdict = draw(VERDICTS)
        failed = [check.id for check in checks if check.verdict is Verdict.FAIL]
        root = failed[-1] if verdict is Verdict.BLOCKED and failed and draw(st.booleans()) else None
        message = draw(TEXTS if verdict is not Verdict.PASS else st.none())
        checks.append(
            CheckRecord(
                id=f"{clause.id}[{draw(TEXTS)[:30]}]" if draw(st.booleans()) else clause.id,
                node_id=f"suites/test_{clause.area}.py::test_it",
                requirement=clause.requirement,
                area=clause.area,
                level=clause.level,
                statement=draw(TEXTS) or clause.statement,
                verdict=verdict,
                reason=draw(REASONS) if verdict is Verdict.SKIPPED else None,
                message=message,
                blocked_by=root,
                broken_link=clause.link if verdict is Verdict.FAIL else None,
                duration_s=draw(st.floats(0, 3)),
                findings=() if verdict is Verdict.PASS else draw(FINDINGS),
            )
        )
    run = Run(
        id="20261123T040000Z-mock-00c0ffee",
        environment="mock",
        kind="mock",
        started="2026-11-23T04:00:00Z",
        suite_version="0.1.0",
        duration_s=draw(st.floats(0, 900)),
        url=draw(st.sampled_from(["", "http://127.0.0.1:7880"])),
        versions={"livekit_server": "1.13.5"},
        interrupted=draw(st.none() | TEXTS.filter(bool)),
    )
    language: Language = draw(st.sampled_from(LANGUAGES))
    left = draw(st.lists(st.sampled_from(CHECKS), unique=True, max_size=most))
    return Result(
        run, tuple(checks), diagnose(checks, ()), language=language, not_selected=tuple(left)
    )
