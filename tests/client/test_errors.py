"""
The errors of the client: what their text contains, and what it never contains.
"""

from __future__ import annotations

import pickle

import pytest

from livekit_conformance import client
from livekit_conformance.client.errors import (
    LiveKitAuthenticationError,
    LiveKitCallError,
    LiveKitError,
    LiveKitRequestError,
    LiveKitServerError,
    LiveKitTimeoutError,
    class_for,
)


@pytest.mark.parametrize(
    ("status", "metadata", "kind"),
    [
        (401, {}, LiveKitAuthenticationError),
        (403, {}, LiveKitAuthenticationError),
        (302, {}, LiveKitRequestError),
        (400, {}, LiveKitRequestError),
        (404, {}, LiveKitRequestError),
        (429, {}, LiveKitServerError),
        (500, {}, LiveKitServerError),
        (503, {}, LiveKitServerError),
        (200, {}, LiveKitServerError),
        # A busy callee, and one who declines: livekit-server's statuses for SIP 486 and 603.
        (429, {"sip_status_code": "486"}, LiveKitCallError),
        (403, {"sip_status_code": "603"}, LiveKitCallError),
        (429, {"sip_status_code": "none"}, LiveKitServerError),
    ],
)
def test_the_class_says_whose_turn_it_is(status, metadata, kind):
    assert class_for(status, metadata) is kind


def test_an_error_tells_all_that_is_known():
    error = LiveKitServerError(
        method="ListRooms",
        url="http://livekit/twirp",
        key="APIa...34",
        status=503,
        code="unavailable",
        text="no response from servers",
        hint="See that livekit-server runs",
        attempts=5,
        retry_after=10.0,
    )

    assert str(error) == (
        "ListRooms answered 503 unavailable: no response from servers (http://livekit/twirp, "
        "API key APIa...34, 5 attempts, try again in 10.0 s). See that livekit-server runs"
    )


def test_an_error_without_an_answer_tells_how_long_was_waited():
    error = LiveKitTimeoutError(method="ListRooms", text="no answer in time", waited=2.04)

    assert str(error) == "ListRooms: no answer in time (after 2.0 s)."


def test_errors_pass_between_processes():
    error = LiveKitCallError(method="m", status=429, metadata={"sip_status_code": "486"})

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (type(again), str(again), again.sip_status_code) == (LiveKitCallError, str(error), 486)


def test_every_error_is_told_apart_and_exported():
    def below(kind):
        return {kind, *(deeper for sub in kind.__subclasses__() for deeper in below(sub))}

    assert {kind.__name__ for kind in below(LiveKitError)} <= set(client.__all__)
