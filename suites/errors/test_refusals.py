"""
Reason of a refused token: in the server's log, and in the error of our own client.
"""

from collections.abc import Mapping

import pytest

from livekit_conformance.catalogue.refused_tokens import (
    MISSING_GRANT,
    REFUSED_TOKENS,
    RefusedToken,
)
from livekit_conformance.drivers.api.livekit_api import LIST_ROOMS, LiveKitClient
from livekit_conformance.drivers.api.token_probe import attempt
from livekit_conformance.drivers.logs import LogTail
from livekit_conformance.errors import NotApplicable
from livekit_conformance.protocol.logline import LogLine

_LOGGED_WITHIN_S = 5.0
# The middleware logs a refusal as an HTTP request, a method logs it as an API call.
_AS_HTTP = {"method": "POST", "path": LIST_ROOMS}
_AS_CALL = {"service": "RoomService", "method": "ListRooms"}


@pytest.mark.clause("1.4-refused-token-is-logged")
@pytest.mark.parametrize("kind", [*REFUSED_TOKENS, MISSING_GRANT], ids=lambda kind: kind.id)
async def test_a_refused_token_is_logged_with_its_reason(
    client: LiveKitClient, logs: Mapping[str, LogTail], kind: RefusedToken
) -> None:
    """
    The server's log has time, level, status, method, path and the matching reason.
    """
    log = logs["livekit-server"]
    before = len(log.read())
    answer = await attempt(client, kind)
    if answer.status != 401:
        raise NotApplicable(
            f"received {answer.status}, so there is no refusal to log: see {kind.clause}"
        )

    def is_complete(line: LogLine) -> bool:
        return (
            line.at is not None
            and line.level is not None
            and str(line.fields.get("status")) == "401"
            and any(fields.items() <= line.fields.items() for fields in (_AS_HTTP, _AS_CALL))
            and any(reason in line.error for reason in kind.reasons)
        )

    line, waited = await log.wait_for(
        is_complete,
        within=_LOGGED_WITHIN_S,
        after=before,
        holding=kind.reasons,
        what=f"a line with 401, POST {LIST_ROOMS} and {' or '.join(kind.reasons)!r}",
    )

    assert line is not None, f"in its log: {waited}"
