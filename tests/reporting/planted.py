"""
Plant secrets in every kind of failure, in a separate run, and search the outputs for them.
"""

from __future__ import annotations

import asyncio
import json
import os
import re

from tests.reporting.conftest import HEAD, INI
from tests.scenarios.fork_server import start_pytest
from tests.secrecy import WINDOW, leaks_in_file

DIGEST = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
SRTP_KEY = "cGxhbnRlZC1rZXktb2YtU1JUUC1jYW5hcnktMDEyMzQ1"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJwbGFudGVkIjoiY2FuYXJ5In0.c2lnbmF0dXJlLWNhbmFyeS0wMTIz"
BASIC = "cGxhbnRlZDpiYXNpYy1jYW5hcnktOTg3Ng"
# Secrets known from the profile.
KNOWN = {
    "api-secret": 'planted/API+secret"\\<>&é-0123456789abcdef',
    "trunk-password": "planted-trunk-password-9876",
    "outbound-password": "planted%20outbound%2Fpassword",
    "redis-password": "planted-redis-password-1357",
    "url-password": "planted-url-password-2468",
    "webhook-password": "planted-webhook-password-8642",
}
# Secrets recognised by their context: the text in which each is planted.
BY_PLACE = {
    TOKEN: "wss://127.0.0.1/rtc?access_token={}&auto_subscribe=1",
    DIGEST: 'Digest username="u", nonce="n", response="{}", uri="sip:x"',
    SRTP_KEY: "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{}",
    BASIC: "Proxy-Authorization: Basic {}",
}
VALUES = {**dict.fromkeys(KNOWN.values(), "{}"), **BY_PLACE}

PROFILE = """\
kind: live
allow: [read, create-rooms, send-webhooks, place-calls]
livekit:
  url: 'http://user:${PLANTED_URL_PASSWORD}@127.0.0.1:1'
  api_key: key
  api_secret: '${PLANTED_API_SECRET}'
sip:
  server: 127.0.0.1
  username: u
  password: '${PLANTED_TRUNK_PASSWORD}'
  number: '+15550123'
  outbound: {username: u, password: '${PLANTED_OUTBOUND_PASSWORD}'}
redis: redis://:${PLANTED_REDIS_PASSWORD}@127.0.0.1:6379/0
logs: [{service: livekit-server, path: /dev/null}]
webhook: {url: 'http://user:${PLANTED_WEBHOOK_PASSWORD}@127.0.0.1:1/'}
"""
SETUP = """\
import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
import warnings

ALL = [json.loads(f'"{text}"') for text in os.environ["PLANTED"].split("\\n")]
S = " ; ".join(ALL)
clause = pytest.mark.clause


"""
# Kind of failure -> a check in which it happens.
KINDS = {
    "assertion": """
@clause("1.1-server-answers")
def test_assertion():
    assert S == "", f"MUST hold nothing; seen assertion {S}"
""",
    "introspection": """
@clause("1.1-unknown-key-is-refused")
def test_introspection():
    told = []
    for value in ALL:
        try:
            assert [value] == ["introspection"]
        except AssertionError as error:
            told.append(str(error))
        try:
            assert value == "introspection"
        except AssertionError as error:
            told.append(str(error))
    raise OSError("introspection".join(told))
""",
    "chain": """
@clause("1.4-logs-hold-no-secrets")
def test_chain():
    try:
        raise OSError(f"chain {S}")
    except OSError as error:
        try:
            raise ValueError(f"chain {S}") from error
        except ValueError as inner:
            raise ExceptionGroup(f"chain {S}", [KeyError(value) for value in ALL]) from inner
""",
    "local": """
@clause("1.5-sip-answers-options")
def test_local():
    local, parts = f"local {S}", {"local": ALL}
    raise OSError("no words")
""",
    "stdout": """
@clause("1.5-bus-has-a-server")
def test_stdout():
    print("stdout", S)
    print("stderr", *ALL, file=sys.stderr)
    raise Blocked("no redis", remedy=f"stdout {S}")
""",
    "log": """
@clause("1.4-logs-hold-no-tokens")
def test_log():
    try:
        raise OSError(f"log {S}")
    except OSError:
        logging.getLogger("planted").exception("log %s", S, stack_info=True)
    raise ValueError
""",
    "warning": """
@clause("1.1-wrong-secret-is-refused")
def test_warning():
    for value in ALL:
        warnings.warn(f"warning {value}", stacklevel=1)
""",
    "set-up": """
@pytest.fixture
def broken():
    raise OSError(f"set-up {S}")


@clause("1.1-expired-token-is-refused")
def test_set_up(broken):
    pass
""",
    "teardown": """
@pytest.fixture
def left_over(request):
    yield
    see(request, f"teardown {S}")
    raise OSError(f"teardown {S}")


@clause("1.1-server-is-ready")
def test_teardown(left_over, record_property):
    record_property("planted", S)
""",
    "subprocess": """
@clause("1.5-bus-has-a-sip-service")
def test_subprocess():
    code = "import os; print('subprocess', os.environ['PLANTED']); raise SystemExit(1)"
    subprocess.run([sys.executable, "-c", code], check=True)
""",
    "body": """
@clause("1.2-created-room-is-listed")
def test_body(request):
    run = request.config.stash[RUN]
    run.keep_log("livekit-server", ALL)
    see(request, f"body {S}", body=S)
    read(request, f"body {S}", header={value: [value] for value in ALL}, error=OSError(S))
    raise Unreachable("h:1", phase="connect", detail=f"body {S}", waited=1, remedy="start")
""",
    "timeout": """
@clause("1.1-clock-agrees")
@pytest.mark.timeout(0.5)
def test_timeout():
    # Daemons, because the alarm may come before all of them are there.
    for value in ALL:
        threading.Thread(target=time.sleep, args=(5,), name=f"timeout {value}", daemon=True).start()
    time.sleep(5)
""",
}
# They end the run before any check, so each has one of its own.
ENDING = {
    "id": """
@clause("1.2-created-room-is-listed")
@pytest.mark.parametrize("value", ALL)
def test_id(value):
    raise Blocked("id", remedy=value)
""",
    "import": 'raise OSError(f"import {S}")\n',
}
# No link counts as broken, so that every kind occurs in one run.
CONFTEST = """\
from livekit_conformance.reporting.run.verdict_rules import Broken

pytest_plugins = ["livekit_conformance.reporting.plugin.hooks"]
Broken.add = lambda self, record, decision: self
"""
OFF = """\
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.secrets.scrubber import Scrubber

Redactor.__call__ = Scrubber.__call__ = lambda self, text: text


def pytest_sessionstart(session):
    session.config.option.showlocals = True
"""


