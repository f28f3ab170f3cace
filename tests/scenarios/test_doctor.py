"""
The pre-flight on real services: no finding on healthy ones, the right one on broken ones, and no
change on any.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time

import pytest
from livekit import api
from pydantic import SecretStr

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.doctor.findings import LinkMark, first_broken
from livekit_conformance.environments.profile import Profile
from livekit_conformance.observations import Recorder
from livekit_conformance.protocol.logline import parse
from livekit_conformance.provisioners.local.stack import running_stack
from livekit_conformance.secrets.patterns import Redactor
from tests.doctor.conftest import NO_FILES, changed, look, the_problem, wrong
from tests.scenarios.harness import ROOT, write_profile
from tests.scenarios.load import stated
from tests.scenarios.operator_api import operator_api
from tests.secrecy import leaks


async def doctor(env: str, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livekit_conformance.cli", "doctor", "--env", env, *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


def free(scene):
    """
    Return the profile of a scene as an operator has it, kind live, and free the suite's listening
    address, as it is between runs.
    """
    scene.stack.webhook_listener.close()
    return scene.profile.model_copy(update={"kind": "live"})


def of(link, findings):
    return [f for f in findings if f.link is link]


async def test_a_healthy_deployment_is_in_order_within_ten_seconds_and_unchanged(scene):
    async with scene() as healthy:
        profile = free(healthy)
        env = write_profile(profile, healthy.folder / "profile.yaml")
        before = await healthy.inventory()
        logged = len(healthy.stack.server.log.read_text())
        began = time.monotonic()
        status, said = await doctor(env, "--json", "--lang", "en")
        seconds = time.monotonic() - began
        added = healthy.stack.server.log.read_text()[logged:]
        after = await healthy.inventory()

    told = json.loads(said)
    assert status == 0, said
    assert (told["counts"]["problem"], told["counts"]["warning"]) == (0, 0), said
    assert seconds < 10
    assert after == before
    messages = [parse(line).message for line in added.splitlines()]
    requests = [message for message in messages if message.startswith("API ")]
    assert len(requests) == stated("doctor")["requests to livekit-server"]
    assert set(requests) == {
        "API RoomService.ListRooms",
        "API SIP.ListSIPInboundTrunk",
        "API SIP.ListSIPOutboundTrunk",
        "API SIP.ListSIPDispatchRule",
    }
    says = " ".join(finding["says"] for finding in told["findings"])
    assert "livekit-server 1.13.5" in says
    assert "`voice-ai-call-_+15550100_<12 random characters>`" in says
    assert leaks(said, profile.secrets()) == []


async def test_a_service_that_is_gone_is_the_line_that_is_told(scene):
    async with scene() as broken:
        profile = free(broken)
        await broken.stack.sip.stop()
        without_sip = wrong(await look(profile))
        await broken.stack.redis.stop()
        without_redis = await look(profile)
        await broken.stack.server.kill()
        without_server = await look(profile)

    assert [f.link for f in without_sip] == [Link.SIP_SOCKET, Link.BUS_SIP]
    assert "start livekit-sip" in without_sip[0].remedy.en
    assert "no livekit-sip listens" in without_sip[1].text.en
    assert first_broken(without_redis) is Link.ROOMS
    assert "`redis.address` in livekit.yaml" in of(Link.ROOMS, without_redis)[0].remedy.en
    assert any("Start Redis" in f.remedy.en for f in wrong(without_redis))
    assert any("Start livekit-server" in f.remedy.en for f in wrong(without_server))
    assert {f.mark for f in of(Link.API_KEY, without_server)} == {LinkMark.NOT_CHECKED}


async def test_a_frozen_server_accepts_and_does_not_answer(scene):
    async with scene() as broken:
        broken.stack.server.signal(signal.SIGSTOP)
        found = the_problem(await look(free(broken)))
        broken.stack.server.signal(signal.SIGCONT)

    assert found.link is Link.SERVER
    assert "does not answer HTTP" in found.text.en


async def test_a_killed_server_is_missing_on_the_bus_too(scene):
    async with scene() as broken:
        profile = free(broken)
        await broken.stack.server.kill()
        found = await look(profile.model_copy(update={"logs": ()}))

    no_port, nobody_listens = wrong(found)
    assert "Start livekit-server" in no_port.remedy.en
    assert "no livekit-server listens on the bus" in nobody_listens.text.en
    # Redis still has its version.
    assert any("livekit-server 1.13.5 (the newest that ever ran" in f.text.en for f in found)


async def test_a_wrong_key_pair_is_told_in_the_servers_words(scene):
    async with scene() as broken:
        profile = free(broken).model_copy(update={"deployment": NO_FILES})
        other = "another-secret-that-is-long-enough-too"
        wrong_secret = await look(changed(profile, "livekit", api_secret=SecretStr(other)))
        wrong_key = await look(changed(profile, "livekit", api_key="APIunknown00"))
        secret = profile.livekit.api_secret.get_secret_value()
        in_its_place = await look(changed(profile, "livekit", api_key=secret))

    assert "LIVEKIT_API_SECRET" in the_problem(wrong_secret).remedy.en
    assert other not in f"{wrong_secret}"
    assert "LIVEKIT_API_KEY" in the_problem(wrong_key).remedy.en
    assert "`***` is refused" in the_problem(in_its_place).text.en


async def test_trunks_and_rules_that_do_not_fit_are_told_with_why(scene):
    async with scene() as broken, operator_api(broken.profile.livekit) as server:
        profile = free(broken)
        other_password = changed(profile, "sip", password=SecretStr("another-sip-password"))
        account = the_problem(await look(other_password))
        other_number = changed(profile, "sip", number="+15550177")
        trunk = wrong(await look(other_number))
        (rule,) = (await server.sip.list_dispatch_rule(api.ListSIPDispatchRuleRequest())).items
        await server.sip.delete_dispatch_rule(
            api.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule.sip_dispatch_rule_id)
        )
        no_rule = the_problem(await look(profile))
        rule.sip_dispatch_rule_id = ""
        rule.numbers[:] = ["15550123"]
        await server.sip.create_dispatch_rule(api.CreateSIPDispatchRuleRequest(dispatch_rule=rule))
        without_plus = the_problem(await look(profile))

    assert "sip.password is not auth_password of trunk ST_" in account.text.en
    assert [f.link for f in trunk] == [Link.TRUNK, Link.DISPATCH]
    assert "`numbers` has `+15550123`, not `+15550177`" in trunk[0].text.en
    assert (no_rule.link, "there is no dispatch rule" in no_rule.text.en) == (Link.DISPATCH, True)
    assert without_plus.link is Link.DISPATCH
    assert "`+15550123` is listed as `15550123` in `numbers`" in without_plus.text.en
    assert "Add `+15550123` to `numbers`" in without_plus.remedy.en


async def test_a_trunk_for_other_sources_names_our_address_as_livekit_sip_sees_it(scene):
    async with scene() as broken, operator_api(broken.profile.livekit) as server:
        profile = free(broken)
        (trunk,) = (await server.sip.list_inbound_trunk(api.ListSIPInboundTrunkRequest())).items
        trunk.allowed_addresses[:] = ["198.51.100.0/24"]
        await server.sip.update_inbound_trunk(trunk.sip_trunk_id, trunk)
        found = wrong(await look(profile))

    assert found[0].link is Link.TRUNK
    assert "does not include `127." in found[0].text.en


@pytest.mark.usefixtures("real_services")
async def test_a_server_without_redis_is_told_from_outside(tmp_path):
    overrides = {"redis": {}, "logging": {"json": True, "level": "warn"}}
    recorder = Recorder(Redactor())
    async with running_stack(tmp_path / "stack", recorder, server_overrides=overrides) as stack:
        profile = Profile.model_validate(
            {
                "kind": "live",
                "allow": ["read"],
                "livekit": {
                    "url": stack.url,
                    "api_key": stack.keys.key,
                    "api_secret": stack.keys.secret,
                },
                "sip": {"server": stack.address, "number": "+15550123"},
                "redis": stack.redis_url,
            }
        )
        found = wrong(await look(profile))

    assert {f.link for f in found} == {Link.BUS}
    told = " ".join(f"{f.text.en} {f.remedy.en}" for f in found)
    assert "sip not connected" in told
    assert "write the same `redis:` into livekit.yaml" in told
    assert "no livekit-server listens" in told
