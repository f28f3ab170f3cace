"""
Causes named when webhooks do not arrive or are refused.
"""

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.diagnosis.diagnose import diagnose
from livekit_conformance.verdict import Verdict
from tests.diagnosis.signs import named, record, seen

NOT_DELIVERED = record("1.3-server-delivers-room-events")
REFUSED = record("1.3-endpoint-accepts-signed-event")
ELSEWHERE = seen("delivery", url="http://other/", elsewhere=True, error=None)
NO_URLS = seen("config", key="webhook.urls", what="webhook.no-urls", severity="error")


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, ("endpoint-has-another-key", "likely")),
        (403, ("endpoint-is-guarded", "likely")),
        (404, ("endpoint-path-is-wrong", "certain")),
        (405, ("endpoint-path-is-wrong", "certain")),
        (415, ("endpoint-rejects-content-type", "likely")),
        (500, ("endpoint-fails", "certain")),
        (418, ("cause-unknown", "unknown")),
    ],
)
def test_the_status_of_a_refused_event_names_the_cause(status, cause):
    answer = seen("endpoint", trial="genuine", status=status, redirected=0)

    assert named([REFUSED], answer) == [cause]


@pytest.mark.parametrize(
    ("trial", "cause"),
    [
        ("bearer", "endpoint-expects-bearer"),
        ("plain-json", "endpoint-rejects-content-type"),
        ("compact", "endpoint-writes-the-body-again"),
        ("spaced", "endpoint-writes-the-body-again"),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 415, 500])
def test_the_form_in_which_an_event_is_taken_proves_the_cause(trial, cause, status):
    genuine = seen("endpoint", trial="genuine", status=status, redirected=0)
    taken = seen("endpoint", trial=trial, status=200, redirected=0)

    found = named([REFUSED], genuine, taken)

    assert found[0] == (cause, "certain")
    if status != 415:
        assert len(found) == 1


def test_an_event_that_is_redirected_is_not_called_a_wrong_path():
    answer = seen("endpoint", trial="genuine", status=405, redirected=301)

    assert named([REFUSED], answer) == [("endpoint-redirects", "certain")]


def test_an_event_without_an_answer_is_a_slow_application():
    silent = seen("endpoint", trial="genuine", status=None, failure="timed-out", phase="answer")
    blocked = record(REFUSED.id, Verdict.BLOCKED, REFUSED.broken_link)

    assert named([blocked], silent) == [("endpoint-is-too-slow", "certain")]


def test_the_unanswered_call_is_laid_to_the_application_that_refuses_webhooks():
    answer = seen("endpoint", trial="genuine", status=404, redirected=0)
    unanswered = record("1.5-call-is-answered")

    (found,) = diagnose([REFUSED, unanswered], [answer])

    assert found.checks == ("1.3-endpoint-accepts-signed-event", "1.5-call-is-answered")


def test_a_file_without_urls_is_certain_and_a_log_without_lines_is_likely():
    no_line = seen("delivery", url=None, elsewhere=False, error=None)

    assert named([NOT_DELIVERED], NO_URLS) == [("webhooks-not-configured", "certain")]
    assert named([NOT_DELIVERED], no_line) == [("webhooks-not-configured", "likely")]
    assert named([NOT_DELIVERED]) == [("webhooks-are-not-delivered", "likely")]


def test_a_refused_connection_elsewhere_is_not_the_network_of_the_server():
    failed = seen(
        "log",
        service="livekit-server",
        message="failed to send webhook",
        error="dial tcp: connect: connection refused",
    )

    assert named([NOT_DELIVERED], failed, ELSEWHERE) == [("webhooks-go-elsewhere", "certain")]
    assert named([NOT_DELIVERED], failed) == [("server-cannot-reach-endpoint", "certain")]


def test_a_filter_is_blamed_only_where_events_are_missing():
    filtered = seen("config", key="webhook.filter_params", what="webhook.leaves-out-events")

    assert named([NOT_DELIVERED], filtered) == [("webhooks-are-filtered", "likely")]
    assert named([], filtered) == []


def test_events_of_an_unknown_key_prove_that_it_signs_with_another_one():
    arrived = seen("webhook", unproven="unknown-key")

    assert named([NOT_DELIVERED], arrived) == [("webhooks-signed-with-another-key", "certain")]


def test_a_stranger_with_an_unknown_key_is_no_cause_where_events_arrive():
    arrived = seen("webhook", unproven="unknown-key")

    assert named([record("1.3-endpoint-refuses")], arrived) == [("cause-unknown", "unknown")]


def test_an_untrusted_certificate_in_the_log_of_the_server_is_certain():
    failed = seen(
        "log",
        service="livekit-server",
        message="failed to send webhook",
        error="tls: failed to verify certificate: x509: certificate signed by unknown authority",
    )

    (found,) = diagnose([NOT_DELIVERED], [failed])
    assert (found.id, found.link) == ("webhook-certificate-not-trusted", Link.ENDPOINT_TLS)
