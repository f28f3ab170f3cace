"""
The journal keeps every observation, whatever characters it contains.
"""

from __future__ import annotations

import resource
from dataclasses import replace

import pytest

from livekit_conformance.reporting.result import journal
from livekit_conformance.reporting.result.model import Run
from tests.diagnosis.signs import record
from tests.observed import observed
from tests.processes import limited

RUN = Run(
    id="20261123T000000Z-mock-0000",
    environment="mock",
    kind="mock",
    started="2026-11-23T00:00:00Z",
    suite_version="0",
    seed=0,
    url="",
    variables={},
)


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\x0b", "\x1c", "\n", "\r", "é", "\\"])
def test_a_line_of_the_journal_may_hold_any_character(tmp_path, character):
    written = journal.Journal(tmp_path / journal.NAME)
    written.begin(RUN, [])
    written.seen([observed(1.0, "http", f"a{character}b", {"body": character})])
    written.end(duration_s=1.0, interrupted=None)

    assert journal.read(written.path).run.duration_s == 1.0


STOPPED = "stopped by a folder that took no more reports before the first check"


def test_lines_that_a_full_disk_refused_are_written_when_there_is_space_again(tmp_path):
    written = journal.Journal(tmp_path / journal.NAME)
    written.begin(RUN, [])
    with limited(resource.RLIMIT_FSIZE, written.path.stat().st_size + 10):
        with pytest.raises(OSError, match="File too large"):
            written.end(duration_s=1.0, interrupted="no space")
        assert written.result().run.interrupted == "no space"
        assert journal.read(written.path).run.interrupted == STOPPED

    written.seen([observed(1.0, "http", "later")])

    assert journal.read(written.path) == written.result()
    assert journal.read(written.path).run.interrupted == "no space"
    assert [*tmp_path.iterdir()] == [written.path]


@pytest.mark.parametrize(
    ("hosting", "advice"), [("self", "`ws_url` in livekit-sip.yaml"), ("cloud", "dashboard of")]
)
def test_an_unknown_cause_fits_the_hosting_of_the_run(tmp_path, hosting, advice):
    written = journal.Journal(tmp_path / journal.NAME)
    written.begin(replace(RUN, hosting=hosting), [])
    written.check(record("1.1-sip-service-joins-the-server"), [], elapsed_s=1.0)

    (found,) = journal.read(written.path, causes=()).diagnoses

    assert advice in found.fix
