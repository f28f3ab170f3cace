"""
No secret is in any output: planted in every kind of failure, and searched for.

PLANTED_CELLS=all in the environment gives every kind and value its own runs: 280.
"""

from __future__ import annotations

import os
import stat

import pytest

from tests.reporting.planted import ENDING, KINDS, VALUES, Planted, outputs, run_together

LIVE = ("-s", "-olog_cli=true")
CELLS = [
    pytest.param(kind, value, id=f"{kind}-{number}")
    for kind in (*KINDS, *ENDING)
    for number, value in enumerate(VALUES)
]


@pytest.fixture(scope="module")
async def unredacted(tmp_path_factory):
    planted = Planted(tmp_path_factory.mktemp("unredacted"), KINDS.values())
    planted.status = await planted.run(redacted=False)
    return planted


def leaking(planted):
    return {name for name, count in planted.leaking().items() if count}


async def test_no_output_holds_a_planted_value(tmp_path):
    planted = Planted(tmp_path, KINDS.values())

    assert await planted.run() == 1

    assert leaking(planted) == set()
    assert "unfit" not in planted.console
    assert "***" in planted.console
    for name, paths in outputs(tmp_path).items():
        assert any(path.is_file() and path.stat().st_size for path in paths), name


def test_without_redaction_every_output_leaks(unredacted):
    assert leaking(unredacted) == set(outputs(unredacted.folder))


def test_without_redaction_every_kind_leaks(unredacted):
    assert unredacted.told_kinds() >= set(KINDS)


def test_without_redaction_the_scan_names_every_file(unredacted):
    told = unredacted.console.partition("unfit for a ticket")[2]

    for name, paths in outputs(unredacted.folder).items():
        assert name == "console" or any(f"{path.name}: holds a secret" in told for path in paths)


async def test_nothing_passes_by_the_streams_when_pytest_does_not_capture(tmp_path):
    live = {kind: KINDS[kind] for kind in ("stdout", "log", "subprocess", "warning")}
    planted = Planted(tmp_path / "redacted", live.values())
    raw = Planted(tmp_path / "raw", live.values())

    await run_together(planted, raw, *LIVE)

    assert leaking(planted) == set()
    assert "live log call" in planted.console
    assert "stdout *** ; ***" in planted.console
    assert "subprocess ***" in planted.console
    assert raw.told_kinds() >= set(live)


@pytest.mark.parametrize("kind", ENDING)
async def test_a_secret_that_ends_the_run_before_it_begins_is_not_told_either(tmp_path, kind):
    planted = Planted(tmp_path / "redacted", [ENDING[kind]])
    raw = Planted(tmp_path / "raw", [ENDING[kind]])

    assert await run_together(planted, raw) != 0

    assert leaking(planted) == set()
    assert "***" in planted.console
    assert kind in raw.told_kinds()


if os.environ.get("PLANTED_CELLS") == "all":

    @pytest.mark.parametrize(("kind", "value"), CELLS)
    async def test_every_kind_and_value_by_itself(tmp_path, kind, value):
        checks = [{**KINDS, **ENDING}[kind]]
        planted = Planted(tmp_path / "redacted", checks, [value])
        raw = Planted(tmp_path / "raw", checks, [value])

        await run_together(planted, raw)

        assert leaking(planted) == set()
        assert leaking(raw)


# -- the guard ----------------------------------------------------------------------------------

SECRET = "planted-secret-of-the-guard-0123"
LIVE_PROFILE = """\
kind: live
allow: [read]
livekit: {{url: 'http://127.0.0.1:1', api_key: key, api_secret: '{secret}'}}
sip: {{server: 127.0.0.1, number: '+999012345678'}}
{more}
"""
SERVER = "1.1-server-answers"


@pytest.fixture
def guarded(project):
    project.profile("live", LIVE_PROFILE.format(secret="${PLANTED}", more=""))
    (project.pytester.path / ".env").write_text(f"PLANTED={SECRET}\n", encoding="utf-8")
    (project.pytester.path / ".env").chmod(0o600)
    return project


def told(outcome):
    return outcome.stdout.str() + outcome.stderr.str()


def test_a_conformant_run_that_wrote_a_secret_has_failed_and_the_file_is_named(guarded):
    body = f"(request.config.stash[RUN].directory / 'x.json').write_text('{SECRET}'[3:17])"
    guarded.checks(guarded.check(SERVER, body))

    outcome = guarded.run("--env=live")

    assert outcome.ret == 1
    assert guarded.results["run"]["verdict"] == "CONFORMANT"
    outcome.stdout.fnmatch_lines(["SECRET IN THE REPORTS*: 1 file.*", "*x.json: holds a secret*"])
    mark = (guarded.latest / "unfit-for-a-ticket.txt").read_text(encoding="utf-8")
    assert "x.json" in mark
    assert SECRET[3:15] not in mark + told(outcome)


