"""
Objects are recorded and marked before they are created, and never match calls of others.
"""

import json
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from livekit import api

from livekit_conformance.catalogue.effects import Effect
from livekit_conformance.catalogue.log_lines import of_server
from livekit_conformance.drivers.api.livekit_api import ApiRefused, LiveKitClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.drivers.ownership.ledger import NAME, Ledger
from livekit_conformance.drivers.ownership.owner import Owner
from livekit_conformance.drivers.sweeper import MOST_DELETED, Leftover, ListedObject, Sweeper
from livekit_conformance.drivers.sweeper import TooManyLeftovers as TooMany
from livekit_conformance.errors import NotPermitted
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.patterns import Redactor
from tests.http_server import serving

SECRET = "the-secret-of-the-test-is-long-enough"
OURS, FOREIGN = "+15550123", "+15551234567"


@pytest.fixture
def book(tmp_path):
    with Ledger(tmp_path / "run" / NAME, run="run", environment="test") as book:
        yield book


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "run" / NAME
    return lambda: [json.loads(line) for line in path.read_text().splitlines()]


@asynccontextmanager
async def client_of(owner, permit=None, url="ws://127.0.0.1:1"):
    # There is no listener: a request that is sent is Unreachable, one refused before is not.
    async with LiveKitClient(
        url,
        api_key="APItest",
        api_secret=SECRET,
        permit=permit or Permit.everything(),
        recorder=Recorder(Redactor()),
        owner=owner,
    ) as client:
        yield client


def trunk(*numbers):
    return api.SIPInboundTrunkInfo(name="t", numbers=numbers)


def rule(*trunks, numbers=(OURS,)):
    return api.SIPDispatchRuleInfo(name="r", trunk_ids=trunks, numbers=numbers)


def call(number, **more):
    request = api.CreateSIPParticipantRequest(sip_call_to=number, participant_identity="p", **more)
    request.max_call_duration.FromSeconds(10)
    return request


def unbounded(number):
    return api.CreateSIPParticipantRequest(sip_call_to=number, participant_identity="p")


CREATIONS = {
    "inbound trunk without numbers": lambda c: c.create_inbound_trunk(trunk()),
    "inbound trunk with an empty number": lambda c: c.create_inbound_trunk(trunk("")),
    "inbound trunk with a foreign number": lambda c: c.create_inbound_trunk(trunk(OURS, FOREIGN)),
    "outbound trunk without numbers": lambda c: c.create_outbound_trunk(
        api.SIPOutboundTrunkInfo(name="t")
    ),
    "rule without trunks": lambda c: c.create_dispatch_rule(rule()),
    "rule for a foreign trunk": lambda c: c.create_dispatch_rule(rule("ST_own", "ST_foreign")),
    "rule without numbers": lambda c: c.create_dispatch_rule(rule("ST_own", numbers=())),
    "rule for a foreign number": lambda c: c.create_dispatch_rule(
        rule("ST_own", numbers=(OURS, FOREIGN))
    ),
    "call to a foreign number": lambda c: c.create_sip_participant(call(FOREIGN)),
    "call without an end": lambda c: c.create_sip_participant(unbounded(OURS)),
}


@pytest.mark.parametrize("creation", CREATIONS.values(), ids=CREATIONS)
async def test_what_may_catch_foreign_calls_is_refused_before_it_is_noted(creation, book, lines):
    async with client_of(Owner(book, secret=SECRET)) as client:
        client.adopt("inbound-trunk", "ST_own")

        with pytest.raises(NotPermitted):
            await creation(client)

    assert lines() == []


@pytest.mark.parametrize("number", [OURS, "1 (555) 01-99", "+15550100", FOREIGN, "+1 555-123 4567"])
def test_reserved_numbers_and_those_of_the_profile_are_ours(book, number):
    Owner(book, secret=SECRET, numbers=[FOREIGN, ""]).refuse_foreign_numbers("a trunk", [number])