def outputs(folder):
    """Return the files of each output of a run."""
    run = (folder / "reports" / "latest").resolve()
    named = {
        name: [run / name]
        for name in (
            "report.html",
            "results.json",
            "junit.xml",
            "ctrf.json",
            "summary.md",
            "journal.jsonl",
        )
    }
    trees = {name: sorted((run / name).rglob("*")) for name in ("allure-results", "evidence")}
    trees["own-allure"] = sorted((folder / "own-allure").rglob("*"))
    own = {f"own-{name}": [folder / name] for name in ("page.html", "junit.xml", "log.txt")}
    return {**named, **trees, **own, "console": [folder / "console.txt"]}


class Planted:
    """
    A project with planted secrets: `values` in checks of these `kinds`.

    `known` holds the secrets of its profile by name, `texts` what the checks write.
    """

    def __init__(self, folder, checks, values=tuple(VALUES), *, known=KNOWN, texts=None):
        self.folder = folder
        self.values = values
        self.known = known
        self.texts = texts or [VALUES[value].format(value) for value in values]
        folder.joinpath("suites").mkdir(parents=True)
        folder.joinpath("config").mkdir()
        folder.joinpath("config/planted.yaml").write_text(PROFILE, encoding="utf-8")
        folder.joinpath("off.py").write_text(OFF, encoding="utf-8")
        folder.joinpath("conftest.py").write_text(CONFTEST, encoding="utf-8")
        source = HEAD + SETUP + "\n".join(checks)
        folder.joinpath("suites/test_planted.py").write_text(source, encoding="utf-8")
        folder.joinpath("pytest.ini").write_text(INI, encoding="utf-8")

    async def run(self, *options, redacted=True):
        """Run the project and return the exit status."""
        variables = {
            f"PLANTED_{name.upper().replace('-', '_')}": value for name, value in self.known.items()
        }
        # A text of several lines is kept in one, as JSON.
        texts = "\n".join(json.dumps(text)[1:-1] for text in self.texts)
        command = ["suites", "--env=planted"]
        command += ["-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
        command += ["--showlocals", "--tb=long", "-rA", "-v", "--log-file=log.txt"]
        command += [
            "--html=page.html",
            "--junitxml=junit.xml",
            "-ojunit_logging=all",
            "--alluredir=own-allure",
        ]
        command += ["--log-level=INFO", *options]
        if not redacted:
            command += ["-p", "off"]
        environ = os.environ | variables | {"PLANTED": texts}
        done = await start_pytest(command, cwd=self.folder, env=environ)
        output, _ = await asyncio.wait_for(done.communicate(), 60)
        self.console = output.decode("utf-8", "replace")
        (self.folder / "console.txt").write_text(self.console, encoding="utf-8")
        return done.returncode

    def leaking(self):
        """Return by output the number of fragments of planted values in it."""
        return {
            name: sum(len(leaks_in_file(path, self.values)) for path in paths if path.is_file())
            for name, paths in outputs(self.folder).items()
        }

    def told_kinds(self):
        """Return the kinds of failure that some output shows together with a planted value."""
        texts = [
            path.read_text("utf-8", "replace")
            for paths in outputs(self.folder).values()
            for path in paths
            if path.is_file()
        ]
        return {kind for kind in (*KINDS, *ENDING) if self._is_told(kind, texts)}

    def _is_told(self, kind, texts):
        # pytest cuts long representations in the middle.
        name = "test_id[" if kind == "id" else kind[:10]
        # The lookahead also finds one that begins within 120 characters of another.
        mark = re.compile(f"(?=({re.escape(name)}.{{0,120}}))")
        return any(fragments(self.values, found) for text in texts for found in mark.findall(text))


async def run_together(planted, raw, *options):
    """Run one project with redaction and one without; return the exit status of the first."""
    status, _ = await asyncio.gather(planted.run(*options), raw.run(*options, redacted=False))
    return status


def fragments(values, text):
    """Return whether `text` contains an unencoded fragment of a value."""
    return any(
        value[start : start + WINDOW] in text
        for value in values
        for start in range(len(value) - WINDOW + 1)
    )
