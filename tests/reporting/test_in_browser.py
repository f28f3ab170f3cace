"""
The report in a real browser, also where scripts and styles are forbidden (Jenkins does that).
"""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape

import pytest

from tests.missing import missing

# Jenkins' default for the files of a build, without its sandbox.
FORBIDS_SCRIPTS = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'self'\">"
)
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--virtual-time-budget=5000",
]


@pytest.fixture
def text_in_browser(tmp_path):
    browser = shutil.which("chromium")
    if browser is None:
        missing("Chromium is missing; install it: apt-get install chromium")

    def show(page):
        command = [browser, *QUIET, f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom"]
        shown = subprocess.run(
            [*command, f"file://{page}"], capture_output=True, text=True, check=True, timeout=60
        )
        bare = re.sub(r"<(script|style).*?</\1>", " ", shown.stdout, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", bare)).split())

    return show


@pytest.fixture
def report(project):
    server = project.check("1.1-server-answers")
    bus = project.check("1.5-bus-has-a-server", "assert False, 'nobody listens & <waits>'")
    project.checks(server + bus)
    project.run()
    return project.latest / "report.html"


SUMMARY = (
    "NOT CONFORMANT success rate 50.0 % (1 of 2 decided), coverage 100.0 % (2 of 2 applicable)"
)
FINDING = "FAIL 1.5-bus-has-a-server nobody listens & <waits>"


def test_the_browser_shows_verdict_findings_and_a_row_for_each_check(report, text_in_browser):
    text = text_in_browser(report)

    assert SUMMARY in text
    assert FINDING in text
    assert "1.1 1.1-server-answers PASS livekit.url MUST resolve" in text
    assert "1.5 1.5-bus-has-a-server FAIL nobody listens" in text


def test_without_scripts_and_styles_verdict_and_findings_are_still_there(
    report, text_in_browser, tmp_path
):
    page = report.read_text(encoding="utf-8")
    guarded = tmp_path / "guarded.html"
    guarded.write_text(page.replace("<head>", f"<head>{FORBIDS_SCRIPTS}", 1), encoding="utf-8")

    text = text_in_browser(guarded)

    assert SUMMARY in text
    assert FINDING in text
    assert "1.1 1.1-server-answers PASS" not in text, "the rows need scripts, so none ran"
