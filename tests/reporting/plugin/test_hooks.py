"""
The plugin as an operator sees it: verdicts, blocking, collection and exit status.
"""

from __future__ import annotations

import json

import pytest

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.reporting.result.results_file import load

SERVER = "1.1-server-answers"
KEY = "1.1-key-is-accepted"
SECRET = "1.1-wrong-secret-is-refused"
LISTED = "1.2-created-room-is-listed"
TOKENS = "1.4-logs-hold-no-tokens"
OPTIONS = "1.5-sip-answers-options"


@pytest.mark.parametrize(
    ("clause", "body", "verdict", "message"),
    [
        (SERVER, "pass", "PASS", None),
        (
            SERVER,
            "assert 1 == 2, 'it was not so'",
            "FAIL",
            f"{BY_ID[SERVER].statement}; it was not so",
        ),
        (SERVER, "raise Violation('it was so')", "FAIL", f"{BY_ID[SERVER].statement}; it was so"),
        (SERVER, "raise AssertionError", "FAIL", BY_ID[SERVER].statement),
        (
            SERVER,
            "assert 1 == 2",
            "FAIL",
            f"{BY_ID[SERVER].statement}; seen: 1 == 2",
        ),
        (TOKENS, "assert not 1, 'it was so'", "WARN", f"{BY_ID[TOKENS].statement}; it was so"),
        (
            SERVER,
            "raise Blocked('no redis', remedy='install it')",
            "BLOCKED",
            "no redis. install it",
        ),
        (
            SERVER,
            "raise Unreachable('h:1', phase='connect', detail='refused', waited=1, remedy='start')",
            "BLOCKED",
            "h:1: refused (after 1.0 s). start",
        ),
        (
            SERVER,
            "raise ExceptionGroup('', [Violation('it was so')])",
            "FAIL",
            f"{BY_ID[SERVER].statement}; it was so",
        ),
        (SERVER, "{}['key']", "ERROR", "KeyError: 'key'"),
        (SERVER, "pytest.skip('no')", "ERROR", "Skipped: no"),
        (SERVER, "pytest.fail('Timeout (>1.0s)')", "ERROR", "Failed: Timeout (>1.0s)"),
    ],
)
def test_what_a_check_raises_is_its_verdict(project, clause, body, verdict, message):
    project.checks(project.check(clause, body))

    project.run()

    assert project.one(clause)["verdict"] == verdict
    assert project.one(clause)["message"] == message


def test_what_only_a_library_reports_is_an_observation_and_blocks(project):
    project.checks(project.check(SERVER, "raise ConnectionResetError(104, 'made up')"))

    project.run()

    check = project.one(SERVER)
    assert (check["verdict"], check["broken_link"]) == ("BLOCKED", "server")
    assert check["message"].startswith("Python: ConnectionResetError: Connection reset by peer. ")
    (evidence,) = check["evidence"]
    (seen,) = json.loads((project.latest / evidence).read_text())["observations"]
    assert seen["summary"] == "Python: ConnectionResetError: Connection reset by peer"


@pytest.mark.parametrize(
    ("raises", "verdict", "run"),
    [
        ("assert 0, 'MUST be so'", "FAIL", "NOT CONFORMANT"),
        ("raise Blocked('no redis', remedy='install it')", "BLOCKED", "INCOMPLETE"),
        ("raise OSError('gone')", "ERROR", "INCOMPLETE"),
    ],
)
def test_a_failed_set_up_is_one_root_for_all_that_share_it(project, raises, verdict, run):
    project.checks(
        f"@pytest.fixture(scope='session')\ndef stack():\n    {raises}\n\n\n"
        "@pytest.fixture\ndef client(stack):\n    return stack\n\n\n"
        + project.check(SERVER, arguments="client")
        + project.check(OPTIONS, arguments="stack")
        + project.check("1.1-unknown-key-is-refused", arguments="stack")
    )

    project.run()

    assert project.one(SERVER)["verdict"] == verdict
    assert project.one(SERVER)["blocked_by"] is None
    for other in (OPTIONS, "1.1-unknown-key-is-refused"):
        assert project.one(other)["verdict"] == "BLOCKED"
        assert project.one(other)["blocked_by"] == SERVER
    assert project.results["run"]["verdict"] == run


