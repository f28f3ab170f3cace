"""
Causes that keep livekit-server from answering or from accepting our tokens, by their signs.
"""

import pytest

from livekit_conformance.catalogue.clauses import BY_ID
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.verdict import CheckRecord, Verdict
from tests.diagnosis.signs import call, named, record

ANSWERS, KEY, TLS = "1.1-server-answers", "1.1-key-is-accepted", "1.1-tls-is-trusted"


def unreached(link: str, words: str) -> CheckRecord:
    return record(ANSWERS, Verdict.BLOCKED, link, message=f"http://192.0.2.1:7880/: {words}")


def answered(words: str) -> CheckRecord:
    return record(ANSWERS, message=f"received {words}")


def refused(words: str) -> CheckRecord:
    return record(KEY, message=f"{BY_ID[KEY].statement}; received 401: '{words}'")


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        (unreached("dns", "Name or service not known"), "server-host-does-not-resolve"),
        *(
            (unreached("dns", words), "resolver-does-not-answer")
            for words in (
                "resolving the name took too long (after 5.0 s)",
                "resolving server.example took longer than 12 s",
                "Temporary failure in name resolution",
            )
        ),
        (unreached("tcp", "Connection refused (after 0.0 s)"), "server-unreachable"),
        (unreached("tcp", "no connection in time (after 5.0 s)"), "server-address-is-cut-off"),
        (unreached("tcp", "No route to host (after 3.1 s)"), "server-address-is-cut-off"),
        (unreached("server", "no answer in time (after 5.0 s)"), "server-does-not-answer"),
        (
            unreached("server", "the connection ended before it"),
            "server-drops-connections",
        ),
        (unreached("server", "Connection reset by peer"), "server-drops-connections"),
        (
            unreached("server", "the answer is not HTTP: b'SSH'"),
            "server-url-is-not-livekit",
        ),
        (answered("404: '<html>'"), "server-url-is-not-livekit"),
        (answered("502: '<html>'"), "proxy-has-no-server"),
        (
            answered("400: 'Client sent an HTTP request to an HTTPS server.'"),
            "server-url-scheme-is-wrong",
        ),
        (
            answered("400: 'The plain HTTP request was sent to HTTPS port'"),
            "server-url-scheme-is-wrong",
        ),
        (record(TLS, message="OpenSSL says: wrong version number"), "server-url-scheme-is-wrong"),
        (record(TLS, message="OpenSSL says: certificate has expired"), "certificate-not-trusted"),
        (record(TLS, message="OpenSSL says: Hostname mismatch"), "certificate-not-trusted"),
        (refused("invalid API key: APIanother"), "api-key-refused"),
        (refused("token signature is invalid: signature is invalid"), "api-secret-refused"),
        # livekit-server up to 1.12
        (refused("go-jose/go-jose: error in cryptographic primitive"), "api-secret-refused"),
        (
            refused(
                "invalid API key: ***'; LIVEKIT_API_KEY does not look like an API key: swapped "
                "with LIVEKIT_API_SECRET"
            ),
            "api-key-and-secret-are-swapped",
        ),
        (
            refused("signature is invalid'; LIVEKIT_API_SECRET has quotes around it"),
            "api-secret-is-wrapped",
        ),
        (
            refused("signature is invalid'; LIVEKIT_API_SECRET begins or ends with white space"),
            "api-secret-is-wrapped",
        ),
    ],
)
def test_one_sign_names_one_cause_for_certain(broken, cause):
    expected = "likely" if "not HTTP" in (broken.message or "") else "certain"
    assert named([broken]) == [(cause, expected)]


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
    root = unreached("tcp", "Connection refused")
    folded = record("1.1-sip-service-joins-the-server", Verdict.BLOCKED, blocked_by=ANSWERS)
    rejected = call("refused", 486, at_s=0.1)

    assert named([root, folded], rejected) == [("server-unreachable", "certain")]
