"""
The whole examination of the mock: no finding on a healthy one, the right one on a broken one.
"""

from __future__ import annotations

import socket
import time

import pytest
from pydantic import SecretStr

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.doctor import examination, sip
from livekit_conformance.doctor.findings import LinkMark
from livekit_conformance.drivers.sip.source_address import Source
from livekit_conformance.environments.profile import Outbound, Sip
from livekit_conformance.environments.variables import LeftOut
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.logline import parse
from livekit_conformance.secrets.patterns import Redactor
from tests import certificates
from tests.doctor.conftest import NO_FILES, changed, complete, look, the_problem, wrong
from tests.scenarios.wrong_peers import closed_port, mute


@pytest.fixture
def impatient(monkeypatch):
    """
    Shorten the deadlines of the probes.
    """
    monkeypatch.setattr(examination, "EACH_S", 0.8)
    monkeypatch.setattr(examination, "_DRIVER_S", 0.6)
    monkeypatch.setattr(sip, "_ANSWER_WITHIN_S", 0.4)
    monkeypatch.setattr(sip, "_OVER_TCP_S", 0.3)


async def test_a_healthy_deployment_is_in_order(deployment):
    began = time.monotonic()
    async with deployment() as (_, profile):
        found = await look(profile)

    assert wrong(found) == []
    assert time.monotonic() - began < 5
    # Everything the mock has; it reports no version of livekit-sip.
    assert {f.link for f in found if f.mark is LinkMark.OK} == {
        Link.CONFIGURATION,
        Link.TCP,
        Link.TLS,
        Link.SERVER,
        Link.CLOCK,
        Link.API_KEY,
        Link.GRANTS,
        Link.ENDPOINT_SOCKET,
        Link.SIP_SOCKET,
        Link.BUS,
        Link.BUS_SIP,
        Link.TRUNK,
        Link.CREDENTIALS,
        Link.DISPATCH,
        Link.ROOM_NAME,
        Link.LOGS,
    }


@pytest.mark.parametrize(
    ("fault", "link", "words"),
    [
        ("not_ready", Link.NODE, "406 'Not Ready'"),
        ("clock_behind", Link.CLOCK, "behind ours"),
        ("bus_down", Link.BUS, "no livekit-server listens"),
        ("outbound_no_sip_service", Link.BUS_SIP, "no livekit-sip listens"),
        ("http_silent", Link.SERVER, "does not answer HTTP"),
        ("sip_silent", Link.SIP_SOCKET, "over TCP"),
    ],
)
async def test_one_fault_is_the_one_problem_that_is_told(deployment, impatient, fault, link, words):
    async with deployment(**{fault: True}) as (_, profile):
        found = the_problem(await look(profile))

    assert found.link is link
    assert words in found.text.en


async def test_an_inexact_clock_is_a_warning(deployment):
    async with deployment(clock_inexact=True) as (_, profile):
        (found,) = wrong(await look(profile))

    assert (found.link, found.mark) == (Link.CLOCK, LinkMark.WARNING)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"api_key": "APIunknown00"}, "invalid API key"),
        ({"api_secret": SecretStr("another-secret-that-is-long-enough")}, "signature"),
    ],
    ids=["key", "secret"],
)
async def test_a_wrong_key_pair_is_told_and_what_needs_it_is_not_looked_at(
    deployment, values, words
):
    async with deployment() as (_, profile):
        other = changed(profile, "livekit", **values)
        found = await look(other.model_copy(update={"deployment": NO_FILES}))

    told = the_problem(found)
    assert told.link is Link.API_KEY
    assert words in told.text.en
    assert "another-secret" not in f"{found}"
    assert [f.mark for f in found if f.link is Link.LINE] == [LinkMark.NOT_CHECKED]


async def test_a_refused_port_leaves_the_server_unlooked_at_and_all_others_are_told(deployment):
    with closed_port("127.0.0.1") as port:
        async with deployment() as (_, profile):
            found = await look(changed(profile, "livekit", url=f"ws://127.0.0.1:{port}"))

    told = the_problem(found)
    assert told.link is Link.TCP
    assert "Connection refused" in told.text.en
    assert {f.link for f in found if f.mark is LinkMark.OK} >= {Link.SIP_SOCKET, Link.BUS}
    assert all(f.mark is LinkMark.NOT_CHECKED for f in found if f.link in {Link.API_KEY, Link.LINE})


