"""
The commands `compare` and `trend` as an operator uses them.
"""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from livekit_conformance.cli.main import main
from livekit_conformance.reporting.text import page_phrases
from livekit_conformance.reporting.writers.results_json import schema
from tests.comparison.runs import cause, check, numbered, result, write

A, B = "1.1-server-answers", "1.5-bus-has-a-server"
GOOD = numbered(1, check(A), check(B), versions={"livekit_server": "1.13.4"})
BAD = numbered(
    2,
    check(A),
    check(B, "FAIL", message="nobody listens"),
    diagnoses=[cause("server-on-another-redis", B)],
    versions={"livekit_server": "1.13.5"},
)
LESS = numbered(3, check(A), check(B, "SKIPPED", reason="not-permitted"))
SLOW = numbered(4, check(A, duration_s=9.0), check(B))
WEAK = numbered(5, check(A, "WARN"), check(B))


@pytest.fixture(autouse=True)
def in_english(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")


def said(capsys, *arguments):
    status = main([*map(str, arguments)])
    told = capsys.readouterr()
    assert not told.err or status != 0
    return status, told.out + told.err


@pytest.mark.parametrize(
    ("before", "after", "options", "status", "last"),
    [
        (GOOD, GOOD, (), 0, "NO REGRESSION: nothing changed"),
        (GOOD, BAD, (), 1, "REGRESSION: 1 broken"),
        (BAD, GOOD, (), 0, "NO REGRESSION: 1 fixed"),
        (GOOD, LESS, (), 0, "NO REGRESSION: 1 newly skipped"),
        (GOOD, LESS, ("--strict",), 1, "REGRESSION: 1 newly skipped"),
        (GOOD, SLOW, ("--strict",), 0, "NO REGRESSION: 1 slower"),
        (GOOD, WEAK, ("--strict",), 0, "NO REGRESSION: 1 worse, but no failure"),
    ],
)
def test_only_a_regression_is_status_1(tmp_path, capsys, before, after, options, status, last):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    paths = [write(run, folder) for run, folder in zip((before, after), folders, strict=True)]

    told, text = said(capsys, "compare", *paths, *options)

    assert (told, text.splitlines()[-1]) == (status, last)


def test_a_comparison_tells_both_runs_and_the_cause(tmp_path, capsys):
    _, text = said(capsys, "compare", write(GOOD, tmp_path), write(BAD, tmp_path))

    assert "1.13.4" in text
    assert "1.13.5" in text
    assert "Before: CONFORMANT: 2 PASS; success rate 100.0 %" in text
    assert "After: NOT CONFORMANT: 1 PASS, 1 FAIL; success rate 50.0 %" in text
    assert "nobody listens" in text
    assert "livekit-server uses another Redis than livekit-sip [likely]" in text


def test_every_form_is_written_and_says_the_same(tmp_path, capsys):
    files = [tmp_path / name for name in ("c.html", "c.md", "c.json")]
    options = zip(("--html", "--markdown", "--json"), files, strict=True)
    runs = [write(GOOD, tmp_path), write(BAD, tmp_path)]

    status, _ = said(capsys, "compare", *runs, *(part for option in options for part in option))

    html, markdown, data = (file.read_text(encoding="utf-8") for file in files)
    assert status == 1
    assert "<strong>REGRESSION: 1 broken</strong>" in html
    assert markdown.startswith("# REGRESSION: 1 broken\n")
    assert '<html lang="en">' in html
    told = json.loads(data)
    assert told["regression"] is True
    assert told["counts"]["broken"] == 1
    (change,) = told["changes"]
    assert (change["id"], change["kind"], change["regression"]) == (B, "broken", True)
    assert (change["cause_before"], change["cause_after"]) == (None, "server-on-another-redis")
    assert told["before"]["summary"] == GOOD.as_json()["summary"]
    assert told["after"]["requirements"] == BAD.as_json()["requirements"]


@pytest.mark.parametrize("which", [0, 1])
def test_what_cannot_be_read_is_status_4_and_named(tmp_path, capsys, which):
    runs = [write(GOOD, tmp_path), write(BAD, tmp_path)]
    (runs[which] / "results.json").write_text('{"schema": 1}')

    status, text = said(capsys, "compare", *runs)

    assert (status, text) == (
        4,
        f"{runs[which] / 'results.json'}: not a result file: run is not an object\n",
    )


@pytest.mark.parametrize("command", [["compare", "x"], ["trend"], ["trend", ".", "--last", "0"]])
def test_wrong_usage_is_status_4(command):
    with pytest.raises(SystemExit) as caught:
        main(command)

    assert caught.value.code == 4


def test_a_file_that_cannot_be_written_is_an_error(tmp_path, capsys):
    runs = [write(GOOD, tmp_path), write(BAD, tmp_path)]

    for command in (["compare", *runs], ["trend", tmp_path]):
        status, text = said(capsys, *command, "--html", tmp_path / "none" / "x.html")

        assert status == 3
        assert "x.html: cannot be written: No such file or directory" in text


def test_staging_is_held_against_prod_with_a_word_of_caution(tmp_path, capsys):
    prod = result(check(A), id="prod", environment="prod", suite_version="0.2.0")

    status, text = said(capsys, "compare", write(GOOD, tmp_path), write(prod, tmp_path))

    assert status == 0
    assert "The environments differ (staging, prod)" in text
    assert "The suite versions differ (0.1.0, 0.2.0)" in text
    assert "Coverage was lost: 1 claim decided before" in text


def test_runs_in_the_wrong_order_are_noticed(tmp_path, capsys):
    _, text = said(capsys, "compare", write(BAD, tmp_path), write(GOOD, tmp_path))

    assert "are they in the right order?" in text


def test_in_russian_verdicts_and_ids_stay(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    runs = [write(GOOD, tmp_path), write(BAD, tmp_path)]

    _, text = said(capsys, "compare", *runs)

    assert text.endswith("REGRESSION: 1 сломалось\n")
    assert B in text
    _, text = said(capsys, "trend", tmp_path)
    assert "NOT CONFORMANT: доля успешных 50.0 %" in text


def test_a_trend_tells_runs_times_and_flips(tmp_path, capsys):
    for number, verdict in enumerate(("PASS", "FAIL", "PASS")):
        write(numbered(number, check(A), check(B, verdict), duration_s=number + 1.0), tmp_path)

    status, text = said(capsys, "trend", tmp_path)

    assert status == 0
    assert "Flake rate 50.00 %: 2 of 4 results" in text
    assert text.endswith("last of 3 runs, 2 of them CONFORMANT\n")
    lines = [line.split() for line in text.splitlines()]
    assert ["Run", "3", "2.00", "s", "3.00", "s"] in lines
    assert [B, "2", "2", "PFP"] in lines


def test_a_trend_passes_over_what_is_broken_and_says_so(tmp_path, capsys):
    write(GOOD, tmp_path)
    (write(BAD, tmp_path) / "results.json").write_text("{")
    killed = tmp_path / "20261123T050000Z-staging-0f"
    killed.mkdir()
    (killed / "journal.jsonl").write_text("")
    (tmp_path / "latest").symlink_to(killed.name)

    status, text = said(capsys, "trend", tmp_path)

    assert status == 0
    assert f"Not read: {BAD.run.id}: " in text
    assert f"Not read: {killed.name}: no results.json; create it:" in text
    assert text.count("Not read") == 2


@pytest.mark.parametrize("env", ["staging", "config/staging.yaml"])
def test_a_trend_is_of_the_last_runs_of_one_environment_when_asked(tmp_path, capsys, env):
    for number in range(5):
        write(numbered(number, check(A)), tmp_path)
    write(result(check(A), id="20261123T040000Z-prod-0a", environment="prod"), tmp_path)
    write(result(check(A), id="renamed", environment="prod"), tmp_path)
    # Older than the requested runs, so it is never opened.
    (tmp_path / numbered(0).run.id / "results.json").write_text("{")
    file = tmp_path / "trend.json"

    said(capsys, "trend", tmp_path, "--last", "2", "--env", env, "--json", file)

    data = json.loads(file.read_text())
    assert data["unread"] == []
    (told,) = data["environments"]
    assert [run["started"] for run in told["runs"]] == [
        "2026-11-23T04:03:00Z",
        "2026-11-23T04:04:00Z",
    ]


@pytest.mark.parametrize("name", [".", "none"])
def test_a_folder_without_runs_is_status_4(tmp_path, capsys, name):
    status, text = said(capsys, "trend", tmp_path / name)

    assert status == 4
    assert "no run can be read here" in text


def test_the_page_of_a_trend_is_one_file_with_a_picture_of_each_environment(tmp_path, capsys):
    for number in range(3):
        write(numbered(number, check(A)), tmp_path)
        name = f"20261123T04000{number}Z-prod-0a"
        write(result(check(A, "FAIL"), id=name, environment="prod"), tmp_path)
    file = tmp_path / "trend.html"

    said(capsys, "trend", tmp_path, "--html", file)

    page = file.read_text(encoding="utf-8")
    assert page.count("<svg ") == page.count(page_phrases.TREND_LEGEND.en) == 2
    assert re.findall("<h2[^>]*>(.*?)</h2>", page) == [
        "Trend of prod: 3 runs",
        "Trend of staging: 3 runs",
    ]
    assert '<p class="lkc-verdict lkc-bad"><strong>prod: NOT CONFORMANT; staging: C' in page
    prod, staging = page.split("<section ")[1:]
    assert "NOT CONFORMANT: success rate 0.0 %, coverage 100.0 % (1/1), last of 3 runs" in prod
    assert ">CONFORMANT: success rate 100.0 %, coverage 100.0 % (1/1), last of 3 runs" in staging
    assert staging.count('data-label="Checks decided">1/1<') == 3
    assert "<script" not in page
    assert re.findall('href="([^"]*)"', page) == ["#environment-0", "#environment-1"]
    assert "url(" not in page
    ids = [part.partition('"')[0] for part in page.split(' id="')[1:]]
    assert len(ids) == len(set(ids))


def test_results_of_the_helpers_are_valid_result_files():
    # Otherwise the tests here would prove something about files that do not exist.
    for told in (GOOD, BAD, LESS):
        jsonschema.validate(told.as_json(), schema())


@pytest.mark.parametrize("name", ["compare", "trend"])
def test_json_without_a_file_takes_the_place_of_the_lines(tmp_path, capsys, name):
    runs = [write(GOOD, tmp_path), write(BAD, tmp_path)]
    arguments = {"compare": runs, "trend": [tmp_path]}[name]

    _, alone = said(capsys, name, *arguments, "--json")
    _, beside = said(capsys, name, *arguments, "--json", tmp_path / "x.json")

    assert json.loads(alone) == json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert beside and not beside.startswith("{")