def test_a_should_that_fails_in_set_up_is_a_warning_and_its_body_does_not_run(project):
    project.checks(
        "@pytest.fixture\ndef broken():\n    assert 0, 'SHOULD be so'\n\n\n"
        + project.check(SERVER)
        + project.check(TOKENS, "raise OSError", arguments="broken")
    )

    outcome = project.run()

    assert project.one(TOKENS)["verdict"] == "WARN"
    assert outcome.ret == 0


def test_dependants_are_blocked_by_the_root_of_a_broken_chain(project):
    project.checks(
        project.check(SERVER, "assert 0, 'MUST answer'")
        + project.check(KEY, "raise OSError('must not run')")
        + project.check(LISTED, "raise OSError('must not run')")
        + project.check(OPTIONS)
    )

    outcome = project.run()

    assert project.verdicts == {
        SERVER: "FAIL",
        KEY: "BLOCKED",
        LISTED: "BLOCKED",
        OPTIONS: "PASS",
    }
    assert project.one(LISTED)["blocked_by"] == SERVER
    outcome.stdout.fnmatch_lines([f"*blocks 2: {KEY}, {LISTED}"])


def test_an_exception_may_name_the_broken_link_better_than_the_clause(project):
    project.checks(
        project.check("1.5-invite-is-not-rejected", "raise Violation('no server', link='bus')")
        + project.check("1.1-trunk-accepts-right-password", "raise OSError('must not run')")
    )

    project.run()

    blocked = project.one("1.1-trunk-accepts-right-password")
    assert blocked["blocked_by"] == "1.5-invite-is-not-rejected"
    assert "bus" in blocked["message"]


def test_a_warning_breaks_no_link_and_no_exit_status(project):
    project.checks(project.check(SERVER) + project.check(TOKENS, "assert 0, 'SHOULD be so'"))

    outcome = project.run("-x")

    assert outcome.ret == 0
    assert project.results["run"]["verdict"] == "CONFORMANT"
    assert project.results["summary"]["success_rate"] == 50.0
    outcome.stdout.fnmatch_lines(["*1 PASS, 1 WARN*"])


def test_effects_that_are_not_allowed_are_skipped_with_the_remedy(project):
    project.profile("mock", "kind: mock\nallow: [read]\nmay_raise: [create-rooms]\n")
    project.checks(
        project.check(SERVER)
        + project.check(LISTED)
        + project.check("1.5-invite-is-not-rejected", "raise OSError('must not run')")
    )

    project.run()

    assert project.one(LISTED)["reason"] == "not-permitted"
    assert project.one(LISTED)["message"].endswith("run with --allow create-rooms")
    invite = project.one("1.5-invite-is-not-rejected")
    assert invite["verdict"] == "SKIPPED"
    assert invite["message"].endswith("add place-calls to allow in the profile")
    assert project.results["summary"]["coverage"] == 33.3


def test_allow_raises_what_the_profile_consents_to(project):
    project.profile("mock", "kind: mock\nallow: [read]\nmay_raise: [create-rooms]\n")
    project.checks(project.check(LISTED))

    outcome = project.run("--allow", "create-rooms")

    assert project.verdicts == {LISTED: "PASS"}
    assert outcome.ret == 0


def test_what_the_profile_does_not_provide_is_skipped_with_the_key_to_add(project):
    project.profile(
        "live",
        "kind: live\nallow: [read]\n"
        "livekit: {url: 'http://127.0.0.1:1', api_key: key, api_secret: long-enough}\n",
    )
    project.checks(project.check(SERVER) + project.check("1.5-bus-has-a-server"))

    project.run("--env=live")

    skipped = project.one("1.5-bus-has-a-server")
    assert skipped["reason"] == "not-configured"
    assert "add redis: redis://HOST:6379/0" in skipped["message"]


def test_a_failed_clean_up_keeps_the_verdict_and_makes_the_run_incomplete(project):
    project.checks(
        "@pytest.fixture\ndef room():\n    yield\n    raise OSError('room is left over')\n\n\n"
        + project.check(SERVER, arguments="room")
    )

    outcome = project.run()

    assert project.verdicts == {SERVER: "PASS", f"{SERVER}#clean-up": "ERROR"}
    assert "room is left over" in project.one(f"{SERVER}#clean-up")["message"]
    assert project.results["run"]["verdict"] == "INCOMPLETE"
    assert outcome.ret == 1


