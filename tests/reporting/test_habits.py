"""
pytest's own options in a run of checks: none of them changes the figures.
"""

from __future__ import annotations

import json
from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.reporting.result import results_file
from livekit_conformance.reporting.text import words
from livekit_conformance.verdict import Verdict

SERVER = "1.1-server-answers"
KEY = "1.1-key-is-accepted"
LISTED = "1.2-created-room-is-listed"
OPTIONS = "1.5-sip-answers-options"
TOKENS = "1.4-logs-hold-no-tokens"
# The file marks the first attempt, whatever else a run keeps.
FAILS_ONCE = """
    before = request.config.rootpath / "before"
    if not before.exists():
        before.touch()
        {}
"""


@pytest.fixture
def project(project):
    def run(*arguments):
        words = ("-p", "no:asyncio", "-p", "no:hypothesispytest", *arguments)
        if "randomly" not in arguments:
            words = ("-p", "no:randomly", *words)
        return project.pytester.runpytest_inprocess("suites", *words, no_reraise_ctrlc=True)

    project.run = run
    return project


def runs(project):
    return sorted(path.name for path in (project.pytester.path / "reports").glob("2*"))


# -- order -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "option", ["--nf", "--ff", "--lf", "--sw", "-p randomly", "-p no:cacheprovider"]
)
def test_the_order_of_checks_is_the_catalogues_whatever_a_plugin_moves(project, option):
    # Each file is newer than the one before, and the failure is last.
    project.checks(project.check(SERVER) + project.check(KEY), "test_c")
    project.checks(project.check(LISTED), "test_b")
    project.checks(project.check(OPTIONS, "assert 0, 'MUST answer'"), "test_a")
    if option == "--lf":
        project.checks(
            project.check(SERVER, "assert 0, 'MUST answer'") + project.check(KEY), "test_c"
        )
    project.run()

    project.run(*option.split())

    plan = [SERVER, KEY, LISTED, OPTIONS]
    assert list(project.verdicts) == [c for c in plan if c in project.verdicts]
    assert len(project.verdicts) > (option != "--sw")


def test_stepwise_goes_on_from_the_failure_in_the_catalogues_order(project):
    project.checks(project.check(OPTIONS, "assert 0, 'MUST answer'") + project.check(KEY), "test_a")
    project.checks(project.check(LISTED) + project.check(SERVER), "test_b")

    project.run("--sw")
    first = project.verdicts
    project.run("--sw")

    assert list(first) == [SERVER, KEY, LISTED, OPTIONS]
    assert project.verdicts == {OPTIONS: "FAIL"}


# -- checks that are run again -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("raises", "before"),
    [
        ("assert 0, 'it was so'", f"FAIL {BY_ID[SERVER].statement}; it was so"),
        ("raise Blocked('no redis', remedy='install it')", "BLOCKED no redis. install it"),
        ("raise OSError('gone')", "ERROR OSError: gone"),
    ],
)
def test_a_check_that_passes_when_it_is_run_again_is_a_warning(project, raises, before):
    project.checks(project.check(SERVER, FAILS_ONCE.format(raises)) + project.check(KEY))

    outcome = project.run("--reruns=2")

    assert outcome.ret == 0
    assert project.verdicts == {SERVER: "WARN", KEY: "PASS"}
    assert project.one(SERVER)["message"] == f"passed only at attempt 2; attempt 1: {before}"
    assert project.results["summary"]["success_rate"] == 50.0
    outcome.stdout.fnmatch_lines([f"WARN *{SERVER}: passed only at attempt 2*", "*1 rerun*"])


def test_a_check_that_fails_again_counts_once_and_breaks_its_link(project):
    project.checks(
        project.check(SERVER, "assert 0, 'received 502'")
        + project.check(KEY, "raise OSError('must not run')")
        + project.check(OPTIONS)
    )

    outcome = project.run("--reruns=2")

    assert outcome.ret == 1
    seen = f"{BY_ID[SERVER].statement}; received 502"
    assert project.verdicts == {SERVER: "FAIL", KEY: "BLOCKED", OPTIONS: "PASS"}
    assert project.one(SERVER)["message"] == f"{seen} (attempt 3; attempt 1: FAIL {seen})"
    assert project.one(KEY)["blocked_by"] == SERVER
    # A blocked check would be blocked again.
    assert outcome.parseoutcomes() == {"BLOCKED": 1, "FAIL": 1, "PASS": 1, "rerun": 2}


def test_a_broken_set_up_is_tried_again_by_the_first_check_only(project):
    project.checks(
        "@pytest.fixture(scope='session')\ndef stack(request):\n"
        "    with (request.config.rootpath / 'tried').open('a') as file:\n"
        "        file.write('.')\n"
        "    raise Blocked('no redis', remedy='install it')\n\n\n"
        + project.check(SERVER, arguments="stack")
        + project.check(OPTIONS, arguments="stack")
        + project.check("1.5-bus-has-a-server", arguments="stack")
    )

    project.run("--reruns=1")

    assert (project.pytester.path / "tried").read_text() == ".."
    assert {check["blocked_by"] for check in project.results["checks"]} == {None, SERVER}


