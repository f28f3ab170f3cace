"""
report.html in a real browser: desktop and phone, light and dark, in print, with scripts off.

SCREENSHOTS=DIR keeps screenshots for review; AXE_CORE=axe.min.js runs axe-core as well.
"""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import pytest

from livekit_conformance.reporting.result.model import is_about_client
from livekit_conformance.reporting.text import phrases, words
from livekit_conformance.reporting.text.rerun_command import command
from livekit_conformance.reporting.writers import html
from livekit_conformance.verdict import WORST_FIRST
from tests.reporting import runs

# One browser for these and those of the comparison.
pytestmark = pytest.mark.xdist_group("browser")

# Jenkins' default for the files of a build, without its sandbox.
FORBIDS_SCRIPTS_AND_STYLES = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'self'\">"
)
SCREENS = [(1280, False), (1280, True), (390, False), (390, True)]
SCREEN_NAMES = ["desk-light", "desk-dark", "phone-light", "phone-dark"]
PRINTED = 794

# Every element beyond the right edge of the window, except inside scrollable ones.
OVERFLOWING = """
[...document.body.querySelectorAll('*')].filter(e => {
  const box = e.getBoundingClientRect(), inside = e.closest('.lkc-scrolls');
  return box.right > innerWidth + 0.5 && (!inside || inside === e);
}).map(e => e.tagName + '.' + e.className).slice(0, 5)
"""
# Text nodes with too little contrast to their background (WCAG 2.2, 1.4.3).
FAINT = """
(() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => rgb(c).slice(0, 3).map(v => v / 255).map(
    v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
  ).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor, v = rgb(c);
      if (v.length === 3 || v[3] === 1) return c;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, style = getComputedStyle(e);
    if (!walk.currentNode.data.trim() || ['TITLE', 'title', 'desc'].includes(e.tagName)) continue;
    const colour = e instanceof SVGElement ? style.fill : style.color;
    const pair = [light(colour), light(behind(e))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    seen += 1;
    if (ratio < 4.5) found.add(`${ratio.toFixed(1)}: ${e.outerHTML.slice(0, 90)}`);
  }
  return {seen, found: [...found]};
})()
"""
# The page has the ladder twice, for desktop and phone: see LADDERS.
HIDDEN = """
[...document.body.querySelectorAll('main p, main th, main td, main code, main text')].filter(
  e => !e.closest('thead, .lkc-wide, .lkc-narrow') &&
    !e.checkVisibility({visibilityProperty: true, opacityProperty: true})
).map(e => e.outerHTML.slice(0, 90)).slice(0, 5)
"""
LADDERS = """
[...document.querySelectorAll('.lkc-wide, .lkc-narrow')].filter(
  e => e.checkVisibility()).map(e => e.className)
"""
# Size of the smallest text of the ladder as drawn, in pixels.
LADDER_TEXT = """
Math.min(...[...document.querySelectorAll('.lkc-wide svg, .lkc-narrow svg')].filter(
  e => e.checkVisibility()).map(e =>
    e.getBoundingClientRect().width / e.viewBox.baseVal.width * e.getAttribute('font-size')))
"""
# Pixels at 1280.
HIGHEST = 9_000
BOTTOM = "document.querySelector({}).getBoundingClientRect().bottom"
# Number of shapes for each state of the links that are drawn.
SHAPES = """
(() => {
  const found = {};
  for (const e of document.querySelectorAll('.lkc-link')) {
    const state = e.className.match(/lkc-(working|broken|blocked|unseen)/)[1];
    (found[state] ??= new Set()).add(e.querySelector('path').getAttribute('d'));
  }
  return Object.fromEntries(Object.entries(found).map(([state, shapes]) => [state, shapes.size]));
})()
"""
UNFOLD = "document.querySelectorAll('details').forEach(e => e.open = true)"
BROKEN_REFERENCES = """
(() => {
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id), found = [];
  found.push(...ids.filter((id, n) => ids.indexOf(id) !== n));
  const to = [...document.querySelectorAll('a[href^="#"]')].map(e => e.hash.slice(1));
  for (const name of ['aria-labelledby', 'aria-describedby'])
    for (const e of document.querySelectorAll(`[${name}]`))
      to.push(...e.getAttribute(name).split(' '));
  found.push(...to.filter(id => !document.getElementById(id)));
  return found;
})()
"""
OUTSIDE = """
[...document.querySelectorAll('[src], [href], [data], [srcset], [action]')].map(
  e => e.getAttribute('src') || e.getAttribute('href') || e.outerHTML
).filter(to => !/^(#|evidence\\/)/.test(to))
"""
SEEN_AT_ONCE = """
[...document.querySelectorAll('.lkc-verdict, header .lkc-strong, .lkc-first')].every(
  e => e.getBoundingClientRect().bottom <= innerHeight && e.checkVisibility())
"""


