"""
Findings, and the errors that carry them.
"""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import ssl

import pytest

from livekit_conformance.errors import (
    NOT_CARRIED,
    Blocked,
    Failure,
    Unreachable,
    Violation,
    require,
)
from livekit_conformance.findings import Code, Finding, Says
from livekit_conformance.lost_requests import failure_of

WRONG = Code("trunk.wrong")


def test_a_finding_survives_its_json():
    before = Finding(WRONG, "seen", "bus", Says.SUSPICIOUS, "SHOULD", {"ids": ["a", 1], "of": None})

    assert Finding.from_json(json.loads(json.dumps(before.as_json()))) == before


def test_no_secret_stays_in_a_finding():
    data = {"number": "s3cret", "each": ["s3cret", {"of": "is s3cret"}], "count": 3, "none": None}
    hidden = Finding(WRONG, "a s3cret", data=data).redacted(
        lambda text: text.replace("s3cret", "*")
    )

    assert hidden.seen == "a *"
    assert hidden.data == {"number": "*", "each": ["*", {"of": "is *"}], "count": 3, "none": None}


def test_the_check_gives_a_finding_only_what_it_has_not():
    assert Finding(WRONG, "seen").at("bus", "MUST") == Finding(WRONG, "seen", "bus", level="MUST")

    own = Finding(WRONG, "seen", "trunk-match", level="SHOULD")
    assert own.at("bus", "MUST") == own


def test_violations_are_raised_together_and_nothing_else_is():
    require([Finding(WRONG, "fine", says=Says.HOLDS), Finding(WRONG, "odd", says=Says.SUSPICIOUS)])
    broken = [Finding(WRONG, "one", "bus", level="SHOULD"), Finding(WRONG, "two", "dns")]

    told = [*broken, Finding(WRONG, "odd", says=Says.SUSPICIOUS)]

    with pytest.raises(Violation, match=r"^one; two; odd$") as raised:
        require([Finding(WRONG, "fine", says=Says.HOLDS), *told])

    assert raised.value.findings[1:] == tuple(told)
    assert (raised.value.link, raised.value.level) == ("bus", None)
    with pytest.raises(Violation) as mild:
        require(broken[:1])
    assert mild.value.level == "SHOULD"


def test_what_could_not_be_seen_blocks_unless_something_is_violated():
    unseen = Finding(WRONG, "not seen", "bus", Says.UNSEEN)

    with pytest.raises(Blocked, match=r"^not seen\. Look again$") as raised:
        require([unseen, Finding(WRONG, "odd", says=Says.SUSPICIOUS)], otherwise="Look again")
    with pytest.raises(Violation):
        require([unseen, Finding(WRONG, "broken")], otherwise="Look again")

    assert (raised.value.link, raised.value.findings[0]) == ("bus", unseen)


def test_what_the_network_lost_is_a_finding():
    lost = Unreachable(
        "h:1", phase="connect", detail="no", waited=0.25, remedy="-", failure=Failure.REFUSED
    )

    (finding,) = lost.findings
    assert (finding.code, finding.says) == (NOT_CARRIED, Says.UNSEEN)
    data = {"endpoint": "h:1", "phase": "connect", "failure": "refused", "waited_s": 0.25}
    assert finding.data == data


def behind(error: BaseException) -> BaseException:
    """
    Return an error of a library that was raised for `error`.
    """
    above = RuntimeError("lost")
    above.__context__ = error
    return above


def of_openssl(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "handshake")
    error.reason = reason
    return error


REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "no")


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "no-such-name"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "resolver-silent"),
        (UnicodeError("label too long"), "no-such-name"),
        (REFUSED, "refused"),
        (behind(REFUSED), "refused"),
        (behind(behind(REFUSED)), "refused"),
        (OSError(errno.EHOSTUNREACH, "x"), "no-route"),
        (TimeoutError(errno.ETIMEDOUT, "x"), "timed-out"),
        (TimeoutError(), "timed-out"),
        (ConnectionResetError(errno.ECONNRESET, "x"), "reset"),
        (ConnectionResetError("Connection lost"), "reset"),
        (asyncio.IncompleteReadError(b"", 4), "ended"),
        (ssl.SSLEOFError(8, "x"), "ended"),
        (of_openssl("WRONG_VERSION_NUMBER"), "no-tls"),
        (of_openssl("CERTIFICATE_VERIFY_FAILED"), "tls"),
        (ExceptionGroup("", [TimeoutError(), REFUSED]), "refused"),
        (ValueError("x"), "other"),
    ],
)
def test_an_error_of_the_network_has_one_name(error, failure):
    assert failure_of(error) == failure


@pytest.mark.parametrize("deadline", [TimeoutError(), asyncio.CancelledError()])
def test_a_deadline_that_passes_is_silence(deadline):
    assert failure_of(deadline) is Failure.TIMED_OUT
    assert failure_of(deadline, "resolve") is Failure.RESOLVER_SILENT