def test_a_link_that_works_at_last_blocks_nothing(project):
    project.checks(
        project.check(
            "1.5-invite-is-not-rejected",
            FAILS_ONCE.format("raise Violation('no server', link='bus')"),
        )
        + project.check("1.1-trunk-accepts-right-password")
    )

    project.run("--reruns=1")

    assert project.verdicts == {
        "1.5-invite-is-not-rejected": "WARN",
        "1.1-trunk-accepts-right-password": "PASS",
    }


def test_a_clean_up_that_failed_once_is_told_once(project):
    project.checks(
        "@pytest.fixture\ndef room(request):\n    yield\n"
        + FAILS_ONCE.format("raise OSError('room is left over')")
        + "\n\n"
        + project.check(SERVER, arguments="room")
    )

    project.run("--reruns=1")

    assert project.verdicts == {SERVER: "PASS", f"{SERVER}#clean-up": "ERROR"}


@pytest.mark.parametrize("verdict", ["WARN", "SKIPPED", "KNOWN"])
def test_what_is_no_failure_is_not_run_again_and_cleaned_up_all_the_same(project, verdict):
    issue = "{clause: 1.1-server-answers, reason: bug 1, owner: team, expires: 2999-01-01}"
    project.profile("mock", f"kind: mock\nallow: [read]\nknown_issues: [{issue}]\n")
    clause, raises = {
        "WARN": (TOKENS, "assert 0, 'SHOULD be so'"),
        "SKIPPED": (LISTED, "raise OSError('must not run')"),
        "KNOWN": (SERVER, "assert 0, 'MUST be so'"),
    }[verdict]
    project.checks(
        "@pytest.fixture(scope='session')\ndef stack(request):\n    yield\n"
        "    (request.config.rootpath / 'cleaned').touch()\n\n\n"
        + project.check(KEY, arguments="stack")
        + project.check(clause, raises, arguments="stack")
    )

    outcome = project.run("--reruns=2")

    assert project.one(clause)["verdict"] == verdict
    assert (project.pytester.path / "cleaned").exists()
    outcome.stdout.no_fnmatch_line("*rerun in *")


# -- pytest's cache -----------------------------------------------------------------------------


def test_only_what_has_to_be_looked_at_is_remembered_as_failed(project):
    issue = "{clause: 1.1-key-is-accepted, reason: bug 1, owner: team, expires: 2999-01-01}"
    project.profile("mock", f"kind: mock\nallow: [read]\nknown_issues: [{issue}]\n")
    project.checks(
        project.check(SERVER)
        + project.check(KEY, "assert 0, 'MUST be so'")
        + project.check(LISTED)
        + project.check(TOKENS, "assert 0, 'SHOULD be so'")
        + project.check(OPTIONS, "assert 0, 'MUST answer'")
    )

    project.run()

    cache = project.pytester.path / ".pytest_cache" / "v" / "cache"
    (failed,) = json.loads((cache / "lastfailed").read_text())
    assert failed == project.one(OPTIONS)["node_id"]


