"""
A signal ends the run; an interrupted set-up or clean-up is finished first.
"""

from __future__ import annotations

import signal

import pytest

SERVER, OPTIONS = "1.1-server-answers", "1.5-sip-answers-options"
FIXTURES = """
import signal
from pathlib import Path


def meet(place):
    times = {times} if place == "{place}" else 0
    for _ in range(times):
        signal.raise_signal(signal.{signal})
    with Path("reached").open("a") as file:
        print(place, file=file)


@pytest.fixture(scope="session")
def shared():
    yield
    meet("end-of-shared")


@pytest.fixture
def outer(shared):
    meet("set-up")
    yield
    Path("outer").touch()


@pytest.fixture
def inner(outer):
    yield
    meet("teardown")
    Path("inner").touch()


"""


# Old-style hook wrapper, as in pytest-timeout: an error in it causes a warning too.
PLUGIN = """
import signal

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol():
    yield
    if "{place}" == "plugin":
        signal.raise_signal(signal.{signal})
"""


@pytest.fixture(autouse=True)
def _interruptible():
    """Undo the ignored SIGINT that child processes inherit from a background job of a shell."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, former)


@pytest.fixture
def interrupted(project):
    """Return a function that runs two checks, signals at a place, and returns the outcome."""

    def run(place, number, times=1):
        fixtures = FIXTURES.format(place=place, signal=number.name, times=times)
        one = project.check(SERVER, f'meet("{SERVER}")', "inner")
        project.checks(fixtures + one + project.check(OPTIONS, f'meet("{OPTIONS}")', "inner"))
        root = project.pytester.path
        plugin = PLUGIN.format(place=place, signal=number.name)
        (root / "suites" / "conftest.py").write_text(plugin)
        outcome = project.run("-Werror::pluggy.PluggyTeardownRaisedWarning")
        deleted = {name for name in ("outer", "inner") if (root / name).exists()}
        return outcome.ret, (root / "reached").read_text().split(), deleted

    return run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("place", "reached"),
    [
        # After a complete set-up all finalizers run, even though the check does not.
        ("set-up", ["set-up", "teardown", "end-of-shared"]),
        ("teardown", ["set-up", SERVER, "teardown", "end-of-shared"]),
        ("plugin", ["set-up", SERVER, "teardown", "end-of-shared"]),
        (SERVER, ["set-up", "teardown", "end-of-shared"]),
    ],
)
def test_everything_is_cleaned_up_wherever_the_signal_comes(
    project, interrupted, number, place, reached
):
    assert interrupted(place, number) == (2, reached, {"inner", "outer"})

    told = "terminated by SIGTERM" if number is signal.SIGTERM else "interrupted from the keyboard"
    assert project.results["run"]["interrupted"] == told
    decided = {check for check, verdict in project.verdicts.items() if verdict == "PASS"}
    assert decided == ({SERVER} if place in {"teardown", "plugin"} else set())
    assert project.results["run"]["verdict"] == "INCOMPLETE"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_the_very_end_takes_nothing_away(project, interrupted, number):
    once = ["set-up", SERVER, "teardown"]
    both = [*once, "set-up", OPTIONS, "teardown", "end-of-shared"]

    # pytest tears shared fixtures down with the last check: the run counts as interrupted.
    assert interrupted("end-of-shared", number) == (2, both, {"inner", "outer"})
    assert set(project.verdicts.values()) == {"PASS"}
    assert (project.latest / "report.html").is_file()


def test_the_second_signal_does_not_wait(interrupted):
    status, reached, deleted = interrupted("teardown", signal.SIGINT, times=2)

    assert (status, reached) == (2, ["set-up", SERVER, "end-of-shared"])
    assert deleted == {"outer"}


def test_what_stops_the_collection_is_told_in_its_own_words(project):
    project.checks("import no_such_module\n")

    outcome = project.run()

    assert outcome.ret == 2
    outcome.stdout.fnmatch_lines(["*No module named 'no_such_module'*"])
    assert "keyboard" not in outcome.stdout.str()