def test_a_secret_is_found_where_a_plugin_wrote_it(guarded):
    plugin = f"def test_own():\n    open('debug.txt', 'w').write('{SECRET}')\n"
    guarded.pytester.makepyfile(test_own=plugin)
    guarded.checks(guarded.check(SERVER))

    outcome = guarded.run("test_own.py", "--env=live", "--log-file=debug.txt")

    assert outcome.ret == 1
    outcome.stdout.fnmatch_lines(["*debug.txt: holds a secret*"])


def test_what_is_read_is_not_taken_for_written_and_a_clean_run_has_no_mark(guarded):
    guarded.checks(guarded.check(SERVER))

    assert guarded.run("--env=live", "--env-file=.env").ret == 0
    assert not (guarded.latest / "unfit-for-a-ticket.txt").exists()


def test_other_plugins_are_given_clean_errors_and_reports(guarded):
    spy = """
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.excinfo:
        with open("spied.txt", "a") as file:
            file.write(f"{call.excinfo.value!r} {report.longreprtext} {report.sections}")
    return report
"""
    path = guarded.pytester.path / "conftest.py"
    path.write_text(f"import pytest\n{path.read_text()}{spy}")
    guarded.checks(guarded.check(SERVER, f"print('{SECRET}'); raise OSError('{SECRET}', 1)"))

    guarded.run("--env=live")

    spied = (guarded.pytester.path / "spied.txt").read_text()
    assert SECRET[:12] not in spied
    assert "OSError('***', 1)" in spied


def test_a_property_of_the_users_own_test_is_clean_and_else_keeps_its_type(guarded):
    own = f"def test_own(record_property):\n    record_property('seen', ['{SECRET}', 1])\n"
    guarded.pytester.makepyfile(test_own=f"{own}    record_property('count', 3)\n")
    guarded.checks(guarded.check(SERVER))
    spy = "def pytest_runtest_logreport(report):\n    print('got', report.user_properties)\n"
    path = guarded.pytester.path / "conftest.py"
    path.write_text(f"{path.read_text()}\n{spy}")

    outcome = guarded.run(
        "test_own.py", "--env=live", "-s", "--junitxml=x.xml", "-ojunit_family=legacy"
    )

    assert outcome.ret == 0
    outcome.stdout.fnmatch_lines(["*got *('seen', \"[[]'[*][*][*]', 1]\"), ('count', 3)]"])
    assert SECRET not in (guarded.pytester.path / "x.xml").read_text()


def test_a_secret_in_the_id_of_a_check_is_not_kept_by_the_cache_either(guarded):
    mark = f"@pytest.mark.parametrize('value', ['{SECRET}'])\n"
    guarded.checks(mark + guarded.check(SERVER, arguments="value"))

    outcome = guarded.pytester.runpytest_inprocess("suites", "--env=live", "-p", "no:asyncio")

    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(["*the id of a check holds a secret: *[[][*][*][*]]"])
    kept = [*guarded.pytester.path.glob(".pytest_cache/**/*")]
    assert not any(SECRET in path.read_text() for path in kept if path.is_file())


def test_a_paste_is_refused(guarded):
    guarded.checks(guarded.check(SERVER))

    outcome = guarded.run("--env=live", "--pastebin=all")

    assert outcome.ret == 4
    outcome.stderr.fnmatch_lines(["*--pastebin is not supported*public*"])


@pytest.mark.parametrize(
    ("more", "modes"),
    [("", {0o600, 0o700}), ("report_files: shared", {0o644, 0o755})],
)
def test_other_accounts_cannot_read_the_reports_unless_the_profile_shares_them(
    guarded, more, modes
):
    guarded.profile("live", LIVE_PROFILE.format(secret="${PLANTED}", more=more))
    journal = "(request.config.stash[RUN].directory / 'journal.jsonl').stat().st_mode & 0o777"
    guarded.checks(guarded.check(SERVER, f"see(request, oct({journal}))"))
    before = os.umask(0o022)
    try:
        guarded.run("--env=live")
        after = os.umask(before)
    finally:
        os.umask(before)

    written = [guarded.latest.resolve(), *guarded.latest.resolve().rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == modes
    evidence = (guarded.latest / "evidence" / f"{SERVER}.json").read_text(encoding="utf-8")
    assert oct(min(modes)) in evidence
    assert after == 0o022


@pytest.mark.parametrize(
    ("more", "shown"), [("", "+99***78 99***78"), ("phone_numbers: shown", "+999012345678 ")]
)
def test_numbers_of_the_deployment_are_masked_unless_the_profile_shows_them(guarded, more, shown):
    guarded.profile("live", LIVE_PROFILE.format(secret="${PLANTED}", more=more))
    called = "called +999012345678 999012345678 +15550100"
    body = f"see(request, '{called}'); raise Violation('MUST be {called}')"
    guarded.checks(guarded.check(SERVER, body))

    outcome = guarded.run("--env=live")

    evidence = (guarded.latest / "evidence" / f"{SERVER}.json").read_text(encoding="utf-8")
    for text in (evidence, told(outcome)):
        assert f"called {shown}" in text
        assert "+15550100" in text