@pytest.fixture(scope="module")
def results():
    return {name: make() for name, make in runs.RUNS.items()}


@pytest.fixture(scope="module")
def pages(tmp_path_factory, results):
    written = {}
    for name, result in results.items():
        reports = tmp_path_factory.mktemp(name)
        runs.write_former_runs(reports)
        written[name] = reports / result.run.id / "report.html"
        written[name].parent.mkdir()
        html.write(result, written[name])
    return written


def text_of(chromium):
    return " ".join(chromium.ask("document.body.innerText").split())


def keep_picture(chromium, name):
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        chromium.picture(Path(folder) / f"{name}.png")


@pytest.mark.parametrize(("width", "dark"), SCREENS, ids=SCREEN_NAMES)
@pytest.mark.parametrize("name", runs.RUNS)
def test_totals_causes_and_failures_are_to_be_seen_on_every_screen(
    chromium, pages, results, name, width, dark
):
    result = results[name]
    chromium.open(pages[name], width=width, dark=dark)

    text = text_of(chromium)
    assert chromium.complaints == []
    first = f"LiveKit conformance: staging {words.headline(result)} {result.verdict}"
    assert text.startswith(first)
    assert words.figures(result.summary) in text
    assert words.counted(result.summary) in text
    for diagnosis in result.diagnoses:
        title, parts = words.cause_parts(result, diagnosis)
        assert title in text
        # Names between backticks are shown as code.
        assert all(part.replace("`", "") in text for _, part in parts)
    for title in phrases.REQUIREMENTS.values():
        assert title.say("en") in text
    assert chromium.ask(SEEN_AT_ONCE)
    chromium.ask(UNFOLD)
    text = text_of(chromium)
    assert all(check.id in text and check.statement in text for check in result.checks)
    assert chromium.ask(HIDDEN) == []
    assert chromium.ask("document.documentElement.scrollWidth") <= width
    assert chromium.ask(OVERFLOWING) == []
    faint = chromium.ask(FAINT)
    assert faint["found"] == []
    assert faint["seen"] > len(result.checks)
    keep_picture(chromium, f"{name}-{width}-{'dark' if dark else 'light'}")


def test_light_and_dark_are_not_the_same(chromium, pages):
    colours = set()
    for dark in (False, True):
        chromium.open(pages["healthy"], dark=dark)
        colours.add(chromium.ask("getComputedStyle(document.body).backgroundColor"))

    assert colours == {"rgb(255, 255, 255)", "rgb(20, 24, 29)"}


@pytest.mark.parametrize(
    ("width", "shown"), [(1280, ["lkc-scrolls lkc-wide"]), (390, ["lkc-narrow"])]
)
def test_the_ladder_is_drawn_for_the_screen_that_it_is_read_on(chromium, pages, width, shown):
    chromium.open(pages["broken"], width=width)

    assert chromium.ask(LADDERS) == shown
    assert chromium.ask(LADDER_TEXT) >= 11.5
    scrolling = "[...document.querySelectorAll('.lkc-scrolls')].filter(e => e.checkVisibility())"
    assert chromium.ask(f"{scrolling}.every(e => e.scrollWidth <= e.clientWidth)")