@pytest.mark.parametrize("number", ["112", "+1555010", "+155501000", "+25550123", "+15550123;x"])
def test_other_numbers_are_foreign(book, number):
    with pytest.raises(NotPermitted, match=r"555 01xx"):
        Owner(book, secret=SECRET, numbers=[FOREIGN]).refuse_foreign_numbers("a trunk", [number])


async def test_without_an_owner_nothing_is_created():
    async with client_of(None) as client:
        with pytest.raises(NotPermitted, match="no owner"):
            await client.create_room("x")


async def test_what_is_not_permitted_is_not_noted(book, lines):
    async with client_of(Owner(book, secret=SECRET), Permit(frozenset({Effect.READ}))) as client:
        with pytest.raises(NotPermitted, match="create-rooms"):
            await client.create_room("x")

    assert lines() == []


@pytest.mark.parametrize(
    "deletion",
    [
        lambda client: client.delete_room("x"),
        lambda client: client.delete_trunk("x"),
        lambda client: client.delete_dispatch_rule("x"),
        lambda client: client.remove_participant("x", "x"),
    ],
    ids=["room", "trunk", "rule", "participant"],
)
async def test_what_is_not_ours_is_not_deleted(book, deletion):
    async with client_of(Owner(book, secret=SECRET)) as client:
        with pytest.raises(NotPermitted, match="is not ours"):
            await deletion(client)


def test_a_claim_is_noted_and_proves_whose_it_is(book, lines):
    owner = Owner(book, secret=SECRET)

    metadata = owner.claim("room", "x", note="n")
    owner.note_id("room", "x", "RM_1")

    mark = owner.mark_of("room", "x", metadata)
    assert mark is not None
    assert (mark.run, mark.note, mark.ttl) == ("run", "n", 3600)
    assert [line["type"] for line in lines()] == ["create", "created"]
    assert lines()[1]["id"] == "RM_1"


def test_no_more_rooms_are_open_than_the_profile_allows(book):
    owner = Owner(book, secret=SECRET, rooms=2)
    owner.claim("room", "a")
    owner.claim("room", "b")
    owner.claim("room", "b")
    with pytest.raises(NotPermitted, match=r"limits\.rooms of the profile is 2"):
        owner.claim("room", "c")

    owner.release_room("a")

    owner.claim("room", "c")
    owner.claim("inbound-trunk", "t")


class Deletions:
    def __init__(self, *, code=None):
        self.deleted = []
        self.code = code

    def adopt(self, kind, key):
        pass

    async def delete_trunk(self, trunk_id):
        if self.code:
            raise ApiRefused("DeleteSIPTrunk", status=400, code=self.code, text="no")
        self.deleted.append(trunk_id)


def leftovers(count):
    return [
        Leftover(ListedObject("inbound-trunk", f"t{n}", f"ST_{n}", ""), "run", "its run is dead")
        for n in range(count)
    ]


def sweeper_of(client):
    return Sweeper(client, secret=SECRET, environment="test", past=())


async def test_too_many_leftovers_are_not_ours_to_delete():
    client = Deletions()

    with pytest.raises(TooMany, match=f"{MOST_DELETED + 1} objects"):
        await sweeper_of(client).delete(leftovers(MOST_DELETED + 1))
    assert client.deleted == []

    await sweeper_of(client).delete(leftovers(MOST_DELETED))
    assert len(client.deleted) == MOST_DELETED


@pytest.mark.parametrize(("code", "left"), [("not_found", 0), ("internal", 1)])
async def test_what_cannot_be_deleted_is_left_and_told(code, left):
    swept = await sweeper_of(Deletions(code=code)).delete(leftovers(1))

    assert (len(swept.deleted), len(swept.left)) == (1 - left, left)


async def test_a_room_of_ours_is_not_for_workers_of_automatic_dispatch(book):
    asked = []

    async def create(request):
        asked.append(api.CreateRoomRequest.FromString(await request.read()))
        room = api.Room(name=asked[-1].name).SerializeToString()
        return web.Response(body=room, content_type="application/protobuf")

    async with serving(create) as url, client_of(Owner(book, secret=SECRET), url=url) as client:
        await client.create_room("room")

    (request,) = asked
    assert [agent.agent_name for agent in request.agents] == [of_server.NOBODY]
