"""
Content of the logs after the calls.
"""

from __future__ import annotations

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Clause, Need
from livekit_conformance.catalogue.effects import Effect

CLAUSES: tuple[Clause, ...] = (
    Clause(
        id="1.4-logs-hold-no-secrets",
        level="MUST",
        area="errors",
        effect=Effect.READ,
        link=Link.LOGS,
        statement="logs MUST NOT hold the API secret or the trunk password",
        needs=(Need.ANY_LOG,),
    ),
    Clause(
        id="1.4-logs-hold-no-tokens",
        level="SHOULD",
        area="errors",
        effect=Effect.READ,
        link=Link.LOGS,
        statement="logs SHOULD NOT hold whole tokens",
        needs=(Need.ANY_LOG,),
    ),
    Clause(
        id="1.4-logs-are-parseable",
        level="SHOULD",
        area="errors",
        effect=Effect.READ,
        link=Link.LOGS,
        statement="99 % of the log lines SHOULD be JSON or the console dialect, with a time",
        needs=(Need.ANY_LOG,),
    ),
    Clause(
        id="1.5-logs-are-clean",
        level="MUST",
        area="errors",
        effect=Effect.READ,
        link=Link.LOGS,
        statement=(
            'logs MUST NOT hold "auth check failed", "no response from servers" or another known '
            "error line in the window of the run"
        ),
        needs=(Need.ANY_LOG,),
        in_chain=True,
    ),
)
