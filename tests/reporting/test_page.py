"""
report.html as text: its contents, their order, and its length.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import AREAS
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.diagnosis.model import UNKNOWN, texts
from livekit_conformance.reporting.page.chain import LINK_STATES, link_states
from livekit_conformance.reporting.page.model import LinkState
from livekit_conformance.reporting.plugin.invocation import program
from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.text.rerun_command import command
from livekit_conformance.reporting.writers import html
from livekit_conformance.verdict import WORST_FIRST, Verdict
from livekit_conformance.wording import LANGUAGES
from tests.reporting import runs
from tests.reporting.conftest import QUIET

MOST = 1_000_000
LINK = re.compile(
    r'<li class="lkc-link [^>]*><svg.*?</svg> (.*?)<span class="lkc-aloud">: (.*?)</span>'
)


@pytest.fixture
def written(tmp_path):
    def write(result):
        folder = tmp_path / "reports" / result.run.id
        folder.mkdir(parents=True, exist_ok=True)
        html.write(result, folder / "report.html")
        return (folder / "report.html").read_text(encoding="utf-8")

    return write


def shown(page):
    bare = re.sub(r"<style.*?</style>", " ", page, flags=re.DOTALL)
    # Names are in backticks in the texts, and in a code font on the page.
    bare = re.sub(r'<code class="lkc-name">(.*?)</code>', r"`\1`", bare)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", bare)).split())


def part(page, name):
    return shown(of_section(page, name))


def of_section(page, name):
    return page.partition(f'<section id="{name}"')[2].partition("</section>")[0]


def headings(page):
    return [unescape(text) for text in re.findall(r"<h2[^>]*>(.*?)</h2>", page)]


def test_what_a_release_hangs_on_comes_before_the_single_checks(written):
    assert headings(written(runs.broken())) == [
        "First broken: dispatch rule",
        "The chain of a call",
        "Diagnosis",
        "Findings",
        "Requirements",
        "Areas",
        "Known issues",
        "Not checked, and why",
        "What happened to the call",
        "Checks",
    ]


def test_the_top_says_target_versions_and_how_much_was_looked_at(written):
    top = written(runs.healthy()).partition("<main")[0]

    assert "PARTIALLY CONFORMANT (coverage 99.0 %) success rate" in shown(top)
    for words in ("wss://livekit.example.com", "livekit-server 1.13.5", "livekit-sip 1.8.0"):
        assert words in shown(top)
    assert "LIVEKIT_URL (environment), SIP_NUMBER (.env)" in shown(top)


def test_each_link_of_the_chain_is_drawn_with_its_state_in_words_and_as_a_shape(written):
    result = runs.broken()
    page = written(result)
    states = link_states(result)

    drawn = dict(LINK.findall(page))
    assert drawn == {
        WORDS[link].title.en: LINK_STATES[state].en
        for link, state in states.items()
        if link is not Link.CLIENT
    }
    assert {drawn[WORDS[link].title.en] for link in result.chain.broken} == {"broken"}
    for text in LINK_STATES.values():
        count = sum(words == text.en for words in drawn.values())
        assert f"{text.en}: {count}" in shown(page)
    shapes = dict(re.findall(r'lkc-(\w+)"><svg[^>]*><path d="([^"]*)"', page))
    assert len(shapes) == len(set(shapes.values())) == len(LinkState)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_broken_link_has_its_cause_and_fix_beside_it(written, language):
    result = replace(runs.broken(), language=language)
    page = written(result)
    first = page.partition('class="lkc-first"')[2].partition("lkc-links")[0]

    assert WORDS[result.chain.first_broken].title.say(language) in shown(first)
    (known,) = [each for each in result.diagnoses if each.id != UNKNOWN]
    title, _, fix = texts(known.id, known.link, language)
    assert title in shown(first)
    assert fix in shown(first)
    assert len(re.findall('<li class="[^"]*lkc-first-broken"', page)) == 1
    assert page.index('class="lkc-first"') < page.index("<main")


def test_a_link_without_a_known_cause_says_where_to_look(written):
    result = replace(runs.broken(), diagnoses=())
    first = written(result).partition('class="lkc-first"')[2].partition("lkc-links")[0]

    assert WORDS[result.chain.first_broken].look.en in shown(first)


def test_a_healthy_run_has_no_first_broken_link(written):
    assert 'class="lkc-first"' not in written(runs.healthy())


def test_links_that_nobody_came_to_are_not_looked_at_and_those_behind_a_broken_one_blocked():
    states = link_states(runs.incomplete())
    assert states[Link.SERVER] is LinkState.WORKING
    assert states[Link.ROOM_NAME] is states[Link.AUDIO] is LinkState.UNSEEN

    root, *others = runs.healthy().checks
    dead = [
        replace(check, verdict=Verdict.BLOCKED, message="blocked", blocked_by=root.id)
        for check in others
    ]
    failed = replace(root, verdict=Verdict.FAIL, message="no", broken_link=Link.API_KEY)
    states = link_states(replace(runs.healthy(), checks=(failed, *dead)))
    assert states[Link.API_KEY] is LinkState.BROKEN
    assert states[Link.ROOM_NAME] is states[Link.AUDIO] is LinkState.BLOCKED


def test_the_worst_findings_come_first_and_say_what_was_seen(written):
    told = [Verdict.BLOCKED, Verdict.WARN, Verdict.ERROR, Verdict.FAIL]
    checks = tuple(
        replace(check, verdict=verdict, message=f"seen {verdict}")
        for check, verdict in zip(runs.healthy().checks, told, strict=False)
    )

    page = written(replace(runs.healthy(), checks=checks))

    assert part(page, "findings").startswith('aria-labelledby="findings-head"> Findings')
    assert re.findall(r"seen (\w+)", part(page, "findings")) == ["FAIL", "ERROR", "WARN", "BLOCKED"]
    assert "Check Verdict Seen" in part(page, "findings")
    assert "Cause" not in part(page, "findings")
    for group in re.findall(r"<details>.*?</details>", of_section(page, "checks"), re.DOTALL):
        verdicts = re.findall(r"lkc-word lkc-([A-Z]+)", group)
        assert verdicts == sorted(verdicts, key=[*map(str, WORST_FIRST)].index)


def test_what_one_check_blocks_is_a_count_that_opens_without_script(written):
    page = written(runs.broken())

    fold = f"<details><summary>blocks 1</summary>{runs.BLOCKED}</details>"
    assert fold in of_section(page, "findings")
    fold = f"<details><summary>1</summary>{runs.BLOCKED}</details>"
    assert fold in of_section(page, "not-tested")
    assert "<script" not in page
    assert "<details open" not in page


def test_what_does_not_apply_is_one_line(written):
    none = {"verdict": Verdict.SKIPPED, "reason": "not-applicable"}
    checks = tuple(
        replace(check, **none, message=f"no {number % 3}") if check.requirement == "1.3" else check
        for number, check in enumerate(runs.healthy().checks)
    )
    count = sum(check.reason == "not-applicable" for check in checks)

    left = of_section(written(replace(runs.healthy(), checks=checks)), "not-tested")

    before, line, folded = left.partition(f"<details><summary>{count} checks do not apply")
    assert line
    assert "not-applicable" not in before
    assert folded.count("not-applicable: no ") == 3


def test_the_areas_are_folded_and_the_requirements_are_not(written):
    page = written(runs.healthy())

    assert "<details>" not in of_section(page, "requirements")
    assert of_section(page, "areas").count("<details><summary><h2") == 1


def test_all_nine_areas_are_told_those_too_that_nobody_looked_at(written):
    result = runs.healthy()
    only_sip = replace(result, checks=tuple(c for c in result.checks if c.area == "sip"))

    told = part(written(only_sip), "areas")

    assert len(AREAS) == 9
    assert all(area in told for area in AREAS)
    assert told.count("not checked n/a n/a nothing was checked") == 8


def test_a_requirement_of_which_nothing_applies_is_not_called_incomplete(written):
    none = {"verdict": Verdict.SKIPPED, "reason": "not-applicable", "message": "no TLS"}
    checks = tuple(
        replace(check, **none) if check.requirement == "1.3" else check
        for check in runs.healthy().checks
    )

    told = part(written(replace(runs.healthy(), checks=checks)), "requirements")

    assert "1.3 Webhooks reach the right endpoint not applicable n/a n/a" in told


def test_a_cause_stands_there_with_its_fix_and_its_evidence(written):
    told = part(written(runs.broken()), "diagnosis")

    assert "livekit-server refuses the API key or secret of livekit-sip [certain]" in told
    assert "`" not in re.sub("<[^>]*>", "", of_section(written(runs.broken()), "diagnosis"))
    assert "FIX Set `api_key` and `api_secret` in livekit-sip.yaml" in told
    assert "EVIDENCE log of livekit-sip: Cannot create LiveKit participant" in told


def test_known_issues_and_what_was_not_tested_are_told_with_their_reasons(written):
    page = written(runs.broken())

    assert f"{runs.KNOWN} " in part(page, "known")
    assert "known until 2026-12-31 (operations): upgrade is planned" in part(page, "known")
    left = part(page, "not-tested")
    why = "not-permitted: the profile does not permit the effect create-rooms"
    assert f"{why} SKIPPED 1 {runs.NOT_TESTED}" in left
    assert f"blocked by {runs.REFUSED} BLOCKED 1 {runs.BLOCKED}" in left


def test_a_check_that_was_not_selected_is_named_in_full(written):
    result = runs.healthy()
    left = tuple(check.id for check in result.checks[3:])
    chosen = replace(result, checks=result.checks[:3], not_selected=left)

    told = part(written(chosen), "not-tested")

    assert f"not selected not checked {len(left)} " in told
    assert all(check in told for check in left)


def test_what_the_run_did_not_come_to_is_no_finding_and_breaks_no_link(written):
    result = runs.incomplete()
    page = written(result)

    assert "Findings" not in headings(page)
    assert result.chain.first_broken is None
    assert "not run: killed at 1.2-created-room-is-listed BLOCKED" in part(page, "not-tested")
    assert "Did not finish: killed at 1.2-created-room-is-listed" in shown(page)


def test_a_killed_run_is_not_diagnosed_by_what_it_did_not_come_to(tmp_path):
    first, *left = runs.healthy().checks
    written = journal.Journal(tmp_path / journal.NAME)
    written.begin(runs.RUN, [first, *left])
    written.check(first, (), elapsed_s=1.0)
    written.release()

    result = journal.read(written.path)

    assert len(result.checks) == len(left) + 1
    assert result.diagnoses == ()
    assert result.chain.broken == ()


def test_each_check_has_statement_verdict_time_evidence_and_its_line(written):
    told = part(written(runs.healthy()), "checks")
    check = next(c for c in runs.healthy().checks if c.id == "1.1-server-answers")

    assert (
        f"{check.id} PASS {check.statement} Again: {command(runs.RUN, check)} 0.12 "
        f"{check.id}.json probe call.json"
    ) in told


def test_a_violated_check_has_its_claim_once_in_its_row(written):
    healthy = runs.healthy()
    violated = [
        replace(
            check,
            verdict=verdict,
            message=f"{check.statement}; received 502",
            seen="received 502",
        )
        for check, verdict in zip(healthy.checks, (Verdict.FAIL, Verdict.KNOWN), strict=False)
    ]

    told = part(written(replace(healthy, checks=(*violated, *healthy.checks[2:]))), "checks")

    for check in violated:
        assert f"{check.id} {check.verdict} {check.statement} received 502" in told


@pytest.mark.parametrize("name", runs.RUNS)
def test_russian_has_every_part_too(written, name):
    english = runs.RUNS[name]()
    page = written(replace(english, language="ru"))

    assert '<html lang="ru">' in page
    told = headings(page)
    assert len(told) == len(headings(written(english)))
    assert all(re.search("[а-я]", heading) for heading in told)


@pytest.mark.parametrize("message", ["x" * 9000, "<&>" * 3000, ""], ids=["long", "markup", "none"])
def test_two_hundred_checks_stay_below_one_megabyte(written, message):
    one = runs.broken()
    checks = tuple(
        replace(
            check,
            id=f"{check.id}[{number}]",
            verdict=Verdict.FAIL if message else check.verdict,
            message=message or check.message,
        )
        for number in range(3)
        for check in one.checks
    )[:200]
    assert len(checks) == 200

    page = written(replace(one, checks=checks))

    assert len(page.encode()) < MOST
    assert page.count('class="lkc-again"') == 200
    assert ("(in full in results.json)" in page) == bool(message)


def test_a_run_without_former_ones_shows_no_trend(written, tmp_path):
    assert 'id="trend"' not in written(runs.healthy())

    runs.write_former_runs(tmp_path / "reports")
    page = written(runs.healthy())
    assert "The last 5 runs" in headings(page)
    rows = part(page, "trend").count("CONFORMANT 99.0 % 99.0 % 97/98 1.13.5, 1.8.0")
    assert rows == 5


# -- the line that runs a check again ------------------------------------------------------------


TWO_OF_A_KIND = """
@pytest.mark.clause("1.1-server-answers")
@pytest.mark.parametrize("way", ["a b", "it's"])
def test_ways(way):
    pass
