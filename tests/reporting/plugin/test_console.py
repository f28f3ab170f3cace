"""
The console output for an operator: during the run and at its end, on a terminal and in a job log.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import time
import types
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from livekit_conformance import layout
from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.catalogue.hosting import fitting
from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.environments.loader import Loaded
from livekit_conformance.environments.profile import Profile
from livekit_conformance.reporting.plugin import console
from livekit_conformance.reporting.result.model import Result, Run
from livekit_conformance.reporting.run.session import RunState
from livekit_conformance.reporting.terminal import progress, summary_layout
from livekit_conformance.reporting.text import words
from livekit_conformance.verdict import CheckRecord, Verdict
from livekit_conformance.waiting import wait_until
from tests.reporting.pty_child import WITHIN_S, Screen, command, environment, on_terminal

EXAMPLES = int(os.environ.get("EXAMPLES", "30"))
SERVER = "1.1-server-answers"
KEY = "1.1-key-is-accepted"
OPTIONS = "1.5-sip-answers-options"
FOUND = f"FAIL    {OPTIONS}: livekit-sip MUST answer OPTIONS; OPTIONS MUST"
# A check that waits for the file `go`, which the reader of the terminal creates.
WAITS = """\
    from pathlib import Path
    from livekit_conformance.waiting import wait_until

    async def why_not_yet():
        return None if Path("go").exists() else "абонент 电话 is in no\\x1b[31m room yet"

    assert asyncio.run(wait_until(why_not_yet, within=25.0)).came_true