async def test_silence_everywhere_is_told_within_the_deadline(deployment, impatient):
    async with deployment() as (_, profile):
        with mute("127.0.0.1") as port, socket.socket(type=socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            sip = f"127.0.0.1:{deaf.getsockname()[1]}"
            dark = changed(
                changed(profile, "livekit", url=f"wss://127.0.0.1:{port}"), "sip", server=sip
            )
            dark = changed(dark, "webhook", url=f"https://127.0.0.1:{port}/hook")
            dark = dark.model_copy(
                update={"redis": f"redis://127.0.0.1:{port}", "deployment": NO_FILES}
            )
            began = time.monotonic()
            found = await look(dark)

    assert time.monotonic() - began < 3
    assert {f.link for f in wrong(found)} == {
        Link.TLS,
        Link.ENDPOINT_TLS,
        Link.SIP_SOCKET,
        Link.BUS,
    }


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "sip.silent-over-udp"),
        # Its TCP says nothing about its UDP.
        ({"provider": True}, "options.silent"),
        ({"transport": "tcp"}, "options.port-closed"),
    ],
    ids=["silent", "silent-provider", "closed"],
)
async def test_what_sip_does_not_answer_is_a_problem(impatient, change, code):
    with socket.socket(type=socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        at = Sip(server=f"127.0.0.1:{deaf.getsockname()[1]}", **change)
        source, found = await sip.ask_options(at, Recorder(Redactor()))

    assert the_problem(complete(found)).what.code == code
    assert source == Source()


async def test_what_is_not_finished_at_the_end_is_told(deployment):
    async with deployment(http_silent=True) as (_, profile):
        began = time.monotonic()
        found = await look(profile, whole=0.7)

    assert time.monotonic() - began < 2.5
    unfinished = [f for f in found if "not finished within 0.7 s" in f.text.en]
    assert [f.link for f in unfinished] == [Link.SERVER, Link.API_KEY, Link.LINE]


async def test_a_name_that_does_not_resolve_is_told(deployment):
    async with deployment() as (_, profile):
        of_sip = await look(changed(profile, "sip", server="nowhere.invalid"))
        of_livekit = await look(changed(profile, "livekit", url="ws://nowhere.invalid:7880"))

    for link, found in ((Link.SIP_SOCKET, of_sip), (Link.DNS, of_livekit)):
        told = next(f for f in wrong(found) if f.mark is LinkMark.PROBLEM)
        assert told.link is link
        assert "`nowhere.invalid` has no address" in told.text.en


@pytest.mark.parametrize(
    ("context", "mark", "words"),
    [
        (certificates.good, None, ""),
        (lambda: certificates.good(days=-1), LinkMark.PROBLEM, "certificate has expired"),
        (lambda: certificates.good("elsewhere.test"), LinkMark.PROBLEM, "mismatch"),
        (certificates.of_a_stranger, LinkMark.PROBLEM, "certificate"),
        (lambda: certificates.good(days=5), LinkMark.WARNING, "days left"),
        (lambda: None, LinkMark.PROBLEM, "OpenSSL reports"),
    ],
    ids=["good", "expired", "of-another-host", "of-a-stranger", "expires-soon", "none"],
)
async def test_the_certificate_before_the_server_is_looked_at(
    deployment, tmp_path, monkeypatch, context, mark, words
):
    for name, value in certificates.trust(tmp_path).items():
        monkeypatch.setenv(name, value)
    async with deployment() as (mock, profile):
        port = int(mock.url.rpartition(":")[2])
        async with certificates.in_front_of(port, context()) as front:
            found = await look(changed(profile, "livekit", url=f"wss://localhost:{front}"))

    of_tls = [f for f in wrong(found) if f.link is Link.TLS]
    assert [f.mark for f in of_tls] == ([mark] if mark else [])
    assert all(words in f.text.en for f in of_tls)


async def test_addresses_of_ours_that_are_taken_are_told(deployment):
    async with deployment() as (mock, profile):
        host, _, port = (
            profile.webhook.url.removeprefix("http://").partition("/")[0].rpartition(":")
        )
        taken = changed(profile, "webhook", listen=f"{host}:{port}")
        outbound = Outbound(
            trunk_id="ST_gone", number="+15550142", listen=":".join(map(str, mock.sip_address))
        )
        found = await look(changed(taken, "sip", outbound=outbound))

    told = [f.text.en for f in wrong(found)]
    assert any("(webhook.listen)" in words for words in told)
    assert any("(sip.outbound.listen)" in words for words in told)
    assert any("there is no outbound trunk `ST_gone`" in words for words in told)


async def test_a_profile_that_says_little_is_told_what_it_could_say(deployment):
    async with deployment() as (_, profile):
        bare = type(profile).model_validate(
            {"kind": "live", "allow": ["read"], "livekit": profile.livekit.model_dump()}
        )
        found = await look(bare)

    unseen = [f for f in found if f.mark is LinkMark.NOT_CHECKED]
    assert wrong(found) == []
    assert {Link.SIP_SOCKET, Link.BUS, Link.ENDPOINT, Link.LOGS, Link.LINE} <= {
        f.link for f in unseen
    }
    assert all(f.remedy is not None for f in unseen)


async def test_variables_that_the_profile_asks_for_are_named_and_no_line_that_it_has(deployment):
    async with deployment() as (_, profile):
        bare = type(profile).model_validate(
            {"kind": "live", "allow": ["read"], "livekit": profile.livekit.model_dump()}
        )
        left_out = {
            "sip.server": LeftOut(("SIP_SERVER",), ()),
            "sip.number": LeftOut(("SIP_NUMBER",), ()),
        }
        found = await look(bare, left_out=left_out)

    remedies = {f.link: f.remedy.en for f in found if f.mark is LinkMark.NOT_CHECKED and f.remedy}
    assert (
        remedies[Link.LINE] == "Set `SIP_SERVER`, `SIP_NUMBER` in the environment or the env file"
    )
    assert remedies[Link.BUS] == "Add to the profile: `redis: redis://HOST:6379/0`"


async def test_nothing_is_asked_that_is_not_read_only(deployment):
    async with deployment() as (mock, profile):
        before = len(asked(mock))
        await look(profile)
        after = asked(mock)[before:]

    assert sorted(after) == [
        "RoomService.ListRooms",
        "SIP.ListSIPDispatchRule",
        "SIP.ListSIPInboundTrunk",
    ]


async def test_a_profile_that_allows_more_is_still_only_read(deployment):
    async with deployment() as (mock, profile):
        before = len(asked(mock))
        await look(profile.model_copy(update={"allow": frozenset(Effect)}))

        assert len(asked(mock)) == before + 3


def asked(mock):
    """
    Return the API methods that were called, according to livekit-server's log.
    """
    lines = (parse(line) for line in mock.server_log.read_text().splitlines())
    return [line.message.removeprefix("API ") for line in lines if line.message.startswith("API ")]
