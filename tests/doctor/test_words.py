"""
The words of the doctor: complete in both languages, and nothing else in its Russian output.
"""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from livekit_conformance import doctor, judges
from livekit_conformance.catalogue.finding_words import RUSSIAN
from livekit_conformance.cli.main import main
from livekit_conformance.doctor.remedies import REMEDIES
from livekit_conformance.doctor.words import SAYS
from livekit_conformance.environments.env_file import Quirk
from livekit_conformance.environments.problem_words import WORDS as PROBLEMS
from livekit_conformance.wording import LANGUAGES
from tests.codes import first_arguments, strings
from tests.russian import english_in

_SOURCES = [path for path in Path(doctor.__file__).parent.glob("*.py") if path.stem != "words"]
_JUDGES = list(Path(judges.__file__).parent.glob("*.py"))


def test_each_code_has_words():
    assert first_arguments(_SOURCES, "phrase") <= set(SAYS)
    # Findings of the judges have their words beside the catalogue.
    assert set(REMEDIES) <= {*SAYS, *RUSSIAN, "profile.invalid"}


def test_no_words_are_left_over():
    quirks = {f"env-file.{quirk}" for quirk in Quirk}

    assert set(SAYS) - set(PROBLEMS) - quirks <= strings([*_SOURCES, *_JUDGES])
    assert not {code for code in SAYS if code in PROBLEMS and SAYS[code] is not PROBLEMS[code]}


@pytest.mark.parametrize("code", [*SAYS, *REMEDIES])
def test_the_russian_words_hold_no_english_sentence(code):
    texts = [table[code].ru for table in (SAYS, REMEDIES) if code in table]

    assert [english_in(re.sub(r"\{[^}]*\}", "…", text)) for text in texts] == [[]] * len(texts)


LIVE = """\
kind: live
allow: [read]
livekit: {url: 'http://127.0.0.1:%PORT%', api_key: APIabcdefgh12, api_secret: a-made-up-api-secret}
"""
DEAD = (
    f"{LIVE}redis: 'redis://127.0.0.1:%PORT%'\nsip: {{server: '127.0.0.1:%PORT%', number: '1'}}\n"
)
PROFILES = {
    "dead": DEAD,
    "another service": LIVE,
    "bare": LIVE.replace("http://127.0.0.1", "http://no-such-host.invalid"),
    "files": LIVE
    + "deployment: {livekit_server_config: /no/livekit.yaml}\nlogs:\n"
    + "- {service: livekit-sip, path: /no/log}\n- {service: application, command: [no-such]}\n"
    + "- {service: livekit-server, command: [cat, /no/log]}\n",
    "endpoint": LIVE.replace("127.0.0.1", "192.0.2.1")
    + "webhook: {url: 'http://127.0.0.1:%PORT%/'}\nsip: {outbound: {number: '1'}}\n",
    "unusable": "kind: live\nallow: [reed]\nlivekit: {url: 'x', api_key: 1, key: y}\n"
    "webhook: {timeout: 5, listen: host, tiemout: 1s}\nlimits: {rooms: 0, calls: many}\n"
    "logs: [{service: livekit-sip}]\nknown_issues: [{clause: x}]\nagent: 1\n1: 2\n",
    "variables": "kind: live\nallow: [read, disrupt]\nlivekit: {url: '${LIVEKIT_URL}', "
    "api_key: '${NO_SUCH_KEY}', api_secret: '${LIVEKIT_API_SECRET}'}\nsip: {server: '${A-b}'}\n",
    "no YAML": "kind: [",
    "no profile": "attempts: 1\n",
    "mock": "kind: mock\nallow: [read]\nagent: stand-in\n",
    "local": "kind: local\nallow: [read]\n",
}


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """
    Return a function that runs `doctor` on a profile of this text, and returns its output.
    """
    monkeypatch.setenv("LIVEKIT_URL", '"ws://127.0.0.1:1"')
    monkeypatch.setenv("LIVEKIT_API_SECRET", "short")
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    # A port at which nothing listens.
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    def run(text, language):
        path = tmp_path / "there.yaml"
        path.write_text(text.replace("%PORT%", str(port)))
        env_file = tmp_path / ".env"
        env_file.write_text("export NO_SUCH_KEYS = x # y\r\nLIVEKIT_URL=z\r\n")
        main(["doctor", "--env", str(path), "--env-file", str(env_file), "--lang", language])
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("profile", PROFILES)
def test_a_broken_profile_is_told_in_russian_alone(said, profile):
    lines = said(PROFILES[profile], "ru").splitlines()

    assert {line: english for line in lines if (english := english_in(line))} == {}
    assert len(lines) > len(LANGUAGES)
