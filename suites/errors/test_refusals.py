"""
Reason of a refused token: in the server's log, and in the error of our own client.
"""

from collections.abc import Mapping
from urllib.parse import quote

import pytest

from livekit_conformance.catalogue.refused_tokens import (
    MISSING_GRANT,
    REFUSED_TOKENS,
    RefusedToken,
)
from livekit_conformance.drivers.api.livekit_api import LIST_ROOMS, LiveKitClient
from livekit_conformance.drivers.api.token_probe import attempt
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.drivers.own_rooms import RoomNames
from livekit_conformance.errors import not_applicable, require, violated
from livekit_conformance.findings import Finding
from livekit_conformance.judges.logs import LEVEL_HIDES, NOT_LOGGED
from livekit_conformance.judges.preconditions import NOTHING_REFUSED
from livekit_conformance.protocol.logline import LogLine

_LOGGED_WITHIN_S = 5.0


@pytest.mark.clause("1.4-refused-token-is-logged")
@pytest.mark.parametrize("kind", [*REFUSED_TOKENS, MISSING_GRANT], ids=lambda kind: kind.id)
async def test_a_refused_token_is_logged_with_its_reason(
    client: LiveKitClient,
    logs: Mapping[str, LogTail],
    room_names: RoomNames,
    kind: RefusedToken,
) -> None:
    """
    The server's log has time, level, status, method, path and the matching reason.

    A name of ours is in the request where the log shows it, so no request of others passes for it.
    """
    log = logs["livekit-server"]
    name = room_names.new("refused")
    # The middleware logs a refusal as an HTTP request, a method logs it as an API call.
    path = LIST_ROOMS if kind.by_method else f"{LIST_ROOMS}/{quote(name, safe='')}"
    answer = await attempt(client, kind, path=path, room=name)
    if answer.status != 401:
        reason = f"received {answer.status}, so there is no refusal to log: see {kind.clause}"
        raise not_applicable(NOTHING_REFUSED, reason, status=answer.status, see=kind.clause)
    logged = (
        {"service": "RoomService", "method": "ListRooms", "room": [name]}
        if kind.by_method
        else {"method": "POST", "path": f"{LIST_ROOMS}/{name}"}
    )

    def is_complete(line: LogLine) -> bool:
        return (
            line.at is not None
            and line.level is not None
            and str(line.fields.get("status")) == "401"
            and logged.items() <= line.fields.items()
            and any(reason in line.error for reason in kind.reasons)
        )

    line, waited = await log.wait_for(
        is_complete,
        within=_LOGGED_WITHIN_S,
        holding=[name],
        what=f"a line with 401, {logged} and {' or '.join(kind.reasons)!r}",
    )

    if line is not None:
        return
    if kind.by_method and log.has_warnings_only:
        seen = (
            "its log has no line below level warn, and livekit-server logs the refusals of its "
            "methods at level info: set `logging.level: info` to see them"
        )
        require([Finding(LEVEL_HIDES, seen, level="SHOULD")])
    else:
        seen = f"in its log: {waited}"
        raise violated(NOT_LOGGED, seen, services=[log.service], about="refused-token")
