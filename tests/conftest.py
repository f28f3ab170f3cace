"""
Plugins and fixtures for tests of the suite; one browser shared by all tests of pages.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

import pytest
from hypothesis import HealthCheck, settings

from livekit_conformance.provisioners.local.prerequisites import CHROMIUM
from tests.reporting.browser import browser
from tests.require import blocked_tests, require

pytest_plugins = ["pytester", "tests.workers"]

# A slow example proves nothing about the code: another process had the processor.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_configure():
    """
    Let each process that a test starts find what it would find at an operator's.

    SIGINT as a terminal gives it: a shell lets its background jobs ignore it, and their children,
    which some tests interrupt. And compiled modules: hundreds of processes would compile them anew.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def _no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Let names other than localhost be unknown at once: a name server is another host, and slow.
    """
    look_up = socket.getaddrinfo

    def local_look_up(host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002 - socket's name
        # anyio asks for a name in bytes.
        if host not in (None, "localhost", b"localhost", socket.gethostname()):
            flags |= socket.AI_NUMERICHOST
        return look_up(host, port, family, type, proto, flags)

    monkeypatch.setattr(socket, "getaddrinfo", local_look_up)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    with browser(require(CHROMIUM), tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def pytest_terminal_summary(terminalreporter):
    blocked = blocked_tests(terminalreporter.getreports("skipped"))
    if blocked:
        terminalreporter.section(f"{blocked.total()} tests are BLOCKED")
        for reason, count in blocked.most_common():
            terminalreporter.line(f"{count:>4}  {reason}")
