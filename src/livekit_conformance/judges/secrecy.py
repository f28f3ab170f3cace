"""
Judge how well tokens are protected: the length of the API secret, the end of a certificate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from livekit_conformance.findings import Code, Finding

# livekit-server warns about shorter secrets when it starts: the hash that they key is as long.
STRONG_BYTES: Final = 32
LASTS_DAYS: Final = 14
_DAY_S: Final = 86400

# Data: length (in bytes).
SHORT_SECRET: Final = Code("api-key.secret-too-short")
# Data: endpoint, days.
EXPIRES_SOON: Final = Code("tls.certificate-expires-soon")


def judge_secret(secret: str) -> Iterator[Finding]:
    """
    Yield a violation if an API secret is too short.
    """
    if (length := len(secret.encode())) < STRONG_BYTES:
        yield Finding(
            SHORT_SECRET,
            f"it has {length} bytes: a short secret can be brute-forced from any token. Make a new "
            "pair: livekit-server generate-keys",
            "api-key",
            data={"length": length},
        )


def days_left(not_after: float, *, now: float) -> float:
    """
    Return the days until the end of a certificate; both times are in Unix seconds.
    """
    return (not_after - now) / _DAY_S


def judge_expiry(endpoint: str, days: float) -> Iterator[Finding]:
    """
    Yield a violation if a certificate ends in `days`, and there is little time to renew it.
    """
    if days < LASTS_DAYS:
        yield Finding(
            EXPIRES_SOON,
            f"the certificate of {endpoint} has {days:.1f} days left: renew it, and find out why "
            "it was not renewed automatically",
            data={"endpoint": endpoint, "days": round(days, 1)},
        )