@pytest.mark.parametrize(
    "error",
    [
        "Unreachable('url', phase='connect', detail='refused', waited=0, remedy='Start it')",
        "Violation('DeleteRoom answered 500')",
    ],
)
def test_a_clean_up_that_the_target_does_not_carry_out_is_no_error_of_a_check(project, error):
    project.checks(
        "from livekit_conformance.errors import Unreachable, Violation\n\n\n"
        f"@pytest.fixture\ndef room():\n    yield\n    raise {error}\n\n\n"
        + project.check(SERVER, arguments="room")
    )

    outcome = project.run()

    assert project.verdicts == {SERVER: "PASS", f"{SERVER}#clean-up": "BLOCKED"}
    assert "livekit-conformance sweep" in project.one(f"{SERVER}#clean-up")["message"]
    assert project.results["run"]["verdict"] == "INCOMPLETE"
    assert "Traceback" not in outcome.stdout.str()
    assert "Error" not in outcome.stdout.str()


def test_known_issues_are_known_until_they_expire_or_stop(project):
    reason = "bug 1; see https://bugs.example/1"
    issue = f"{{{{clause: {{}}, reason: '{reason}', owner: team, expires: {{}}}}}}"
    issues = ", ".join(
        [
            issue.format(SERVER, "2999-01-01"),
            issue.format(OPTIONS, "2020-01-01"),
            issue.format(TOKENS, "2999-01-01"),
        ]
    )
    project.profile("mock", f"kind: mock\nallow: [read]\nknown_issues: [{issues}]\n")
    project.checks(
        project.check(SERVER, "assert 0, 'MUST answer'")
        + project.check(OPTIONS, "assert 0, 'MUST answer'")
        + project.check(TOKENS)
    )

    project.run()

    assert project.verdicts == {SERVER: "KNOWN", OPTIONS: "FAIL", TOKENS: "FAIL"}
    known = project.one(SERVER)
    assert known["message"].endswith(f"{known['statement']}; MUST answer")
    assert known["seen"] == f"known until 2999-01-01 (team): {reason}; MUST answer"
    assert known["issues"] == ["https://bugs.example/1"]
    assert load(project.latest / "journal.jsonl").checks == load(project.latest).checks
    assert "expired on 2020-01-01" in project.one(OPTIONS)["message"]
    assert "remove the entry" in project.one(TOKENS)["message"]


def test_checks_run_in_the_order_of_the_catalogue(project):
    project.checks(project.check(OPTIONS) + project.check(LISTED) + project.check(KEY), "test_a")
    project.checks(project.check(SERVER), "test_b")

    project.pytester.runpytest_inprocess("suites", "-p", "no:asyncio", "-p", "randomly")

    assert list(project.verdicts) == [SERVER, KEY, LISTED, OPTIONS]


def test_parametrised_checks_have_ids_of_their_own(project):
    project.checks(
        "@pytest.mark.parametrize('shape', ['digits', 'uuid'])\n"
        + project.check(LISTED, "assert shape != 'uuid', 'MUST be listed'", arguments="shape")
    )

    project.run()

    assert project.verdicts == {f"{LISTED}[digits]": "PASS", f"{LISTED}[uuid]": "FAIL"}


def test_a_clause_that_a_parameter_brings_says_it_all(project):
    project.checks(
        "@pytest.mark.parametrize('secret', [\n"
        "    pytest.param(1, marks=pytest.mark.clause('1.1-wrong-secret-is-refused')),\n"
        "    pytest.param(2, marks=pytest.mark.clause('1.1-unknown-key-is-refused')),\n"
        "])\n"
        "def test_refused(secret):\n    pass\n"
    )

    project.run()

    assert project.verdicts.keys() == {
        "1.1-wrong-secret-is-refused",
        "1.1-unknown-key-is-refused",
    }


def test_all_checks_that_claim_not_exactly_one_known_clause_are_refused_at_once(project):
    project.checks(
        project.check("1.1-server-anwsers")
        + f"@pytest.mark.clause('{KEY}')\n"
        + project.check(SERVER)
    )

    outcome = project.run("-k", "none")

    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(
        [
            '*unknown clause *1.1-server-anwsers*did you mean "1.1-server-answers"?',
            f"*claims 2 clauses: {SERVER}, {KEY}",
        ]
    )
    assert not (project.pytester.path / "reports").exists()


