"""
The SIP status in the error of a failed outbound call, as livekit-server 1.13.5 returns it.
"""

import pytest

from livekit_conformance.protocol.sip_status import code_of, metadata_of
from livekit_conformance.protocol.twirp import HTTP_STATUS, Code


@pytest.mark.parametrize(
    ("status", "code", "http_status"),
    [
        (302, Code.NOT_FOUND, 404),
        (403, Code.PERMISSION_DENIED, 403),
        (404, Code.NOT_FOUND, 404),
        (408, Code.DEADLINE_EXCEEDED, 408),
        (480, Code.RESOURCE_EXHAUSTED, 429),
        (486, Code.RESOURCE_EXHAUSTED, 429),
        (488, Code.INVALID_ARGUMENT, 400),
        (500, Code.FAILED_PRECONDITION, 412),
        (503, Code.FAILED_PRECONDITION, 412),
        (600, Code.RESOURCE_EXHAUSTED, 429),
        (603, Code.PERMISSION_DENIED, 403),
    ],
)
def test_a_sip_status_has_the_code_that_the_real_service_gives_it(status, code, http_status):
    assert code_of(status) == code
    assert HTTP_STATUS[code_of(status)] == http_status


def test_a_status_that_nobody_sends_is_unknown():
    assert code_of(699) == Code.UNKNOWN


def test_status_and_reason_are_metadata_of_text():
    assert metadata_of(486, "Busy Here") == {"sip_status_code": "486", "sip_status": "Busy Here"}
