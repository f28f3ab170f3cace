"""
Result files: reading returns what was written, and a file that is no result is an error.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given

from livekit_conformance.reporting.result.journal import Journal
from livekit_conformance.reporting.result.results_file import ResultsError, load, result_of
from tests.comparison.runs import MANY, cause, check, result, results, write

A = "1.1-server-answers"


@given(results())
@MANY
def test_what_was_written_is_read(told):
    assert result_of(json.loads(json.dumps(told.as_json()))) == told


def test_the_folder_the_file_and_the_link_are_the_same_run(tmp_path):
    told = result(check(A), diagnoses=[cause("bus-down", A)], versions={"livekit_sip": "1.8.0"})
    folder = write(told, tmp_path)
    (tmp_path / "latest").symlink_to(folder.name)

    assert load(folder) == load(folder / "results.json") == load(tmp_path / "latest") == told


def test_a_killed_run_is_read_from_its_journal(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    told = result(check(A), check("1.1-key-is-accepted"))
    journal.begin(told.run, told.checks)
    journal.check(told.checks[0], (), elapsed_s=1.5)
    journal.release()

    read = load(tmp_path)

    assert read.run.interrupted is not None
    assert [str(one.verdict) for one in read.checks] == ["PASS", "BLOCKED"]
    assert read.run.duration_s == 1.5


def test_what_later_versions_add_and_earlier_ones_lacked_does_not_disturb():
    told = result(check(A, "FAIL"), diagnoses=[cause("bus-down", A)])
    data = told.as_json()
    data["colour"] = data["run"]["colour"] = data["checks"][0]["colour"] = "blue"
    data["checks"][0]["broken_link"] = "a-link-of-tomorrow"
    del (
        data["checks"][0]["findings"],
        data["chain"],
        data["run"]["interrupted"],
        data["diagnoses"][0]["link"],
    )

    read = result_of(data)

    assert read.checks == told.checks
    assert read.diagnoses == (replace(told.diagnoses[0], link=""),)


def _without(*path):
    def change(data):
        *way, last = path
        for step in way:
            data = data[step]
        del data[last]

    return change


def _with(value, *path):
    def change(data):
        *way, last = path
        for step in way:
            data = data[step]
        data[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_with(3, "schema"), "its schema is 3, this version reads 1 and 2"),
        (_without("run"), "run is not an object"),
        (_without("run", "target"), "run.target is not an object"),
        (_without("run", "started"), "run.started is missing"),
        (_with(3, "run", "id"), "run.id is not a text"),
        (_with("long", "run", "duration_s"), "run.duration_s is not a number"),
        (_with(float("nan"), "run", "duration_s"), "run.duration_s is not a number"),
        (_without("checks"), "checks is not a list"),
        (_with("x", "checks", 0), "checks[0] is not an object"),
        (_with("GOOD", "checks", 0, "verdict"), "checks[0].verdict is 'GOOD', not one of PASS,"),
        (_with(None, "checks", 0, "id"), "checks[0].id is not a text"),
        (_with([1], "checks", 0, "evidence"), "checks[0].evidence is not a list of texts"),
        (_with({}, "checks", 0, "findings"), "checks[0].findings is not a list"),
        (_with([{}], "checks", 0, "findings"), "checks[0].findings[0] is no finding: 'code'"),
        (_with({}, "diagnoses"), "diagnoses is not a list"),
    ],
)
def test_a_file_that_is_no_result_names_itself_and_the_place(tmp_path, change, complaint):
    data = result(check(A)).as_json()
    change(data)
    file = tmp_path / "results.json"
    file.write_text(json.dumps(data), encoding="utf-8")

    with pytest.raises(ResultsError) as caught:
        load(file)

    assert str(caught.value).startswith(f"{file}: not a result file: {complaint}")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("results.json", b""),
        ("results.json", b"[]"),
        ("results.json", b"\xff\xfe"),
        ("results.json", b"[" * 100_000),
        ("journal.jsonl", b""),
        ("journal.jsonl", b"{}\n"),
        ("journal.jsonl", b'{"type": "run", "run": {}}\n'),
        ("journal.jsonl", b'{"type": "run"}\n'),
        ("journal.jsonl", b"\xff\n{}\n"),
        ("other.txt", b""),
    ],
)
def test_what_cannot_be_read_is_never_a_traceback(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ResultsError, match=str(tmp_path)):
        load(tmp_path)


def test_a_missing_path_is_told_in_the_words_of_the_system(tmp_path):
    with pytest.raises(ResultsError, match="nowhere: cannot be read: No such file or directory"):
        load(tmp_path / "nowhere")


def test_a_reports_folder_is_not_a_run_but_names_the_latest(tmp_path):
    (tmp_path / "latest").symlink_to(write(result(check(A)), tmp_path).name)

    with pytest.raises(ResultsError, match=f"did you mean {tmp_path / 'latest'}"):
        load(tmp_path)