"""


def test_the_line_runs_just_this_check_again(project, monkeypatch):
    # In a worker of pytest-xdist another program runs pytest.
    monkeypatch.setattr(sys, "argv", [str(Path(sys.executable).with_name("pytest"))])
    project.checks(TWO_OF_A_KIND + project.check("1.1-key-is-accepted"))
    project.run("--env=mock")
    lines = lines_of(project.latest)
    assert len(lines) == len(project.verdicts) == 3

    for line in lines:
        check_id, *arguments = shlex.split(line)[1:]
        project.pytester.runpytest_inprocess(check_id, *arguments, *QUIET)
        (check,) = project.results["checks"]
        assert f" {shlex.quote(check['node_id'])} --env=mock" in line


def lines_of(directory):
    page = (directory / "report.html").read_text(encoding="utf-8")
    return [unescape(line) for line in re.findall(r"<code>(.*?)</code>", page)]


@pytest.mark.parametrize(
    ("started", "folder", "begins"),
    [
        ("{bin}/python -m pytest ../suites", "deep", "{near}/python -m pytest ../suites/"),
        ('PATH={bin}:"$PATH"; pytest suites', ".", "pytest suites/"),
    ],
    ids=["module", "PATH"],
)
def test_the_line_works_where_the_run_was_started(project, tmp_path, started, folder, begins):
    project.checks(TWO_OF_A_KIND)
    elsewhere = tmp_path / "profiles of mine"
    elsewhere.mkdir()
    profile = "kind: mock\nallow: [read]\nmay_raise: [create-rooms]\n"
    (elsewhere / "own.yaml").write_text(profile)
    (elsewhere / "own.env").write_text("")
    start = project.pytester.path / folder
    start.mkdir(exist_ok=True)
    programs = Path(sys.executable).parent
    near = os.path.relpath(programs, start)
    places = {"bin": shlex.quote(str(programs)), "near": shlex.quote(near)}
    options = [
        f"--env={elsewhere / 'own.yaml'}",
        f"--env-file={elsewhere / 'own.env'}",
        "--allow=create-rooms",
        f"--reports={elsewhere / 'reports'}",
    ]
    quiet = {"PYTEST_ADDOPTS": shlex.join(QUIET)}

    def run(line):
        done = subprocess.run(
            ["sh", "-c", line], cwd=start, env=os.environ | quiet, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return elsewhere / "reports" / "latest"

    first, _ = lines_of(run(f"{started.format(**places)} {shlex.join(options)}"))
    words = " ".join(shlex.split(begins.format(**places)))
    assert " ".join(shlex.split(first)).startswith(words)
    if started.startswith("PATH"):
        first = f'PATH={places["bin"]}:"$PATH"; {first}'
    again = json.loads((run(first) / "results.json").read_text())

    (check,) = again["checks"]
    assert check["node_id"].endswith("[a b]")
    assert again["run"]["environment"] == "own"
    assert str(elsewhere) not in first


@pytest.mark.parametrize(
    ("node_id", "words", "line"),
    [
        ("suites/a/test_b.py::test_c", ["pytest"], "pytest suites/a/test_b.py::test_c"),
        ("suites/a.py::t[x y]", ["pytest"], "pytest 'suites/a.py::t[x y]'"),
        (
            "suites/a.py::t[it's $X]",
            ["my py/test"],
            """'my py/test' 'suites/a.py::t[it'"'"'s $X]'""",
        ),
        ("", ["pytest"], ""),
    ],
    ids=["plain", "blank", "quotes", "nobody's-test"],
)
def test_the_line_is_one_for_a_shell(node_id, words, line):
    check = replace(runs.healthy().checks[0], node_id=node_id)

    assert command(replace(runs.RUN, again=(*words, "{node_id}")), check) == line


@pytest.mark.parametrize(
    ("called", "typed", "words"),
    [
        (".venv/bin/pytest", [], [".venv/bin/pytest"]),
        ("/home/me/it/.venv/bin/pytest", [], [".venv/bin/pytest"]),
        ("/home/me/other/bin/pytest", [], ["../other/bin/pytest"]),
        ("/x/pytest/__main__.py", ["python3", "-m", "pytest", "s"], ["python3", "-m", "pytest"]),
        (
            "/x/pytest/__main__.py",
            ["/home/me/it/bin/python", "-X", "dev", "-m", "pytest", "suites"],
            ["bin/python", "-X", "dev", "-m", "pytest"],
        ),
        ("/opt/runner", ["/opt/runner", "suites"], [None, "-m", "pytest"]),
    ],
    ids=["relative", "absolute", "beside", "module", "options-of-python", "inside-another-program"],
)
def test_the_program_of_the_line_is_the_one_that_was_called(called, typed, words):
    start = Path("/home/me/it")
    ours = os.path.relpath(sys.executable, start)

    assert list(program(called, typed, start)) == [word or ours for word in words]


def test_an_empty_run_has_a_page_too(written):
    page = written(Result(runs.RUN, ()))

    assert "INCOMPLETE success rate n/a (0 of 0 checks)" in shown(page)