def test_a_clause_claimed_twice_without_parameters_is_refused(project):
    project.checks(project.check(SERVER))
    project.checks(project.check(SERVER), "test_more")

    outcome = project.run()

    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines([f"*{SERVER} is claimed by more than one check"])


def test_areas_requirements_and_smoke_select(project):
    project.checks(
        project.check(SERVER) + project.check(LISTED) + project.check("1.5-invite-is-not-rejected")
    )

    project.run("-m", "rooms or 1.5")
    assert list(project.verdicts) == [LISTED, "1.5-invite-is-not-rejected"]

    project.run("-m", "smoke")
    assert list(project.verdicts) == [SERVER, LISTED]


def test_nothing_failed_but_nothing_decided_is_not_success(project):
    project.profile("mock", "kind: mock\nallow: []\n")
    project.checks(project.check(SERVER))

    outcome = project.run()

    assert outcome.ret == 1
    assert project.results["run"]["verdict"] == "INCOMPLETE"


def test_nothing_selected_is_5(project):
    project.checks(project.check(SERVER))

    assert project.run("-k", "nothing_of_that_name").ret == 5


def test_an_interrupt_is_2_and_what_did_not_run_is_not_passed(project):
    project.checks(
        project.check(SERVER)
        + project.check(OPTIONS, "raise KeyboardInterrupt")
        + project.check(TOKENS)
    )

    outcome = project.run()

    assert outcome.ret == 2
    assert project.verdicts == {SERVER: "PASS", OPTIONS: "BLOCKED", TOKENS: "BLOCKED"}
    assert project.results["run"]["verdict"] == "INCOMPLETE"
    assert "interrupted" in project.results["run"]["interrupted"]
    # A check that did not get its turn is no finding.
    outcome.stdout.fnmatch_lines([f"BLOCKED 1, not run: interrupted * ({TOKENS})"])
    outcome.stdout.no_fnmatch_line(f"BLOCKED*{TOKENS}: *")
    assert (project.latest / "report.html").is_file()


def test_stopping_at_the_first_failure_leaves_the_rest_undecided(project):
    project.checks(project.check(SERVER, "assert 0, 'MUST answer'") + project.check(OPTIONS))

    outcome = project.run("-x")

    assert outcome.ret == 1
    assert project.verdicts == {SERVER: "FAIL", OPTIONS: "BLOCKED"}


