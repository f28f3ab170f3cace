"""
Run the suites on every pair of pinned versions; the `make matrix` target. Arguments go to pytest.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys

from livekit_conformance.errors import Blocked
from livekit_conformance.provisioners.local.binaries import REDIS, SERVER, SIP, provide
from tests.matrix.versions import PAIRS, deviations, findings
from tests.scenarios.harness import ROOT, Run, run_suites

_REPORTS = ROOT / "reports" / "matrix"
_ROW = "{:<16}{:<13}{:<16}{:>7}  {}"


def chosen(server: str, sip: str) -> dict[str, str]:
    """
    Return the variables that select a pair of versions, and no file of unknown version.
    """
    return {
        SERVER.version_variable: server,
        SIP.version_variable: sip,
        SERVER.variable: "",
        SIP.variable: "",
    }


async def main(arguments: list[str]) -> int:
    """
    Build what is missing, run all pairs one after the other, and print a table.
    """
    try:
        for pair in PAIRS:
            for program in (REDIS, SERVER, SIP):
                provide(program, os.environ | chosen(*pair))
    except Blocked as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    tell(_ROW.format("livekit-server", "livekit-sip", "verdict", "seconds", "counts"))
    as_expected = True
    for server, sip in PAIRS:
        reports = _REPORTS / f"{server}-{sip}"
        # A run that dies early must not be judged by the results of an older one.
        shutil.rmtree(reports, ignore_errors=True)
        run = await run_suites("local", reports, *arguments, environ=chosen(server, sip))
        verdict = run.results["run"]["verdict"] if run.results else "no report"
        tell(_ROW.format(server, sip, verdict, f"{run.seconds:.0f}", counts(run)))
        if not run.results:
            tell(run.output)
        for finding in findings(server, sip):
            tell(f"    finding: {finding.verdict} {finding.check}: {finding.why}")
        for line in deviations(run.results.get("checks", ()), findings(server, sip)):
            as_expected = False
            tell(f"    UNEXPECTED {line}")
    return 0 if as_expected else 1


def counts(run: Run) -> str:
    """
    Return the number of checks by verdict, as text.
    """
    summary = run.results.get("summary", {})
    verdicts = ("pass", "fail", "warn", "known", "blocked", "skipped", "error")
    return ", ".join(f"{summary[v]} {v.upper()}" for v in verdicts if summary.get(v))


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
