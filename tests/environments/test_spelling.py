"""
Suggestions for misspelt names.
"""

from __future__ import annotations

import pytest

from livekit_conformance.environments.spelling import lookalike
from livekit_conformance.environments.variable_checks import DEPLOYMENT_VARIABLES


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LIVEKIT_URLS", "LIVEKIT_URL"),
        ("livekit_url", "LIVEKIT_URL"),
        ("LIVEKIT-URL", "LIVEKIT_URL"),
        ("LIVEKIT_APIKEY", "LIVEKIT_API_KEY"),
        ("LIVEKIT_API_SERCET", "LIVEKIT_API_SECRET"),
        ("LIVEKIT_SECRET", "LIVEKIT_API_SECRET"),
        ("SIP_PASSWD", "SIP_PASSWORD"),
        ("SIPNUMBER", "SIP_NUMBER"),
        ("DOMIAN", None),
        ("DOMAINS", "DOMAIN"),
        ("PORTS", "PORT"),
        ("SIP_PORT", None),
        ("HTTP_PORT", None),
        ("REDIS_URL", None),
        ("APP_DOMAIN", None),
        ("PATH", None),
        ("SSH_AUTH_SOCK", None),
    ],
)
def test_a_slip_of_the_pen_is_told_from_another_name(name, meant):
    assert lookalike(name, DEPLOYMENT_VARIABLES) == meant
