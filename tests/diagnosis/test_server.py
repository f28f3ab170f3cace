"""
Causes that keep livekit-server from answering or from accepting our tokens, by their signs.
"""

import pytest

from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.environments.variable_checks import judge_key_pair
from livekit_conformance.errors import Failure, Phase
from livekit_conformance.judges.api_key import judge_key
from livekit_conformance.judges.server import judge_greeting, judge_tls
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.diagnosis import signs
from tests.diagnosis.signs import call, named, record, seen

ANSWERS, KEY, TLS = "1.1-server-answers", "1.1-key-is-accepted", "1.1-tls-is-trusted"


def unreached(phase: Phase, failure: Failure) -> CheckRecord:
    link = {"resolve": "dns", "connect": "tcp", "answer": "server"}[phase]
    return signs.unreached(ANSWERS, link, phase, failure)


def answered(status: int, text: str) -> CheckRecord:
    return record(ANSWERS, findings=judge_greeting(status, text))


def shaken(failure: Failure) -> CheckRecord:
    return record(TLS, findings=judge_tls("h:1", "no", failure))


def refused(words: str, *, key: str = "APIab12cd34ef", secret: str = "s" * 43) -> CheckRecord:
    refusals = judge_key(401, words, shown=words)
    return record(KEY, findings=[*refusals, *judge_key_pair(key, secret)])


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        (unreached("resolve", Failure.NO_SUCH_NAME), "server-host-does-not-resolve"),
        (unreached("resolve", Failure.RESOLVER_SILENT), "resolver-does-not-answer"),
        (unreached("connect", Failure.REFUSED), "server-unreachable"),
        (unreached("connect", Failure.TIMED_OUT), "server-address-is-cut-off"),
        (unreached("connect", Failure.NO_ROUTE), "server-address-is-cut-off"),
        (unreached("answer", Failure.TIMED_OUT), "server-does-not-answer"),
        (unreached("answer", Failure.ENDED), "server-drops-connections"),
        (unreached("answer", Failure.RESET), "server-drops-connections"),
        (unreached("answer", Failure.BROKEN), "server-drops-connections"),
        (unreached("answer", Failure.FOREIGN), "server-url-is-not-livekit"),
        (answered(404, "<html>"), "server-url-is-not-livekit"),
        (answered(502, "<html>"), "proxy-has-no-server"),
        (
            answered(400, "Client sent an HTTP request to an HTTPS server."),
            "server-url-scheme-is-wrong",
        ),
        (
            answered(400, "The plain HTTP request was sent to HTTPS port"),
            "server-url-scheme-is-wrong",
        ),
        (shaken(Failure.NO_TLS), "server-url-scheme-is-wrong"),
        (shaken(Failure.TLS), "certificate-not-trusted"),
        (refused("invalid API key: APIanother"), "api-key-refused"),
        (refused("token signature is invalid: signature is invalid"), "api-secret-refused"),
        # livekit-server up to 1.12
        (refused("go-jose/go-jose: error in cryptographic primitive"), "api-secret-refused"),
        (
            refused("invalid API key: ***", key="s" * 43, secret="APIab12cd34ef"),
            "api-key-and-secret-are-swapped",
        ),
        (refused("signature is invalid", secret=f"'{'s' * 43}'"), "api-secret-is-wrapped"),
        (refused("signature is invalid", secret=f"{'s' * 43} "), "api-secret-is-wrapped"),
        (refused("signature is invalid", secret=f"{'s' * 43}\r"), "api-secret-is-wrapped"),
    ],
)
def test_one_sign_names_one_cause_for_certain(broken, cause):
    is_foreign = any(each.data.get("failure") == Failure.FOREIGN for each in broken.findings)
    assert named([broken]) == [(cause, "likely" if is_foreign else "certain")]


@pytest.mark.parametrize(("status", "text"), [(200, "OK"), (406, "Not Ready")])
def test_livekit_server_is_recognised_ready_or_not(status, text):
    assert list(judge_greeting(status, text)) == []


def test_a_key_that_is_accepted_has_no_finding():
    assert list(judge_key(200, "{}", shown="")) == []


@pytest.mark.parametrize("words", ["token is expired", "token is not valid yet", "expired (exp)"])
def test_a_token_refused_for_its_times_is_the_clock_s_fault_and_not_the_key_s(words):
    clocks = record("1.1-clock-agrees")

    (found,) = diagnose([clocks, refused(f"token has invalid claims: {words}")], [])

    assert (found.id, found.confidence) == ("clocks-disagree", "certain")
    assert found.checks == ("1.1-clock-agrees", KEY)


def test_a_refusal_in_unknown_words_has_no_known_cause():
    (found,) = diagnose([refused("forbidden by the gateway")], [])

    assert (found.id, found.link) == ("cause-unknown", "api-key")


def test_what_is_only_suggested_by_folded_checks_is_no_second_fault():
    root = unreached("connect", Failure.REFUSED)
    folded = record("1.1-sip-service-joins-the-server", Verdict.BLOCKED, blocked_by=ANSWERS)
    rejected = call("refused", 486, at_s=0.1)

    assert named([root, folded], rejected) == [("server-unreachable", "certain")]


ROOM_LISTED = record("1.2-created-room-is-listed")
CREATE_ROOM = "http://192.0.2.1:7880/twirp/livekit.RoomService/CreateRoom"
NO_NODE = seen("http", url=CREATE_ROOM, status=500, body="could not find any available nodes")
ROOM_MADE = seen("http", url=CREATE_ROOM, status=200, body="(488 bytes of protobuf)")


def test_a_server_that_took_one_room_is_not_said_to_take_none():
    assert named([ROOM_LISTED], NO_NODE) == [("no-node-takes-rooms", "certain")]
    assert named([ROOM_LISTED], NO_NODE, ROOM_MADE) == [("no-node-for-a-moment", "likely")]