@pytest.mark.parametrize("name", runs.RUNS)
def test_a_folded_page_is_read_in_a_minute(chromium, pages, name):
    chromium.open(pages[name])

    assert chromium.ask("document.querySelectorAll('details[open]').length") == 0
    assert chromium.ask("document.documentElement.scrollHeight") <= HIGHEST


def test_the_chain_is_seen_at_once_with_the_first_broken_link_and_its_cause(chromium, pages):
    chromium.open(pages["dead"])

    assert chromium.ask(BOTTOM.format("'.lkc-chain'")) <= 900
    assert chromium.ask(BOTTOM.format("'.lkc-first'")) <= 900
    assert chromium.ask(SHAPES) == {"working": 1, "broken": 1, "blocked": 1}


@pytest.mark.parametrize("name", runs.RUNS)
def test_paper_shows_everything(chromium, pages, name):
    chromium.open(pages[name], width=PRINTED, dark=True, media="print")
    chromium.ask("document.querySelectorAll('details').forEach(e => e.open = false)")

    assert chromium.ask(HIDDEN) == []
    assert chromium.ask(OVERFLOWING) == []
    assert chromium.ask("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert chromium.ask(FAINT)["found"] == []


@pytest.mark.parametrize("name", ["healthy", "broken"])
def test_without_scripts_and_styles_everything_is_still_there(chromium, pages, results, name):
    page = pages[name].read_text(encoding="utf-8")
    guarded = pages[name].with_name("guarded.html")
    policy = f"<head>{FORBIDS_SCRIPTS_AND_STYLES}"
    guarded.write_text(page.replace("<head>", policy, 1), encoding="utf-8")

    chromium.open(guarded)

    chromium.ask(UNFOLD)
    text = text_of(chromium)
    assert chromium.ask("getComputedStyle(document.body).fontFamily") != "Helvetica, Arial"
    assert words.figures(results[name].summary) in text
    assert all(check.id in text for check in results[name].checks)
    assert chromium.ask("getComputedStyle(document.querySelector('svg path')).stroke") != "none"


def test_the_page_refers_to_its_evidence_and_to_nothing_else(chromium, pages):
    chromium.open(pages["broken"])

    assert chromium.ask(OUTSIDE) == []
    links = chromium.ask("[...document.querySelectorAll('td a')].map(e => e.getAttribute('href'))")
    assert "evidence/probe%20call.json" in links
    assert f"evidence/{runs.REFUSED}.json" in links
    assert "url(" not in pages["broken"].read_text(encoding="utf-8")


def test_the_line_that_runs_a_check_again_is_whole_and_quoted(chromium, pages, results):
    chromium.open(pages["broken"])
    chromium.ask(UNFOLD)

    lines = chromium.ask("[...document.querySelectorAll('.lkc-again code')].map(e => e.innerText)")
    style = chromium.ask("getComputedStyle(document.querySelector('.lkc-again code')).userSelect")
    assert style == "all"
    checks = sorted(
        results["broken"].checks,
        key=lambda c: (is_about_client(c.id), c.requirement, WORST_FIRST.index(c.verdict)),
    )
    assert lines == [command(results["broken"].run, check) for check in checks]


FAULTY = """\
<body style="margin: 0; background: #fff"><main>
<p id="a" style="color: #999">faint</p><p id="a" style="visibility: hidden">hidden</p>
<div class="lkc-scrolls" style="overflow: auto"><p style="width: 3000px">may be wide</p></div>
<p style="width: 3000px">wide</p><svg width="9" height="9"><text fill="#bbb">faint too</text></svg>
<a href="#nowhere">x</a><a href="https://example.com/">outside</a>
<p class="lkc-verdict" style="margin-top: 2000px">below</p></main></body>
"""


def test_the_looks_above_see_what_is_wrong(chromium, tmp_path):
    page = tmp_path / "faulty.html"
    page.write_text(FAULTY, encoding="utf-8")
    chromium.open(page, scripts=True)

    assert [told[:3] for told in chromium.ask(FAINT)["found"]] == ["2.8", "1.9"]
    assert [told[:25] for told in chromium.ask(HIDDEN)] == ['<p id="a" style="visibili']
    assert chromium.ask(OVERFLOWING) == ["P."]
    assert chromium.ask(BROKEN_REFERENCES) == ["a", "nowhere"]
    assert chromium.ask(OUTSIDE) == ["https://example.com/"]
    assert not chromium.ask(SEEN_AT_ONCE)
    chromium.ask("console.error('seen')")
    assert [told["type"] for told in chromium.complaints] == ["error"]


# -- what screen readers get ----------------------------------------------------------------------


def told(node, name):
    return node.get(name, {}).get("value", "")


def level(node):
    return next(p["value"]["value"] for p in node["properties"] if p["name"] == "level")


@pytest.mark.parametrize(
    ("name", "width"),
    [("healthy", 1280), ("broken", 1280), ("broken", 390), ("incomplete", 390)],
    ids=["healthy-desk", "broken-desk", "broken-phone", "incomplete-phone"],
)
def test_a_screen_reader_finds_its_way(chromium, pages, results, name, width):
    chromium.open(pages[name], width=width)
    chromium.ask(UNFOLD)
    roles = {}
    for node in chromium.tree():
        roles.setdefault(told(node, "role"), []).append(node)

    assert chromium.ask("document.documentElement.lang") == "en"
    assert chromium.ask("document.title").startswith(results[name].verdict)
    assert chromium.ask(BROKEN_REFERENCES) == []
    assert [len(roles[role]) for role in ("banner", "navigation", "main")] == [1, 1, 1]
    levels = [level(node) for node in roles["heading"]]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for role in ("heading", "link", "image", "table", "columnheader", "rowheader", "navigation"):
        assert all(told(node, "name") for node in roles[role]), f"a nameless {role}"
    assert all(told(node, "name") for node in roles.get("region", ()))
    assert len(roles["rowheader"]) > len(results[name].checks)
    scopes = chromium.ask("[...document.querySelectorAll('th')].every(e => e.scope)")
    assert scopes
    assert chromium.ask("[...document.querySelectorAll('table')].every(e => e.caption)")
    assert chromium.ask("[...document.querySelectorAll('svg')].every(e => e.getAttribute('role'))")
    look_with_axe_core(chromium, pages[name], width)


def look_with_axe_core(chromium, page, width):
    if not (script := os.environ.get("AXE_CORE")):
        return
    for dark in (False, True):
        chromium.open(page, width=width, dark=dark, scripts=True)
        chromium.ask(Path(script).read_text(encoding="utf-8") + "; 0")
        answer = chromium.send(
            "Runtime.evaluate",
            expression="axe.run().then(found => JSON.stringify(found.violations))",
            awaitPromise=True,
            returnByValue=True,
        )
        found = json.loads(answer["result"]["value"])
        assert [(one["id"], one["impact"], one["nodes"][0]["html"][:200]) for one in found] == []


def test_the_pictures_say_in_words_what_they_show(chromium, pages):
    chromium.open(pages["broken"])

    pictures = {
        told(node, "name"): told(node, "description")
        for node in chromium.tree()
        if told(node, "role") == "image"
    }
    assert len(pictures) == 3
    stops = "STOPS HERE: livekit-sip did not join the room on livekit-server"
    assert stops in pictures["The call as a ladder: probe"]
    assert "200 OK: not seen" in pictures["Where the time of the call goes"]
    assert "Success rate of 5 runs" in pictures["The last 5 runs"]
