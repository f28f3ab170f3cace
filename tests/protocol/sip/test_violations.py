"""
Each rule is broken by itself, and named with its section.
"""

import pytest

from livekit_conformance.protocol.sip.message import Request, parse
from livekit_conformance.protocol.sip.violations import refusal, violations

INVITE = """\
INVITE sip:+15550123@127.0.0.1:5060 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bK-one;rport
Max-Forwards: 70
Record-Route: <sip:proxy.example;lr>
From: <sip:+15550100@127.0.0.1>;tag=from-1
To: <sip:+15550123@127.0.0.1:5060>
Call-ID: conformance-1@127.0.0.1
CSeq: 1 INVITE
Contact: <sip:+15550100@127.0.0.1:40000>
Content-Type: application/sdp
Content-Length: 5

v=0
"""
ANSWER = """\
SIP/2.0 200 OK
Via: SIP/2.0/UDP 127.0.0.1:40000;branch=z9hG4bK-one
From: <sip:+15550100@127.0.0.1>;tag=from-1
To: <sip:+15550123@127.0.0.1:5060>;tag=to-1
Call-ID: conformance-1
CSeq: 1 INVITE
Contact: <sip:127.0.0.1:5060>
Content-Length: 0

"""
CHALLENGE = ANSWER.replace("200 OK", "407 Proxy Authentication Required").replace(
    "Contact: <sip:127.0.0.1:5060>", 'Proxy-Authenticate: Digest realm="r", nonce="n"'
)
WITHIN = INVITE.replace(":5060>\nCall", ":5060>;tag=to-1\nCall")


def changed(text: str, old: str, new: str) -> bytes:
    assert old in text
    return text.replace(old, new, 1).replace("\n", "\r\n").encode()


@pytest.mark.parametrize("text", [INVITE, WITHIN, ANSWER, CHALLENGE])
def test_a_flawless_message_breaks_no_rule(text: str) -> None:
    message = parse(changed(text, "SIP", "SIP"))

    assert violations(message) == []
    assert not isinstance(message, Request) or refusal(message) is None


@pytest.mark.parametrize(
    ("old", "new", "section", "status"),
    [
        ("Max-Forwards: 70\n", "", "8.1.1.6", None),
        ("Max-Forwards: 70", "Max-Forwards: -1", "8.1.1.6", None),
        ("Max-Forwards: 70", "Max-Forwards: 300", "8.1.1.6", None),
        ("Max-Forwards: 70", "Max-Forwards: many", "8.1.1.6", None),
        ("Max-Forwards: 70", "Max-Forwards: 70\nMax-Forwards: 69", "8.1.1.6", None),
        (";tag=from-1", "", "8.1.1.3", None),
        (";tag=from-1", ";tag", "8.1.1.3", None),
        (";branch=z9hG4bK-one", "", "8.1.1.7", None),
        ("branch=z9hG4bK-one", "branch=one", "8.1.1.7", None),
        (";tag=from-1", ";tag=from-1;tag=from-2", "7.3.1", 400),
        (";tag=from-1", ";tag=from-1;x;X=1", "7.3.1", 400),
        (":5060>\nCall", ":5060>;tag;tag\nCall", "7.3.1", 400),
        (";rport", ";rport;Branch=z9hG4bK-two", "7.3.1", 400),
        ("sip:+15550123@127.0.0.1:5060 ", "foo ", "19.1.1", 400),
        ("sip:+15550123@127.0.0.1:5060 ", "sip: ", "19.1.1", 400),
        ("sip:+15550123@127.0.0.1:5060 ", "sip:a@b:99999 ", "19.1.1", 400),
        ("sip:+15550123@127.0.0.1:5060 ", "sips:[:::::] ", "19.1.1", 400),
        ("sip:+15550123@127.0.0.1:5060 ", "http://example.com ", "8.2.2.1", 416),
        ("Contact: <sip:+15550100@127.0.0.1:40000>\n", "", "8.1.1.8", 400),
        ("Contact: <sip:+15550100@127.0.0.1:40000>", "Contact: *", "8.1.1.8", 400),
        ("Contact: <sip:+15550100@127.0.0.1:40000>", "Contact: <", "8.1.1.8", 400),
        ("Contact: <sip:+15550100@127.0.0.1:40000>", "m: <sip:[:::::]>", "8.1.1.8", 400),
        ("Call-ID: conformance-1@127.0.0.1", "Call-ID: a b", "20.8", None),
        ("Call-ID: conformance-1@127.0.0.1", "Call-ID: a@b@c", "20.8", None),
        ("<sip:proxy.example;lr>", "<", "20.30", None),
        ("<sip:proxy.example;lr>", "<tel:+1>", "20.30", None),
        ("Content-Type: application/sdp\n", "", "20.15", None),
        ("Content-Type: application/sdp", "c: a/b\nContent-Type: c/d", "7.3.1", None),
    ],
)
def test_a_request_is_blamed_for_the_rule_that_it_breaks(
    old: str, new: str, section: str, status: int | None
) -> None:
    message = parse(changed(INVITE, old, new))

    assert isinstance(message, Request)
    assert [violation.section for violation in violations(message)] == [section]
    refused = refusal(message)
    assert (refused and refused.status) == status


@pytest.mark.parametrize(
    ("text", "old", "new", "section"),
    [
        (ANSWER, ";tag=to-1", "", "8.2.6.2"),
        (ANSWER, "\nFrom", "\nVia: SIP/2.0/UDP b;branch=z9hG4bK-2\nFrom", "8.1.3.3"),
        (ANSWER, ";tag=to-1", ";tag=to-1;tag=to-2", "7.3.1"),
        (ANSWER, "Contact: <sip:127.0.0.1:5060>\n", "", "12.1.1"),
        (ANSWER, "<sip:127.0.0.1:5060>", "<sip:127.0.0.1:99999>", "12.1.1"),
        (CHALLENGE, "Proxy-Authenticate", "WWW-Authenticate", "20, table 3"),
        (CHALLENGE, "407 ", "401 ", "20, table 3"),
    ],
)
def test_a_response_is_blamed_for_the_rule_that_it_breaks(
    text: str, old: str, new: str, section: str
) -> None:
    message = parse(changed(text, old, new))

    assert [violation.section for violation in violations(message)] == [section]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("200 OK", "100 Trying"),
        ("CSeq: 1 INVITE", "CSeq: 1 BYE"),
        ("200 OK", "180 Ringing"),
    ],
)
def test_what_only_an_answer_must_have_is_asked_of_no_other_response(old: str, new: str) -> None:
    """
    A Contact of a 2xx to INVITE alone, a To tag of all but a 100.
    """
    text = ANSWER.replace("Contact: <sip:127.0.0.1:5060>\n", "")
    text = text.replace(";tag=to-1", "") if "100" in new else text

    assert violations(parse(changed(text, old, new))) == []


def test_a_reinvite_without_contact_is_blamed_and_not_refused() -> None:
    """
    The target of the dialog stays as it is.
    """
    message = parse(changed(WITHIN, "Contact: <sip:+15550100@127.0.0.1:40000>\n", ""))

    assert isinstance(message, Request)
    assert [violation.section for violation in violations(message)] == ["12.2.1.1"]
    assert refusal(message) is None


def test_a_violation_reads_as_message_fault_and_section() -> None:
    violation = violations(parse(changed(INVITE, "Max-Forwards: 70", "Max-Forwards: -1")))[0]

    assert str(violation) == (
        "INVITE: Max-Forwards is not a number up to 255: '-1' (RFC 3261 section 8.1.1.6)"
    )
