"""
Torture messages: each is read, held against its sender, refused or dropped, as RFC 3261 wants it.
"""

from __future__ import annotations

import pytest

from livekit_conformance.protocol.sip.message import Request, SipSyntaxError, parse
from livekit_conformance.protocol.sip.violations import refusal, violations
from tests.protocol.sip.torture import SHAPES, Shape


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_shape_is_read_or_refused_by_the_right_rule(shape: Shape) -> None:
    data = shape.data.replace(b"{port}", b"40000")
    if shape.broken is None:
        with pytest.raises(SipSyntaxError):
            parse(data)
        return

    message = parse(data)

    assert [one.section for one in violations(message)] == [*shape.broken]
    assert parse(message.to_bytes()).to_bytes() == message.to_bytes()
    refused = refusal(message) if isinstance(message, Request) else None
    is_refused = shape.status in {400, 416, 420}
    assert (refused and refused.status) == (shape.status if is_refused else None)