"""


@pytest.fixture
def waiting_project(project):
    project.checks(
        project.check(SERVER)
        + project.check(KEY, WAITS.strip())
        + project.check(OPTIONS, "assert 0, 'OPTIONS MUST be answered, not ' + 'x' * 300")
    )
    return project


# A status line that was drawn and not erased before something else was written, at the cursor or
# below it.
LEFT_BEHIND = re.compile(r"\x1b\[2K[^\x1b\r]+\r+(?!\r|\x1b\[2K)|\x1b\[1A\x1b\[\d+G(?!\x1b\[J)")


def go(project):
    return lambda process: (project.pytester.path / "go").touch()


# -- while it runs ----------------------------------------------------------------------------


def test_a_terminal_shows_what_runs_and_what_it_waits_for_and_nothing_of_it_remains(
    waiting_project,
):
    project = waiting_project
    seen = on_terminal(
        project.pytester.path, columns=130, when=[("in no\\x1b[31m room", go(project))]
    )

    shown = Screen(seen)
    assert LEFT_BEHIND.search(seen) is None
    assert re.search(r"2/3  0:0\d, <(3:00|2:5\d) left", seen)
    assert f"{KEY}: waits 0 of 25 s: абонент 电话 is in no\\x1b[31m room yet" in seen
    assert "\x1b[2K" in seen
    assert not [line for line in shown.lines if "waits 0" in line or " left  " in line]
    # The finding is shown as it comes, and once more at the end.
    assert sum(line.startswith(FOUND) for line in shown.lines) == 2
    assert not [line for line in shown.lines if line.endswith(".py")]


def test_the_verbose_run_tells_verdict_and_time_of_each_check_above_the_status_line(
    waiting_project,
):
    project = waiting_project
    seen = on_terminal(project.pytester.path, "-v", when=[("waits 0 of 25", go(project))])

    shown = Screen(seen)
    assert "\x1b[1A" in seen
    assert LEFT_BEHIND.search(seen) is None
    checks = [line for line in shown.lines if line.startswith("suites/")]
    assert len(checks) == 3
    for line, verdict in zip(checks, ("PASS", "PASS", "FAIL"), strict=True):
        assert f" {verdict} " in line
        assert line.split(f" {verdict} ")[1].split(" s")[0].replace(".", "").isdigit()
    assert not [line for line in shown.lines if "waits 0" in line]


def test_an_interrupted_run_leaves_the_terminal_clean_and_tells_its_verdict(waiting_project):
    seen = on_terminal(
        waiting_project.pytester.path,
        columns=60,
        when=[("1.1-key-is-accepted: ", lambda process: process.send_signal(signal.SIGINT))],
    )

    shown = "\n".join(Screen(seen).lines)
    assert LEFT_BEHIND.search(seen) is None
    drawn = re.findall(r"\x1b\[2K([^\x1b\r]+)\r", seen)
    assert drawn
    assert all(layout.columns(line) <= 59 for line in drawn)
    assert any(line.endswith("…") for line in drawn)
    assert " left  " not in shown
    assert "did not finish: interrupted from the keyboard" in shown
    assert "\nINCOMPLETE (coverage " in shown
    assert "\nreport: " in shown


def test_captured_output_is_left_to_the_terminal_with_s(project):
    project.checks(project.check(SERVER, "print('said by the check')"))

    seen = on_terminal(project.pytester.path, "-s")

    assert "said by the check" in seen
    assert "\x1b[2K" not in seen
    assert "\x1b[J" not in seen


def test_a_job_log_has_a_line_now_and_then_and_no_escapes(waiting_project):
    project = waiting_project
    project.pytester.makeconftest(
        "from livekit_conformance.reporting.terminal import status_line\n"
        "status_line.SAY_EVERY_S = 0.3\n"
        'pytest_plugins = ["livekit_conformance.reporting.plugin.hooks"]\n'
    )
    process = subprocess.Popen(
        command(),
        cwd=project.pytester.path,
        env=environment(LC_ALL="ru_RU.UTF-8"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "ждёт" in line:
            go(project)(process)
    process.stdout.close()

    assert process.wait(WITHIN_S) == 1
    (collected,) = [at for at, line in enumerate(lines) if line.startswith("collected 3")]
    said = [at for at, line in enumerate(lines) if "ждёт" in line]
    assert said[0] > collected
    assert lines[said[0]].startswith("2/3  0:")
    assert f"{KEY}: ждёт" in lines[said[0]] or f"{KEY} " in lines[said[0]]
    assert "\x1b" not in "".join(lines)
    assert not [line for line in lines if line.startswith("FAIL") and len(line) < 200]


async def test_a_secret_in_what_a_wait_saw_is_not_shown(tmp_path):
    secret = "made-up-and-never-shown-1234567"
    livekit = {"api_secret": secret}
    profile = Profile.model_validate({"kind": "mock", "allow": [], "livekit": livekit})
    run = RunState.start("mock", Loaded(profile, Path("mock.yaml")), tmp_path)
    shown = console.Console(config_of(capture="fd"), run, {})
    record = run_of(0, [Verdict.PASS], "en").checks[0]
    shown._checks, shown._left = {"node": record}, [record.id]
    shown._current = (record, time.monotonic(), 0)
    lines = []

    async def why_not_yet():
        lines.append(shown._line(None))
        return None if len(lines) > 1 else f"401 for {secret}"

    await wait_until(why_not_yet, within=5.0)
    shown.pytest_unconfigure()

    assert lines[1].endswith("of 5 s: 401 for ***")


def config_of(capture):
    return types.SimpleNamespace(
        option=types.SimpleNamespace(capture=capture, verbose=0),
        getini=lambda name: False,
        getoption=lambda name, default: default,
    )


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environ", "capture", "stream", "redraws"),
    [
        ({"TERM": "xterm"}, "fd", Terminal(), True),
        ({"TERM": "xterm", "CI": ""}, "sys", Terminal(), True),
        ({"TERM": "xterm"}, "fd", io.StringIO(), False),
        ({"TERM": "xterm"}, "no", Terminal(), False),
        ({"TERM": "dumb"}, "fd", Terminal(), False),
        ({}, "fd", Terminal(), False),
        ({"TERM": "xterm", "CI": "true"}, "fd", Terminal(), False),
        ({"TERM": "xterm", "BUILD_NUMBER": "7"}, "fd", Terminal(), False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "fd", Terminal(), False),
    ],
)
def test_a_line_is_redrawn_on_a_capable_terminal_only(
    monkeypatch, environ, capture, stream, redraws
):
    monkeypatch.setattr("sys.stdout", stream)

    assert console.can_redraw(config_of(capture), environ) is redraws


# -- when it is over --------------------------------------------------------------------------


def test_the_quiet_run_tells_causes_verdict_and_report_and_nothing_else(project):
    project.checks(
        project.check(
            SERVER,
            "raise Unreachable('h:1', phase='connect', detail='refused', waited=1, remedy='start')",
        )
        + project.check(KEY)
    )

    lines = [line for line in project.run("-q").stdout.lines if line]

    assert lines[-2:] == [
        "INCOMPLETE (coverage 0.0 %): 2 BLOCKED",
        f"report: {reports(project)}/report.html",
    ]
    assert lines[0].startswith("Calls were not tried. First broken link: ")
    assert "[certain]" in lines[1] or "[unknown]" in lines[1] or "[likely]" in lines[1]
    assert {line.split()[0] for line in lines[2:-2]} <= {"CAUSE", "FIX", "LOOK", "EVIDENCE"}


def reports(project):
    return project.latest.resolve()


def test_a_healthy_quiet_run_is_three_lines(project):
    project.checks(project.check(SERVER))

    lines = [line for line in project.run("-q").stdout.lines if line]

    assert lines == [
        "Calls were not tried.",
        "CONFORMANT: 1 PASS",
        f"report: {reports(project)}/report.html",
    ]


def test_long_lists_are_cut_but_whole_with_v(project):
    project.checks(
        project.check(SERVER, "assert 0, 'MUST answer'")
        + "".join(project.check(clause) for clause in AFTER)
    )

    usual = project.run().stdout
    verbose = project.run("-v").stdout

    usual.fnmatch_lines([f"*blocks 5: {', '.join(AFTER[:3])} and 2 more"])
    verbose.fnmatch_lines([f"*blocks 5: {', '.join(AFTER)}"])


AFTER: tuple[str, ...] = (
    KEY,
    "1.2-created-room-is-listed",
    "1.2-create-is-idempotent",
    "1.2-deleted-room-is-gone",
    "1.2-metadata-is-kept",
)
AFTER = tuple(clause.id for clause in CLAUSES if clause.id in AFTER or clause.area == "rooms")[:5]


def test_with_x_the_verdict_is_told_all_the_same(project):
    project.checks(project.check(SERVER, "assert 0, 'MUST answer'") + project.check(KEY))

    outcome = project.run("-x")

    outcome.stdout.fnmatch_lines(
        ["NOT CONFORMANT (coverage 50.0 %): 1 FAIL, 1 BLOCKED", "report: *"]
    )


def test_what_a_target_answers_does_not_write_to_the_terminal(project):
    project.checks(project.check(SERVER, r"assert 0, 'got \x1b[2J\x07 and \u202ereversed'"))

    output = project.run("-v").stdout.str() + project.run().stdout.str()

    assert "got \\x1b[2J\\x07 and \\u202ereversed" in output
    assert "\x1b[2J" not in output
    assert "\u202e" not in output


def test_other_tests_beside_checks_keep_pytests_dots(project):
    project.checks(project.check(SERVER))
    project.pytester.makepyfile(test_other="def test_other(): pass")

    outcome = project.run("test_other.py")

    outcome.stdout.fnmatch_lines(["*test_other.py .*"])


def run_of(diagnoses, verdicts, language):
    records = [
        CheckRecord(
            id=clause.id,
            node_id=f"suites/test.py::{clause.id}",
            requirement=clause.requirement,
            area=clause.area,
            level=clause.level,
            statement=clause.statement,
            verdict=verdict,
            started="2026-11-23T04:00:01.000Z",
            message=f"{'номер 电话 ' * 30}{clause.id}",
            reason="not-applicable" if verdict is Verdict.SKIPPED else None,
        )
        for clause, verdict in zip(CLAUSES, verdicts, strict=False)
    ]
    found = tuple(
        Diagnosis(
            id=cause.id,
            title=cause.title.en,
            cause=cause.cause.en,
            fix=fitting(cause.fix, cause.link).en,
            link=cause.link,
            confidence="certain",
            requirements=("1.1",),
            checks=(),
            evidence=("evidence " * 40,) * 5,
        )
        for cause in CAUSES[:diagnoses]
    )
    run = Run("id", "mock", "mock", "2026-11-23T00:00:00Z", "0", interrupted="killed at x")
    return Result(run, tuple(records), found, language=language)


@settings(max_examples=EXAMPLES)
@given(
    diagnoses=st.integers(0, 12),
    verdicts=st.lists(st.sampled_from(Verdict), max_size=len(CLAUSES)),
    columns=st.integers(60, 200),
    rows=st.integers(24, 40),
    language=st.sampled_from(["en", "ru"]),
)
@example(diagnoses=12, verdicts=[Verdict.FAIL] * 90, columns=80, rows=24, language="ru")
@example(diagnoses=2, verdicts=[Verdict.FAIL], columns=60, rows=24, language="ru")
def test_the_last_screen_fits_and_holds_verdict_first_cause_and_report(
    diagnoses, verdicts, columns, rows, language
):
    result = run_of(diagnoses, verdicts, language)
    height = rows - 3

    lines = summary_layout.fitted(
        result, Path("/reports/id/report.html"), height=height, width=columns
    )

    taken = sum(max(1, -(-layout.columns(line.text) // columns)) for line in lines)
    assert taken <= height
    texts = [line.text for line in lines]
    assert words.headline(result) in texts
    assert texts[-1].endswith("/reports/id/report.html")
    if diagnoses:
        title, parts = words.cause_parts(result, result.diagnoses[0])
        assert layout.cut(title, columns) in texts
        for _, text in parts[:2]:
            assert any(text[:25] in line for line in texts)
    if diagnoses > 1:
        titles = [words.cause_parts(result, found)[0] for found in result.diagnoses]
        told = sum(layout.cut(title, columns) in texts for title in titles)
        assert told == diagnoses or any(str(diagnoses - told) in text for text in texts)


# -- how long it will take --------------------------------------------------------------------


def test_the_time_left_is_known_from_a_former_run_of_the_same_environment(waiting_project):
    project = waiting_project
    go(project)(None)
    project.run()
    # As if the check that waits had taken 90 seconds then, and the last one 5.
    journal = project.latest / "journal.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines()
    slow = [json.dumps(slower(json.loads(line))) for line in lines]
    journal.write_text("\n".join(slow) + "\n", encoding="utf-8")
    (project.pytester.path / "go").unlink()

    seen = on_terminal(project.pytester.path, when=[("waits 0 of 25", go(project))])

    assert ", ~1:3" in seen
    assert ", <" not in seen


def slower(line):
    if line["type"] == "check":
        times = {SERVER: 1.0, KEY: 91.0, OPTIONS: 96.0}
        line["elapsed_s"] = times[line["check"]["id"]]
    return line


@pytest.mark.parametrize(
    ("left", "former", "running", "expected"),
    [
        (["a", "b"], {"a": 3.0, "b": 4.0, "c": 9.0}, 1.0, 6.0),
        (["a", "b"], {"a": 3.0, "b": 4.0}, 50.0, 4.0),
        (["a", "b"], {"a": 3.0}, 0.0, None),
        (["a"], {}, 0.0, None),
        (["a", *"bcde"], {"a": 2.0, "b": 2.0, "c": 2.0, "d": 2.0}, 0.0, 10.0),
    ],
)
def test_the_time_left_is_what_the_checks_took_before(left, former, running, expected):
    assert progress.expected_left(left, former, running=running) == expected


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("电话电话", 5, "电话…"),
        ("e\u0301a\u0301b", 2, "e\u0301…"),
    ],
)
def test_what_is_cut_is_measured_in_columns(text, width, shown):
    assert layout.cut(text, width) == shown


@settings(max_examples=EXAMPLES)
@given(st.text(), st.integers(1, 40), st.integers(1, 4))
def test_cut_and_wrapped_text_never_exceeds_its_columns(text, width, at_most):
    assert layout.columns(layout.cut(text, width)) <= width
    rows = layout.wrap(layout.one_line(text), width, at_most=at_most)
    assert len(rows) <= at_most
    assert all(layout.columns(row) <= width for row in rows)
