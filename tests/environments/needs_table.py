"""
The table of docs/profile.md: missing settings, the checks they disable, and the line that helps.

`make generated` writes the table into the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.environments.needs import LINES

PAGE = Path(__file__).parents[2] / "docs" / "profile.md"
BEGIN, END = "<!-- needs: begin -->\n", "<!-- needs: end -->\n"
# Clauses named in a row; `livekit-conformance list` shows the others.
_NAMED = 6

MISSING: Mapping[Need, str] = MappingProxyType(
    {
        Need.REDIS: "Redis",
        Need.SERVER_LOG: "log of livekit-server",
        Need.SIP_LOG: "log of livekit-sip",
        Need.APPLICATION_LOG: "log of the application",
        Need.ANY_LOG: "any log",
        Need.RECEIVER: "our own webhook endpoint",
        Need.ENDPOINT: "webhook endpoint",
        Need.SIP: "livekit-sip",
        Need.SIP_CREDENTIALS: "account for the trunk",
        Need.DIRECT_SIP: "direct connection to livekit-sip",
        Need.AGENT: "agent that answers calls",
        Need.OUTBOUND: "outbound trunk whose calls reach the suite",
        Need.SERVER_CONFIG: "livekit.yaml",
        Need.SIP_CONFIG: "livekit-sip.yaml",
        Need.STACK: "services started by the suite",
    }
)


def rows() -> Iterator[str]:
    yield "| without | not tested | add to the profile |"
    yield "| --- | --- | --- |"
    for need in Need:
        clauses = [clause.id for clause in CLAUSES if need in clause.needs]
        named = ", ".join(clauses[:_NAMED])
        more = f" and {len(clauses) - _NAMED} more" if len(clauses) > _NAMED else ""
        yield f"| {MISSING[need]} | {named}{more} | `{LINES[need]}` |"


def text() -> str:
    return "".join(f"{row}\n" for row in rows())


def in_page() -> str:
    """
    Return the table as the page has it; empty when its place is not marked.
    """
    return PAGE.read_text().partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + BEGIN + text() + END + rest.partition(END)[2])
