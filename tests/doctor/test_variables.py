"""
The nine variables as an operator sets them: each error is reported once, with its remedy.
"""

from __future__ import annotations

import pytest

from livekit_conformance.cli.main import main
from livekit_conformance.environments.variable_checks import DEPLOYMENT_VARIABLES
from livekit_conformance.wording import LANGUAGES

KEY, SECRET = "APIabcdefgh12", "made-up-secret-that-is-long-enough"
# Ports without a listener: the tests look only at findings about variables.
GOOD = {
    "LIVEKIT_URL": "ws://127.0.0.1:1",
    "LIVEKIT_API_KEY": KEY,
    "LIVEKIT_API_SECRET": SECRET,
    "SIP_SERVER": "127.0.0.1:1",
    "SIP_USERNAME": "carrier",
    "SIP_PASSWORD": "made-up-sip-password",
    "SIP_NUMBER": "+15550123",
    "DOMAIN": "127.0.0.1",
    "PORT": "1",
}
AGAIN = "without quotes and blanks: `export {}=...`"
OWN = "the value of another variable; give it its own: `export {}=...`"


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """
    Return a function that runs `doctor --env=prod` and returns its lines about configuration.

    `file` is the env file and `changes` are variables of the environment, None for none.
    """

    def run(language="en", file=None, mode=0o600, **changes):
        for name, value in {**GOOD, **changes}.items():
            monkeypatch.delenv(name, raising=False)
            if value is not None:
                monkeypatch.setenv(name, value)
        arguments = ["doctor", "--env=prod", f"--lang={language}"]
        if file is not None:
            path = tmp_path / ".env"
            path.write_bytes(file.encode())
            path.chmod(mode)
            arguments.append(f"--env-file={path}")
        main(arguments)
        out = capsys.readouterr().out
        values = {value for value in [*changes.values(), SECRET] if value and len(value) > 4}
        assert not any(value.strip() in out for value in values)
        return configuration(out)

    return run


def configuration(out):
    lines = out.splitlines()
    pairs = zip(lines, [*lines[1:], ""], strict=True)
    told = [(line, below) for line, below in pairs if "  configuration" in line]
    return [
        (line.split("  configuration")[1].strip(), line.split()[0], below) for line, below in told
    ]


def wrong(told):
    return [(says, fix) for says, mark, fix in told if mark in {"PROBLEM", "WARNING"}]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_of_the_nine_is_told_with_its_place(said, language):
    told = [says for says, _, _ in said(language)]

    word = {"en": "from the environment", "ru": "из окружения"}[language]
    assert [says for says in told if any(name in says for name in DEPLOYMENT_VARIABLES)] == [
        f"{'variable' if language == 'en' else 'переменная'} `{name}`: {word}"
        for name in DEPLOYMENT_VARIABLES
    ]


def test_the_env_file_and_nowhere_are_places_too(said):
    told = [says for says, _, _ in said(file="DOMAIN=127.0.0.1\n", DOMAIN=None, PORT=None)]

    assert any(says.startswith("variable `DOMAIN`: from `") for says in told)
    assert "variable `PORT` is missing, although `DOMAIN` is given" in told


@pytest.mark.parametrize(
    ("changes", "says", "fix"),
    [
        ({"SIP_PASSWORD": "'quoted-one'"}, "has quotes around it", AGAIN),
        ({"SIP_PASSWORD": " stray-one"}, "begins or ends with white space or a line break", AGAIN),
        ({"SIP_PASSWORD": "line-end\n"}, "begins or ends with white space or a line break", AGAIN),
        ({"SIP_PASSWORD": "windows-one\r"}, "ends with a carriage return", "sed -i"),
        ({"SIP_PASSWORD": "two\tparts"}, "holds line breaks or control characters", AGAIN),
        ({"SIP_PASSWORD": "changeme"}, "is a placeholder", "Set the real value: `export {}=...`"),
        ({"LIVEKIT_API_KEY": "your-api-key"}, "is a placeholder", "Set the real value"),
        ({"SIP_PASSWORD": None, "SIP_PASSWD": "misspelt"}, "did you mean `SIP_PASSWD`", "Correct"),
        ({"SIP_PASSWORD": None}, "is missing", "`export {}=...`, or add the line `{}=...`"),
        ({"SIP_SERVER": ""}, "is empty", "Give it a value: `export {}=...`"),
        ({"SIP_SERVER": "https://voice.test"}, "holds a URL", OWN),
        ({"LIVEKIT_URL": ""}, "is empty", "Give it a value"),
        ({"PORT": "voice.test"}, "is not a port number", OWN),
        ({"DOMAIN": "8443"}, "holds a number", OWN),
        ({"DOMAIN": "https://voice.test"}, "holds more than a host name", "host name alone"),
        ({"LIVEKIT_URL": '"ws://127.0.0.1:1"'}, "has quotes around it", AGAIN),
        ({"LIVEKIT_URL": "ws://127.0.0.1:1\r"}, "ends with a carriage return", "sed -i"),
    ],
)
def test_what_is_wrong_with_a_variable_is_told_once_with_what_to_do(said, changes, says, fix):
    name = next(iter(changes))

    told = wrong(said(**changes))

    assert len(told) == 1, told
    ((line, below),) = told
    assert f"`{name}`" in line
    assert says in line
    assert fix.format(name, name) in below


def test_a_key_and_a_secret_in_each_others_place_are_told(said):
    told = wrong(said(LIVEKIT_API_KEY=SECRET, LIVEKIT_API_SECRET=KEY))

    assert [says.split("`")[1] for says, _ in told] == ["LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"]
    assert all("swapped with" in says and "each its own value" in fix for says, fix in told)


def test_a_value_of_the_env_file_is_corrected_there(said, tmp_path):
    told = wrong(said(file="SIP_PASSWORD=\"'quoted'\"\n", SIP_PASSWORD=None))

    ((says, fix), (only, _)) = told
    file = tmp_path / ".env"
    assert says == f"variable `SIP_PASSWORD` (from `{file}`) has quotes around it"
    assert f"without quotes and blanks: `SIP_PASSWORD=...` in `{file}`" in fix
    assert only.startswith("only `")