# -- runs without checks ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["-m", "smok"], 4),
        (["-m", "smoke and not smoke"], 5),
        (["-k", "nothing_of_that_name"], 5),
        (["-k", "bad and"], 4),
        (["--deselect", "suites"], 5),
        (["--collect-only"], 0),
        (["--setup-plan"], 0),
        (["--setup-only"], 4),
        (["--tx", "2*popen"], 4),
        (["--fixtures"], 0),
        (["--fixtures-per-test"], 0),
        (["--markers"], 0),
        (["--cache-show"], 0),
        (["--no-such-option"], 4),
        (["no_such_folder"], 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_runs_no_check_leaves_no_report(project, arguments, status):
    project.checks(project.check(SERVER))

    assert project.run(*arguments).ret == status
    assert not (project.pytester.path / "reports").exists()


# -- the user's own tests ----------------------------------------------------------------------


@pytest.mark.parametrize("where", ["suites", "my_tests"])
@pytest.mark.parametrize("fails", [False, True])
def test_a_test_of_the_users_own_is_his_and_outside_our_figures(project, where, fails):
    project.checks(project.check(SERVER))
    folder = project.pytester.path / where
    folder.mkdir(exist_ok=True)
    (folder / "test_own.py").write_text(
        f"import pytest\n\n\n@pytest.mark.parametrize('n', [1, 2])\ndef test_own(n):\n"
        f"    assert not ({fails} and n == 1)\n"
    )

    outcome = project.run("my_tests" if where == "my_tests" else "suites", "--html=own.html")

    assert outcome.ret == int(fails)
    own = {"passed": 2 - fails, "failed": int(fails)}
    counts = outcome.parseoutcomes()
    assert {word: counts.get(word, 0) for word in own} == own
    assert counts["PASS"] == 1
    assert project.verdicts == {SERVER: "PASS"}
    assert project.results["run"]["verdict"] in {"CONFORMANT", "PARTIALLY CONFORMANT"}
    assert "test_own.py::test_own" in (project.pytester.path / "own.html").read_text()


# -- the table: each option, on a healthy and on a broken deployment --------------------------

ISSUE = "{clause: 1.1-wrong-secret-is-refused, reason: bug 1, owner: team, expires: 2999-01-01}"
BAD = "assert 0, 'MUST be so'"
# Clause -> what it does on a healthy deployment, and on a broken one.
TABLE = {
    SERVER: ("pass", "pass"),
    KEY: ("pass", BAD),
    "1.1-wrong-secret-is-refused": (BAD, BAD),
    LISTED: ("pass", "raise OSError('must not run')"),
    OPTIONS: ("pass", "raise Blocked('no answer', remedy='start it')"),
    "1.5-bus-has-a-server": ("pass", "raise OSError('gone')"),
    TOKENS: ("assert 0, 'SHOULD be so'", "assert 0, 'SHOULD be so'"),
    "1.1-missing-sip-grant-is-refused": ("raise OSError('must not run')",) * 2,
}
# These select checks, or decide where the run stops; the others change nothing.
SELECT = ("--lf", "--sw", "-x", "--maxfail=2", "-k server", "-m connectivity")
EVERYTHING = (
    "--nf",
    "--ff",
    "--reruns=2",
    "-p randomly",
    "-p no:cacheprovider",
    "--html=own.html",
    "--junitxml=own.xml",
    "-v",
    "-q",
    "-s",
    "-rA",
    "--tb=short --durations=3",
)


@pytest.mark.parametrize("is_healthy", [True, False], ids=["healthy", "broken"])
def test_every_option_tells_the_figures_of_the_result_file(project, is_healthy):
    project.profile("mock", f"kind: mock\nallow: [read, create-rooms]\nknown_issues: [{ISSUE}]\n")
    source = [project.check(clause, bodies[not is_healthy]) for clause, bodies in TABLE.items()]
    project.checks("".join(source[:3]), "test_c")
    project.checks("".join(source[3:6]), "test_b")
    project.checks("".join(source[6:]), "test_a")
    project.run()
    plain = project.verdicts
    kinds = {"KNOWN"} if is_healthy else {"FAIL", "BLOCKED", "ERROR"}
    assert {*plain.values()} == {"PASS", "WARN", "SKIPPED", *kinds}

    for option in ("", *EVERYTHING, *SELECT):
        told = project.run(*option.split())
        assert figures_of(project, told, option) == {}, option
        if option in SELECT:
            assert project.verdicts.items() <= changed(plain, project).items(), option
        else:
            assert project.verdicts == plain, option
    assert len(runs(project)) == len(EVERYTHING) + len(SELECT) + 2


def changed(plain, project):
    """Return the verdicts of the plain run, with BLOCKED for checks that this run did not reach."""
    stopped = {c["id"] for c in project.results["checks"] if "not run" in (c["message"] or "")}
    return {check: "BLOCKED" if check in stopped else word for check, word in plain.items()}


def figures_of(project, told, option):
    """Return the figures in which an output differs from the result file."""
    found = results_file.load(project.latest)
    content = project.results
    counts = Counter(check["verdict"] for check in content["checks"])
    not_run = sum("not run" in (check["message"] or "") for check in content["checks"])
    seen = counts - Counter(BLOCKED=not_run)
    out = told.stdout.str()
    says = {
        "verdict": (found.verdict in out, True),
        "figures": (words.figures(found.summary) in out or "-q" in option, True),
        "summary": (
            {v: n for v in Verdict if (n := content["summary"][v.lower()])},
            counts,
        ),
        "exit": (told.ret, status_of(content["run"]["verdict"], option, not_run)),
    }
    if "-q" not in option:
        last = told.parseoutcomes()
        says["pytest"] = ({v: n for v, n in last.items() if v.isupper()}, seen)
    if "own.xml" in option:
        suite = ET.parse(project.pytester.path / "own.xml").getroot()[0]  # noqa: S314 - ours
        number = {name: int(value) for name, value in suite.items() if value.isdigit()}
        failed = seen["FAIL"] + seen["BLOCKED"] + seen["ERROR"]
        says["tests"] = (number["tests"], seen.total())
        says["failed"] = (number["failures"] + number["errors"], failed)
        says["skipped"] = (number["skipped"], seen["SKIPPED"])
    if "own.html" in option:
        page = (project.pytester.path / "own.html").read_text(encoding="utf-8")
        says["html"] = (words.figures(found.summary) in page, True)
    return {name: pair for name, pair in says.items() if pair[0] != pair[1]}


def status_of(verdict, option, not_run):
    if not_run and option == "--sw":
        return 2
    return int(verdict not in {"CONFORMANT", "PARTIALLY CONFORMANT"})
