"""
The pages in a real browser with scripts off: on a desktop and a phone, light and dark.
"""

from __future__ import annotations

import pytest

from livekit_conformance.cli.main import main
from tests.comparison.runs import cause, check, numbered, write
from tests.reporting.test_in_browser import BROKEN_REFERENCES, FAINT, OUTSIDE, OVERFLOWING

# One browser for these and those of the report.
pytestmark = pytest.mark.xdist_group("browser")

A, B = "1.1-server-answers", "1.5-bus-has-a-server"
# Figures that must be visible.
SEEN = {"compare": ("REGRESSION: 1 broken", B), "trend": ("50.0 %", "Flake rate 50.00 %")}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    long = "https://example.com/" + "x" * 300
    runs = [
        write(numbered(1, check(A), check(B), url=long), folder),
        write(
            numbered(
                2,
                check(A),
                check(B, "FAIL", message=long),
                diagnoses=[cause("bus-down", B)],
                url=long,
            ),
            folder,
        ),
    ]
    written = {name: folder / f"{name}.html" for name in SEEN}
    main(["compare", *map(str, runs), "--html", str(written["compare"]), "--lang", "en"])
    main(["trend", str(folder), "--html", str(written["trend"]), "--lang", "en"])
    return written


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", SEEN)
def test_figures_are_to_be_seen_on_every_screen(chromium, pages, name, width, dark):
    chromium.open(pages[name], width=width, dark=dark)

    text = " ".join(chromium.ask("document.body.innerText").split())
    assert [figure for figure in SEEN[name] if figure not in text] == []
    assert chromium.complaints == []
    assert chromium.ask("document.documentElement.scrollWidth") <= width
    assert chromium.ask(OVERFLOWING) == []
    faint = chromium.ask(FAINT)
    assert faint["seen"] > 10
    assert faint["found"] == []
    assert chromium.ask(BROKEN_REFERENCES) == []
    assert chromium.ask(OUTSIDE) == []
