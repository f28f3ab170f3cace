"""
Everything shown on a terminal fits into its columns, and a remedy is never cut.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from livekit_conformance.catalogue.causes import CAUSES
from livekit_conformance.catalogue.hosting import fitting
from livekit_conformance.cli.main import main
from livekit_conformance.diagnosis.model import Diagnosis
from livekit_conformance.layout import columns
from livekit_conformance.reporting.result.model import Result
from livekit_conformance.reporting.terminal.screen import write_summary
from livekit_conformance.reporting.text import words
from livekit_conformance.reporting.writers import results_json
from livekit_conformance.wording import LANGUAGES
from tests.reporting import runs

CONFIG = Path(__file__).parents[1] / "config"
RECORDINGS = Path(__file__).parent / "log_diagnosis" / "recordings"
BAD_SIP = """\
api_key: key
api_secrte: 5
ws_url: http://127.0.0.1:7880/rtc/of/a/server/that/has/a/long/name
redis: {address: 'redis://127.0.0.1'}
sip_port: 99999
"""


@pytest.fixture(params=[80, 40])
def width(request, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(request.param))
    return request.param


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, made in enumerate([runs.healthy(), runs.broken(), runs.broken()]):
        run = replace(made.run, id=f"20261123T05000{number}Z-staging-0000000{number}")
        (tmp_path / "reports" / run.id).mkdir(parents=True)
        results_json.write(replace(made, run=run), tmp_path / "reports" / run.id / "results.json")
        (tmp_path / str(number)).symlink_to(f"reports/{run.id}")
    (tmp_path / "config").symlink_to(CONFIG)
    (tmp_path / "sip.yaml").write_text(BAD_SIP)
    (tmp_path / "sip.log").symlink_to(RECORDINGS / "failures.log")
    for name in ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"):
        monkeypatch.delenv(name, raising=False)


def too_wide(text: str, width: int) -> list[str]:
    """
    Return the rows that are too wide but could have been broken; a single word is never split.
    """
    rows = (row for row in text.splitlines() if columns(row) > width)
    return [row for row in rows if max(map(columns, row.split())) < width - 20]


def is_told(text: str, words: str) -> bool:
    return " ".join(words.split()) in " ".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("command", "holds"),
    [
        ("doctor --env=mock --lang={language}", ""),
        ("doctor --env=staging --lang={language}", "`SIP_NUMBER`"),
        ("compare 0 1 --lang={language}", ""),
        ("trend reports --lang={language}", ""),
        ("diagnose sip.log --lang={language}", ""),
        ("config check sip.yaml", "to do: "),
        ("explain bus --lang={language}", ""),
        ("explain 1.1-key-is-accepted --lang={language}", ""),
        ("list", "1.5-logs-are-clean"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_every_command_fits(capsys, width, language, command, holds):
    main(command.format(language=language).split())

    text = capsys.readouterr().out
    assert holds in text
    assert len(text.splitlines()) > 2
    assert too_wide(text, width) == []


class Out:
    """Replacement for pytest's terminal, with the methods that `tell` needs."""

    def __init__(self, verbosity: int) -> None:
        self.verbosity = verbosity
        self.rows: list[str] = []

    def isatty(self) -> bool:
        return False

    def section(self, title: str, **_: object) -> None:
        self.rows.append(title)

    def write_line(self, line: str, **_: object) -> None:
        self.rows.append(line)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verbosity", [-1, 0, 1])
@pytest.mark.parametrize("made", runs.RUNS)
def test_the_last_screen_fits(width, language, verbosity, made):
    result = replace(runs.RUNS[made](), language=language)
    out = Out(verbosity)

    write_summary(out, result, Path("reports/latest"), [])

    text = "\n".join(out.rows)
    assert too_wide(text, width) == []
    assert all(is_told(text, remedy_of(result, found)) for found in result.diagnoses[:1])


def remedy_of(result: Result, found: Diagnosis) -> str:
    _, (_, (_, remedy), *_) = words.cause_parts(result, found)
    return remedy


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_to_do_is_never_cut(monkeypatch, language):
    monkeypatch.setenv("COLUMNS", "80")

    assert [cause.id for cause in CAUSES if not is_whole(cause, language)] == []


def is_whole(cause, language):
    """
    Return whether the last screen of a run with this cause shows its whole remedy.
    """
    broken = runs.broken()
    fix = fitting(cause.fix, cause.link)
    found = replace(broken.diagnoses[0], id=cause.id, fix=fix.en, advice=fix)
    result = replace(broken, checks=(), diagnoses=(found,), timelines=(), language=language)
    out = Out(0)
    write_summary(out, result, Path("reports/latest"), [])
    remedy = remedy_of(result, found)
    return fix.say(language) in remedy and is_told("\n".join(out.rows), remedy)
