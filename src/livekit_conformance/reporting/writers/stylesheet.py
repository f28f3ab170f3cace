"""
How report.html looks: light, dark, on a phone and in print.
"""

from __future__ import annotations

# Foreground and background of each pair differ by 4.5:1 at least (WCAG AA).
STYLE = """
.lkc { --fg: #1b1f24; --bg: #ffffff; --soft: #f3f5f7; --line: #c9d0d6; --quiet: #56606a;
  --link: #0b57d0; --good: #1a7f37; --bad: #b42318; --undecided: #8a5a00; --noted: #6b5b00;
  --bar: #2f6fb3; color: var(--fg); background: var(--bg); color-scheme: light dark;
  font: 14px/1.45 Helvetica, Arial, sans-serif; }
@media (prefers-color-scheme: dark) {
  .lkc { --fg: #e6e9ed; --bg: #14181d; --soft: #20262d; --line: #46505a; --quiet: #a4aeb8;
    --link: #8ab4f8; --good: #5fd38a; --bad: #ff9489; --undecided: #f0b95a; --noted: #e6d05c;
    --bar: #6ea8e0; }
}
body.lkc { margin: 0 auto; padding: 16px; max-width: 1248px; }
.lkc *, .lkc *::before { box-sizing: border-box; }
.lkc h1 { font-size: 22px; margin: 0 0 8px; } .lkc h2 { font-size: 18px; margin: 24px 0 8px; }
.lkc h3 { font-size: 15px; margin: 12px 0 4px; } .lkc p { margin: 4px 0; }
.lkc a { color: var(--link); }
.lkc :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.lkc-verdict { font-size: 28px; font-weight: bold; padding: 10px 16px; color: #fff;
  background: #8a5a00; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.lkc .lkc-verdict { margin: 0 0 8px; }
.lkc-verdict small { font-size: 16px; font-weight: normal; }
.lkc-CONFORMANT { background: #1a7f37; } .lkc-NOT-CONFORMANT { background: #b42318; }
.lkc-figures { font-weight: bold; font-size: 16px; }
.lkc-facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr));
  gap: 2px 16px; margin: 8px 0; }
.lkc-facts div { display: flex; gap: 8px; } .lkc-facts .lkc-long { grid-column: 1 / -1; }
.lkc-facts dt { color: var(--quiet); white-space: nowrap; }
.lkc-facts dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
.lkc nav ul { display: flex; flex-wrap: wrap; gap: 4px 16px; list-style: none; padding: 0;
  margin: 8px 0; }
.lkc nav a { display: inline-block; padding: 4px 0; }
.lkc main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 24px; }
.lkc section { grid-column: 1 / -1; min-width: 0; }
.lkc #requirements { grid-column: 1; } .lkc #areas { grid-column: 2; }
.lkc-table { border-collapse: collapse; width: 100%; margin: 0 0 8px; }
.lkc-table caption { text-align: left; color: var(--quiet); padding: 2px 0; }
.lkc h2 + .lkc-table caption { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); }
.lkc-table th, .lkc-table td { border: 1px solid var(--line); padding: 4px 8px; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; color: var(--fg); }
.lkc-table thead th { background: var(--soft); white-space: nowrap; }
.lkc-table tbody th { font-weight: normal; min-width: 8em; } .lkc-table tr { break-inside: avoid; }
.lkc-table .lkc-short { white-space: nowrap; }
.lkc-table .lkc-short, .lkc-table .lkc-whole { overflow-wrap: normal; }
.lkc-checks { table-layout: fixed; } .lkc-checks th:nth-child(1) { width: 19%; }
.lkc-checks th:nth-child(2) { width: 86px; } .lkc-checks th:nth-child(4) { width: 72px; }
.lkc-checks th:nth-child(5) { width: 15%; }
.lkc-cause { border-left: 6px solid var(--bad); padding: 2px 12px; margin: 10px 0;
  break-inside: avoid; }
.lkc-cause div { display: grid; grid-template-columns: 7.5em 1fr; gap: 0 8px; }
.lkc-cause dl { margin: 0; } .lkc-cause dt { font-weight: bold; font-size: 12px; padding-top: 2px; }
.lkc-cause dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
.lkc td.lkc-word, .lkc-word { font-weight: bold; white-space: nowrap; }
.lkc .lkc-FAIL { color: var(--bad); } .lkc .lkc-PASS { color: var(--good); }
.lkc .lkc-ERROR, .lkc .lkc-BLOCKED { color: var(--undecided); }
.lkc .lkc-WARN, .lkc .lkc-KNOWN { color: var(--noted); }
.lkc .lkc-SKIPPED { color: var(--quiet); }
.lkc-again { color: var(--quiet); font-size: 12px; }
.lkc code { font: 12px/1.4 Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.lkc-again code { user-select: all; -webkit-user-select: all; cursor: copy; color: var(--fg);
  background: var(--soft); padding: 1px 4px; }
.lkc-scrolls { overflow-x: auto; } .lkc svg { display: block; max-width: 100%; height: auto; }
.lkc-of-ladder svg { min-width: 1000px; } .lkc .lkc-time, .lkc .lkc-trend { max-width: 430px; }
.lkc svg.lkc-time, .lkc svg.lkc-trend { width: 100%; }
.lkc svg path, .lkc svg rect, .lkc svg circle { stroke: currentColor; }
.lkc svg rect, .lkc svg circle { stroke: none; fill: currentColor; }
.lkc svg text { fill: currentColor; stroke: none; } .lkc-head { font-weight: bold; }
.lkc svg .lkc-lane { color: var(--line); } .lkc svg .lkc-quiet { color: var(--quiet); }
.lkc svg .lkc-bad { color: var(--bad); } .lkc svg .lkc-good { color: var(--good); }
.lkc svg .lkc-undecided { color: var(--undecided); } .lkc svg rect.lkc-time { color: var(--bar); }
.lkc summary { cursor: pointer; font-weight: bold; padding: 4px 0; }
@media (max-width: 1100px) {
  .lkc #requirements, .lkc #areas { grid-column: 1 / -1; }
}
@media (max-width: 760px) {
  .lkc-table, .lkc-table tbody, .lkc-table tr, .lkc-table th, .lkc-table td,
  .lkc-table caption { display: block; width: auto; }
  .lkc-table thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%); }
  .lkc-table tr { border: 1px solid var(--line); margin: 0 0 8px; }
  .lkc-table th, .lkc-table td { border: none; padding: 2px 8px; }
  .lkc-checks tbody th:nth-child(1), .lkc-table tbody th { width: auto; font-weight: bold; }
  .lkc-table td[data-label]::before { content: attr(data-label) ": "; color: var(--quiet);
    font-weight: normal; }
  .lkc-cause div { grid-template-columns: minmax(0, 1fr); }
}
@media print {
  .lkc { --fg: #000; --bg: #fff; --soft: #fff; --line: #888; --quiet: #333; --link: #000;
    --good: #14652b; --bad: #8f1c13; --undecided: #6b4500; --noted: #544700; --bar: #2f6fb3; }
  body.lkc { max-width: none; padding: 0; }
  .lkc-scrolls { overflow: visible; } .lkc-of-ladder svg { min-width: 0; }
  .lkc details::details-content { content-visibility: visible; display: block; height: auto; }
}
"""
# pytest counts tests, we count claims: its own figures stay out of sight.
BESIDE_PYTEST_HTML = """
.run-count, .filter, .filters { display: none; }
body { display: flex; flex-direction: column; align-items: stretch; }
#results-table, #results-table th, #environment td { color: #222; }
#title { order: -3; } body > p { order: -2; } .summary { order: -1; }
"""
