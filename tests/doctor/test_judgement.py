"""
Judgement of answers: greeting, clock, keys, certificate, SIP, bus, versions.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor import bus, hosts, server, sip
from livekit_conformance.doctor.findings import LinkMark
from livekit_conformance.doctor.versions import judge_versions, server_version_in, sip_version_in
from livekit_conformance.drivers.api.http_answers import HttpAnswer
from livekit_conformance.drivers.api.livekit_api import ApiRefused
from livekit_conformance.drivers.bus import CHANNELS, CREATE_PARTICIPANT
from livekit_conformance.drivers.reachability import HostAndPort, Resolution, TlsHandshake
from livekit_conformance.drivers.sip.source_address import Source, source_in
from livekit_conformance.environments.profile import Sip
from livekit_conformance.errors import Blocked, Failure, Unreachable
from livekit_conformance.protocol.logline import parse
from livekit_conformance.protocol.sip.message import parse as parse_sip
from livekit_conformance.wording import phrase
from tests.doctor.conftest import complete, the_problem, wrong

URL, KEY = "wss://voice.test", "APIabcdefgh12"
HOST = hosts.Host(
    "livekit.url",
    HostAndPort("voice.test", 443, is_secure=True),
    phrase("service.livekit-server"),
    Link.DNS,
    Link.TCP,
    Link.TLS,
)
DAY_S = 86400


DATE, NOW = "Mon, 23 Nov 2026 11:27:26 GMT", 1795433246.2


def greeting(status=200, text="OK", *, date=DATE, now=NOW, took=0.1):
    answer = HttpAnswer("GET", URL, status, text, headers={"Date": date})
    return server.judge_answer(answer, asked=now, answered=now + took)


def silent(detail, phase="connect", failure=Failure.TIMED_OUT):
    return Unreachable(
        "voice.test:443", phase=phase, detail=detail, waited=2.8, remedy="", failure=failure
    )


class Silent:
    """
    Transport on which nothing is carried.
    """

    async def resolve(self, _):
        raise silent("no answer in time", "resolve")

    async def shake_hands(self, _):
        raise silent("EOF", "tls")


def test_a_healthy_greeting_says_server_and_clock():
    found = complete(greeting())

    assert [(f.link, f.mark) for f in found] == [
        (Link.SERVER, LinkMark.OK),
        (Link.CLOCK, LinkMark.OK),
    ]


def test_a_server_that_is_not_ready_has_lost_redis():
    found = the_problem(greeting(406, "Not Ready"))

    assert found.link is Link.NODE
    assert "Redis" in found.remedy.en


@pytest.mark.parametrize(
    ("status", "text", "remedy"),
    [
        (200, "<html>Welcome to nginx!", "without a path"),
        (502, "Bad Gateway", "upstream of the proxy"),
        (301, "", "without a path"),
        (400, "Client sent an HTTP request to an HTTPS server.", "wss://HOST"),
    ],
)
def test_something_else_at_the_url_is_named_with_what_mends_it(status, text, remedy):
    found = the_problem(greeting(status, text))

    assert found.link is Link.SERVER
    assert f"{status}: {text!r}" in found.text.en
    assert remedy in found.remedy.en


def test_an_answer_without_a_date_says_nothing_about_the_clock():
    (_, clock) = complete(greeting(date="yesterday"))

    assert (clock.link, clock.mark) == (Link.CLOCK, LinkMark.NOT_CHECKED)


@pytest.mark.parametrize(
    ("ahead", "took", "mark"),
    [
        (0.0, 0.1, LinkMark.OK),
        (9.0, 0.1, LinkMark.WARNING),
        (-91.0, 0.1, LinkMark.PROBLEM),
        # A slow answer proves neither that they differ nor that they agree.
        (9.0, 18.0, LinkMark.NOT_CHECKED),
        (90.0, 180.0, LinkMark.NOT_CHECKED),
    ],
    ids=["agrees", "inexact", "behind", "slow", "very-slow"],
)
def test_clocks_differ_by_so_much(ahead, took, mark):
    (_, found) = complete(greeting(now=NOW - ahead, took=took))

    assert (found.link, found.mark) == (Link.CLOCK, mark)
    remedies = {LinkMark.OK: "", LinkMark.NOT_CHECKED: "faster network"}
    assert found.remedy is None or remedies.get(mark, "timedatectl") in found.remedy.en


@pytest.mark.parametrize(
    ("status", "text", "link", "remedy"),
    [
        (401, f"invalid API key: {KEY}", Link.API_KEY, "LIVEKIT_API_KEY"),
        (401, "invalid token: signature is invalid", Link.API_KEY, "LIVEKIT_API_SECRET"),
        (401, "go-jose: error in cryptographic primitive", Link.API_KEY, "LIVEKIT_API_SECRET"),
        (401, "token is expired", Link.API_KEY, "timedatectl"),
        (401, "permissions denied", Link.API_KEY, "Authorization"),
        (403, "denied by proxy", Link.API_KEY, "the server itself answers 401"),
        (500, "could not get rooms: dial tcp", Link.ROOMS, "Redis"),
    ],
)
def test_a_refusal_is_told_with_what_mends_it(status, text, link, remedy):
    refused = ApiRefused("ListRooms", status=status, code="unauthenticated", text=text)

    found = the_problem(server.judge_refusal(refused, KEY))

    assert found.link is link
    assert f"{status} `{text}`" in found.text.en
    assert remedy in found.remedy.en


def test_a_server_without_redis_is_told_when_it_refuses_the_sip_lists():
    blocked = Blocked("cannot be listed", remedy="")
    blocked.__cause__ = ApiRefused(
        "ListSIPInboundTrunk",
        status=500,
        code="internal",
        text="sip not connected (redis required)",
    )

    found = the_problem([server.judge_missing_telephony(blocked)])

    assert found.link is Link.BUS
    assert "`redis:`" in found.remedy.en


def test_lists_that_nobody_here_understands_are_told():
    found = the_problem([server.judge_missing_telephony(Blocked("unknown kind", remedy="x"))])

    assert found.link is Link.GRANTS


# -- reachability of a host


def test_a_name_with_an_address_is_fine_and_one_without_is_a_problem():
    assert "192.0.2.1" in hosts.judge_name(HOST, Resolution(("192.0.2.1",))).text.en

    found = the_problem([hosts.judge_name(HOST, Resolution(problem="Name not known"))])

    assert "`voice.test` has no address: `Name not known`" in found.text.en
    assert "livekit.url" in found.remedy.en


async def test_a_silent_resolver_is_the_fault_of_this_machine():
    found = the_problem(await hosts.name_step(HOST, Silent()).probe())

    assert "/etc/resolv.conf" in found.remedy.en


def test_refused_and_silent_ports_have_different_remedies():
    refused = the_problem([hosts.port_is_closed(HOST, silent("refused", failure=Failure.REFUSED))])
    dropped = the_problem([hosts.port_is_closed(HOST, silent("no answer in time"))])

    assert "Start livekit-server" in refused.remedy.en
    assert "firewall" in dropped.remedy.en


@pytest.mark.parametrize(
    ("failure", "problem", "remedy"),
    [
        (Failure.TLS, "certificate has expired", "Renew the certificate"),
        (Failure.TLS, "self-signed certificate", "SSL_CERT_FILE"),
        (Failure.NO_TLS, "wrong version number", "ws://HOST:7880"),
    ],
)
def test_a_certificate_that_is_not_trusted_is_told_with_what_mends_it(failure, problem, remedy):
    handshake = TlsHandshake(problem=problem, failure=failure)
    found = the_problem(hosts.judge_certificate(HOST, handshake, now=0.0))

    assert found.link is Link.TLS
    assert problem in found.text.en
    assert remedy in found.remedy.en


def test_the_certificate_of_the_endpoint_is_told_at_its_own_link():
    endpoint = replace(HOST, key="webhook.url", tls=Link.ENDPOINT_TLS)
    handshake = TlsHandshake(problem="certificate has expired", failure=Failure.TLS)

    found = the_problem(hosts.judge_certificate(endpoint, handshake, now=0.0))

    assert found.link is Link.ENDPOINT_TLS
    assert "livekit.url" not in found.remedy.en


@pytest.mark.parametrize(
    ("days", "mark", "words"),
    [(90, LinkMark.OK, "valid for 90 days"), (5, LinkMark.WARNING, "has 5.0 days left")],
)
def test_a_certificate_is_valid_for_so_many_days(days, mark, words):
    handshake = TlsHandshake("TLSv1.3", days * DAY_S)

    (found,) = complete(hosts.judge_certificate(HOST, handshake, now=0.0))

    assert found.mark is mark
    assert words in found.text.en


async def test_a_dropped_handshake_asks_what_is_behind_the_port():
    found = the_problem(await hosts.certificate_step(HOST, Silent()).probe())

    assert "proxy" in found.remedy.en


# -- SIP


def test_silence_and_refusal_of_sip_have_different_remedies():
    over = Sip(server="sip.test", number="+15550123")
    closed = silent("refused", failure=Failure.REFUSED)
    dropped = silent("no answer to OPTIONS", "answer")

    refused = the_problem(sip.judge_no_answer(over, closed, None))
    over_tcp_alone = the_problem(sip.judge_no_answer(over, dropped, answer()))
    nowhere = the_problem(sip.judge_no_answer(over, dropped, closed))

    assert "`sip_port` in livekit-sip.yaml" in refused.remedy.en
    assert "over TCP it is answered with 200" in over_tcp_alone.text.en
    assert "UDP" in over_tcp_alone.remedy.en
    assert over_tcp_alone.remedy != nowhere.remedy


@pytest.mark.parametrize(
    ("server", "endpoint"),
    [
        ("sip.test", HostAndPort("sip.test", 5060, is_secure=False)),
        ("sip.test:5080", HostAndPort("sip.test", 5080, is_secure=False)),
        ("[::1]:5060", HostAndPort("::1", 5060, is_secure=False)),
    ],
)
def test_sip_server_leads_to_an_endpoint(server, endpoint):
    assert sip.endpoint_of(Sip(server=server)) == endpoint


ANSWER = (
    b"SIP/2.0 {status} OK\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.7:5062;branch=z9hG4bK1;rport=5062{received}\r\n"
    b"From: <sip:a@10.0.0.7>;tag=1\r\nTo: <sip:b@sip.test>;tag=2\r\nCall-ID: 1\r\n"
    b"CSeq: 1 OPTIONS\r\n{server}Content-Length: 0\r\n\r\n"
)


def answer(status=b"200", received=b"", server=b""):
    raw = ANSWER.replace(b"{status}", status).replace(b"{received}", received)
    return parse_sip(raw.replace(b"{server}", server))


@pytest.mark.parametrize(
    ("received", "source"), [(b";received=192.0.2.7", "192.0.2.7"), (b"", "10.0.0.7")]
)
def test_our_address_is_the_one_that_the_server_has_seen(received, source):
    assert source_in(answer(received=received)) == Source(source, "10.0.0.7")


def test_who_answers_otherwise_is_not_livekit_sip_unless_it_is_a_provider():
    over = Sip(server="sip.test", number="+15550123")
    busy = answer(b"404", server=b"Server: Asterisk\r\n")

    found = the_problem(sip.judge_response(over, busy))

    assert "404 OK of Asterisk" in found.text.en
    assert wrong(sip.judge_response(over, answer())) == []
    provider = over.model_copy(update={"provider": True})
    (fine,) = complete(sip.judge_response(provider, busy))
    assert (fine.mark, "`404 OK`, `Asterisk`" in fine.text.en) == (LinkMark.OK, True)


# -- bus and versions


REDIS = "redis://192.0.2.1:6379"


def test_a_bus_without_one_side_names_that_side():
    healthy = dict.fromkeys(CHANNELS, 1)
    assert wrong(bus.judge_listeners(REDIS, healthy, ["ND_a"])) == []

    no_sip = the_problem(bus.judge_listeners(REDIS, {**healthy, CREATE_PARTICIPANT: 0}, ["ND_a"]))
    no_server = the_problem(
        bus.judge_listeners(REDIS, {**dict.fromkeys(CHANNELS, 0), CREATE_PARTICIPANT: 1}, [])
    )

    assert "no livekit-sip" in no_sip.text.en and "livekit-sip.yaml" in no_sip.remedy.en
    assert "no livekit-server" in no_server.text.en and "livekit.yaml" in no_server.remedy.en


@pytest.mark.parametrize(
    ("detail", "remedy"),
    [
        ("NOAUTH Authentication required.", "redis://USER:PASSWORD@HOST"),
        ("WRONGPASS invalid username-password pair", "redis://USER:PASSWORD@HOST"),
        ("Timeout reading from socket", "redis-cli"),
    ],
)
def test_redis_that_does_not_say_is_told_with_what_mends_it(detail, remedy):
    assert remedy in the_problem([bus.judge_failure(silent(detail))]).remedy.en


SERVER_LOG = [
    parse('{"level":"info","ts":1.0,"msg":"starting LiveKit server","version":"1.9.12"}'),
    parse('{"level":"info","ts":2.0,"msg":"starting LiveKit server","version":"1.13.5"}'),
]


def judged(**given):
    known = {"in_log": None, "in_redis": None, "sip_in_log": None, "oldest": "1.8.4", **given}
    return complete(judge_versions(**known))


def test_the_last_start_in_the_log_tells_the_version():
    assert server_version_in(SERVER_LOG) == "1.13.5"
    assert server_version_in([]) is None
    started = '{"level":"debug","ts":1.0,"msg":"starting service","version":"1.8.0"}'
    assert sip_version_in([parse(started)]) == "1.8.0"


def test_versions_are_told_with_where_they_are_known_from():
    (of_server, of_sip) = judged(in_log="1.13.5", in_redis="1.13.11", sip_in_log="1.8.0")

    assert of_server.text.en == "livekit-server 1.13.5 (the last start in its log)"
    assert of_sip.text.en == "livekit-sip 1.8.0 (its log)"
    assert "ever ran on this Redis" in judged(in_redis="1.13.5")[0].text.en


def test_versions_that_nobody_knows_are_not_looked_at():
    assert [f.mark for f in judged()] == [LinkMark.NOT_CHECKED, LinkMark.NOT_CHECKED]


@pytest.mark.parametrize(
    ("version", "mark"),
    [
        ("1.5.2", LinkMark.WARNING),
        ("v1.8.4", LinkMark.OK),
        ("1.10.0", LinkMark.OK),
        ("dev", LinkMark.OK),
    ],
)
def test_a_version_older_than_the_tested_ones_is_a_warning(version, mark):
    assert judged(in_redis=version)[0].mark is mark