def test_the_budget_ends_the_run_in_words(project):
    project.checks(project.check(SERVER, "import time; time.sleep(0.06)") + project.check(OPTIONS))

    project.run("--budget=0.05")

    left = project.one(OPTIONS)
    assert (left["verdict"], left["broken_link"]) == ("BLOCKED", None)
    assert "the run's own limits left no time" in left["message"]
    for remedy in ("limits.requests_per_minute (", "limits.run (", "--budget"):
        assert remedy in left["message"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--env=prodd"],
            ["*known environments: live, local, misspelt, mock, prod, staging, timid; *"],
        ),
        (["--env=live"], ["*LIVEKIT_URL is missing*", "*LIVEKIT_API_KEY is missing*"]),
        (["--env=misspelt"], ['*unknown key*did you mean "timeout"?']),
        (["--env=timid", "--allow=disrupt"], ["*--allow disrupt: *does not consent*"]),
        (["--allow=reed"], ['*no such effect*did you mean "read"?']),
        (["--budget=soon"], ["*--budget soon: must be a number*"]),
        (["--env-file=none"], ["*none: there is no such env file"]),
    ],
)
def test_unusable_input_is_4_with_a_message(project, monkeypatch, arguments, words):
    for name in ("LIVEKIT_URL", "LIVEKIT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    project.profile("timid", "kind: mock\nallow: [read]\n")
    project.profile("misspelt", "kind: mock\nallow: [read]\nwebhook: {tiemout: 5s}\n")
    project.profile(
        "live",
        "kind: live\nallow: [read]\nlivekit: {url: '${LIVEKIT_URL}', "
        "api_key: '${LIVEKIT_API_KEY}', api_secret: long-enough}\n",
    )
    project.checks(project.check(SERVER))

    outcome = project.run(*arguments)

    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(words)
    assert not (project.pytester.path / "reports").exists()


def test_collecting_needs_no_variable_but_a_known_environment(project):
    project.profile("live", "kind: live\nallow: [read]\nlivekit: {url: '${NOT_SET_ANYWHERE}'}\n")
    project.checks(project.check(SERVER))

    assert project.run("--env=live", "--collect-only").ret == 0
    assert project.run("--env=lvie", "--collect-only").ret == 4
    assert not (project.pytester.path / "reports").exists()


@pytest.mark.parametrize("twin", ["ini", "variable", "option"])
def test_the_environment_has_an_ini_and_a_variable_twin(project, monkeypatch, twin):
    project.profile("other", "kind: mock\nallow: [read]\n")
    project.checks(project.check(SERVER))
    arguments = []
    if twin == "ini":
        project.pytester.makeini("[pytest]\nlivekit_env = other\n")
    else:
        project.pytester.makeini("[pytest]\nlivekit_env = none\n")
        monkeypatch.setenv("LIVEKIT_CONFORMANCE_ENV", "other")
    if twin == "option":
        monkeypatch.setenv("LIVEKIT_CONFORMANCE_ENV", "none")
        arguments = ["--env=other"]

    assert project.run(*arguments).ret == 0
    assert project.results["run"]["environment"] == "other"


def test_tests_outside_the_suites_are_left_alone(project):
    project.pytester.makepyfile(test_own="def test_own():\n    assert 0\n")
    project.checks(project.check(SERVER))

    outcome = project.pytester.runpytest_inprocess("test_own.py", "-p", "no:asyncio")

    assert outcome.ret == 1
    outcome.assert_outcomes(failed=1)
    assert not (project.pytester.path / "reports").exists()


def test_a_failing_test_beside_conformant_checks_still_fails_pytest(project):
    project.pytester.makepyfile(test_own="def test_own():\n    assert 0\n")
    project.checks(project.check(SERVER))

    outcome = project.run("test_own.py")

    assert project.results["run"]["verdict"] == "CONFORMANT"
    assert outcome.ret == 1


def test_a_module_that_cannot_be_imported_is_told_and_nothing_passes(project):
    project.checks("import no_such_module_anywhere\n")
    project.checks(project.check(SERVER), "test_more")

    outcome = project.run()

    assert outcome.ret == 2
    outcome.stdout.fnmatch_lines(["*no_such_module_anywhere*"])
    assert project.verdicts == {SERVER: "BLOCKED"}


def test_fixtures_reach_the_run_and_fill_in_the_profile(project):
    project.checks(
        "@pytest.fixture(scope='session')\n"
        "def deployment(request):\n"
        "    run = request.config.stash[RUN]\n"
        "    filled = run.profile.livekit.model_copy(update={'url': 'http://127.0.0.1:7880'})\n"
        "    run.use(run.profile.model_copy(update={'livekit': filled}),\n"
        "            versions={'livekit_server': '1.13.5'})\n\n\n"
        + project.check(SERVER, arguments="deployment")
    )

    project.run()

    assert project.results["run"]["target"] == {
        "url": "http://127.0.0.1:7880",
        "livekit_server": "1.13.5",
        "livekit_sip": None,
    }


def test_what_was_seen_during_a_check_is_its_evidence(project):
    project.checks(
        project.check(SERVER, "see(request, 'GET / 200', status=200)") + project.check(OPTIONS)
    )

    project.run()

    (path,) = project.one(SERVER)["evidence"]
    assert "GET / 200" in (project.latest / path).read_text(encoding="utf-8")
    assert project.one(OPTIONS)["evidence"] == []


def test_a_report_that_cannot_be_written_is_no_success(project):
    project.checks(
        project.check(
            SERVER,
            "(request.config.stash[RUN].directory / 'junit.xml').mkdir()",
        )
    )

    outcome = project.run()

    assert outcome.ret == 3
    outcome.stdout.fnmatch_lines(["a report could not be written: *"])


def test_latest_points_at_the_last_run(project):
    project.checks(project.check(SERVER))
    project.run()
    first = project.latest.resolve()

    project.run()

    assert project.latest.is_symlink()
    assert project.latest.resolve() != first
    assert first.is_dir()
