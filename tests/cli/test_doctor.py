"""
The command line of `doctor`: its output, its language, and its exit status.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.cli.main import main
from livekit_conformance.doctor.findings import LinkMark
from tests.scenarios.wrong_peers import closed_port
from tests.secrecy import leaks

SECRET = "made-up-secret-that-is-long-enough"
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


@pytest.fixture
def dead(tmp_path):
    """
    Yield the profile of a deployment at which nothing listens.
    """
    with closed_port("127.0.0.1") as port:
        profile = {
            "kind": "live",
            "allow": ["read"],
            "livekit": {
                "url": f"ws://127.0.0.1:{port}",
                "api_key": "APIabcdefgh12",
                "api_secret": SECRET,
            },
            "redis": f"redis://:{SECRET}@127.0.0.1:{port}",
            "sip": {"server": f"127.0.0.1:{port}", "number": "+15550123"},
        }
        path = tmp_path / "dead.yaml"
        path.write_text(yaml.safe_dump(profile))
        yield str(path)


def run(capsys, *arguments):
    status = main(["doctor", *arguments])
    said = capsys.readouterr()
    assert said.err == ""
    return status, said.out


def test_a_deployment_that_is_not_there_is_a_problem_with_a_first_broken_link(dead, capsys):
    status, said = run(capsys, "--env", dead, "--lang", "en")

    assert status == 1
    assert re.search(
        r"^PROBLEM +\S+ +`127.0.0.1:\d+` does not accept connections", said, re.MULTILINE
    )
    assert re.search(r"^ +fix: Start livekit-server there", said, re.MULTILINE)
    assert re.search(r"^first broken link: ", said, re.MULTILINE)
    assert re.search(r"^last link seen working before it: configuration", said, re.MULTILINE)
    assert "nothing was changed" in said
    assert leaks(said, [SECRET]) == []


def test_the_same_in_russian(dead, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")

    status, said = run(capsys, "--env", dead)

    assert status == 1
    assert re.search(r"^ПРОБЛЕМА +\S+ +`127.0.0.1:\d+` не принимает соединения", said, re.MULTILINE)
    assert all(CYRILLIC.search(line) for line in said.splitlines() if line.strip())


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_the_remedies_fit_the_hosting_of_the_profile(dead, capsys, options):
    profile = Path(dead)
    profile.write_text(f"{profile.read_text()}hosting: cloud\n")

    _, said = run(capsys, "--env", dead, "--lang", "en", *options)

    words = " ".join(said.split())
    assert "Copy the project URL from the dashboard of LiveKit Cloud" in words
    assert "Start livekit-server there" not in words


def test_the_language_of_the_locale_gives_way_to_the_option(dead, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")

    _, said = run(capsys, "--env", dead, "--lang", "en")

    assert not CYRILLIC.search(said)


def test_as_json_it_says_the_same(dead, capsys):
    status, said = run(capsys, "--env", dead, "--json", "--lang", "en")

    told = json.loads(said)
    assert (told["schema"], told["exit_status"], told["environment"]) == (1, status, dead)
    assert told["last_working"] == "configuration"
    assert Link(told["first_broken"])
    assert sum(told["counts"].values()) == len(told["findings"])
    assert told["counts"]["problem"] >= 3
    for finding in told["findings"]:
        assert Link(finding["link"])
        assert LinkMark(finding["mark"])
        assert finding["remedy"] or finding["mark"] in {"ok", "not-looked-at"}
    assert leaks(said, [SECRET]) == []


def test_a_mock_is_fine_and_nothing_is_started(capsys):
    status, said = run(capsys, "--env", "mock", "--lang", "en")

    assert status == 0
    assert "each run of the suite starts" in said
    assert "first broken link" not in said


def test_an_unknown_environment_is_4_and_names_the_known_ones(capsys):
    status, said = run(capsys, "--env", "prodd", "--lang", "en")

    assert status == 4
    assert 'did you mean "prod"?' in said


def test_an_unusable_profile_is_4_with_all_its_problems(tmp_path, capsys, monkeypatch):
    path = tmp_path / "broken.yaml"
    path.write_text(
        "kind: live\nallow: [read]\nlivekit: {url: '${NO_SUCH_URL}', api_key: APIabc}\nsipp: {}\n"
    )
    monkeypatch.delenv("NO_SUCH_URL", raising=False)

    status, said = run(capsys, "--env", str(path), "--lang", "en")

    assert status == 4
    assert "variable `NO_SUCH_URL` is missing" in said
    assert "livekit.api_secret" in said
    assert 'did you mean "sip"?' in said


def test_an_env_file_that_is_not_there_is_4(dead, tmp_path, capsys):
    status, said = run(capsys, "--env", dead, "--env-file", str(tmp_path / "none.env"))

    assert status == 4
    assert "none.env" in said


@pytest.mark.parametrize("arguments", [[], ["--env"], ["--env", "mock", "--lang", "de"]])
def test_wrong_usage_is_4(arguments):
    with pytest.raises(SystemExit) as caught:
        main(["doctor", *arguments])

    assert caught.value.code == 4
