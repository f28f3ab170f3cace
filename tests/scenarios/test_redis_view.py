"""
The view of the bus on a real Redis: its contents, and its error without permission.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
import redis.asyncio
import trustme
from redis.exceptions import NoPermissionError

from livekit_conformance.drivers.bus import CHANNELS, Bus
from livekit_conformance.errors import Blocked, Unreachable
from livekit_conformance.judges.bus import FULL, OTHER_TLS, REPLICA, judge_redis
from livekit_conformance.observations import Recorder
from livekit_conformance.provisioners.local.address import own_loopback_address
from livekit_conformance.provisioners.local.binaries import REDIS, find
from livekit_conformance.provisioners.local.process import Process
from livekit_conformance.secrets.patterns import Redactor
from livekit_conformance.waiting import wait_until

PASSWORD = "made-up-redis-password"
PORT, OTHER_PORT, SENTINEL_PORT = 6379, 6380, 26379


Start = Callable[..., Awaitable[None]]


@pytest_asyncio.fixture
async def start(real_services: None, tmp_path: Path) -> AsyncIterator[Start]:
    """
    Yield the function that starts a Redis with these arguments at an address.
    """
    async with AsyncExitStack() as running:

        async def begin(address: str, port: int, *arguments: str) -> None:
            program = str(find(REDIS, os.environ).path)
            log = tmp_path / f"redis-{port}.log"
            command = (program, *arguments, "--dir", str(tmp_path))
            process = Process(log.stem, command, log, Recorder(Redactor()))

            async def accepts() -> str | None:
                try:
                    socket.create_connection((address, port), timeout=1).close()
                except OSError as error:
                    return str(error)
                return None

            await process.start(accepts)
            running.push_async_callback(process.stop)

        yield begin


@pytest.fixture
def address() -> Iterator[str]:
    with own_loopback_address() as address:
        yield address


@pytest_asyncio.fixture
async def redis_address(start: Start, address: str) -> str:
    """
    Start a Redis with a password and return its address.
    """
    listens = ("--bind", address, "--port", str(PORT), "--save", "")
    await start(address, PORT, *listens, "--requirepass", PASSWORD, "--masterauth", PASSWORD)
    return address


async def test_an_idle_redis_has_no_listeners_and_no_nodes(redis_address):
    bus = Bus(f"redis://:{PASSWORD}@{redis_address}", Recorder(Redactor([PASSWORD])))

    assert await bus.listeners() == dict.fromkeys(CHANNELS, 0)
    assert await bus.nodes() == []
    assert await bus.server_version() is None
    assert PASSWORD not in bus.endpoint


async def test_a_node_that_no_longer_listens_is_not_registered(redis_address):
    url = f"redis://:{PASSWORD}@{redis_address}"
    bus = Bus(url, Recorder(Redactor([PASSWORD])))

    async with redis.asyncio.Redis.from_url(url, protocol=2) as client, client.pubsub() as alive:
        await client.hset("nodes", mapping={"ND_alive": "1", "ND_killed": "1"})
        await alive.subscribe("Keepalive|Ping|ND_alive|REQ")
        assert await alive.get_message(timeout=5)

        assert await bus.nodes() == ["ND_alive"]


async def test_a_missing_password_is_told_with_the_remedy(redis_address):
    recorder = Recorder(Redactor())
    bus = Bus(f"redis://{redis_address}", recorder)

    with pytest.raises(Unreachable) as failure:
        await bus.listeners()

    assert "redis://:PASSWORD@host" in failure.value.remedy
    # It does answer.
    assert recorder.observations == []


async def test_the_instance_is_told_where_the_account_may_ask_for_it(redis_address):
    url = f"redis://:{PASSWORD}@{redis_address}"
    recorder = Recorder(Redactor([PASSWORD]))
    bus = Bus(url, recorder)
    found = await bus.instance()

    async with redis.asyncio.Redis.from_url(url, protocol=2) as client:
        info = await client.info("server")
        await client.acl_setuser("default", enabled=True, commands=["-info"])
    hidden = await bus.instance()

    assert (found, hidden) == (info["run_id"], None)
    assert [seen.run_id for seen in recorder.observations] == [found, None]


async def test_a_missing_redis_is_told_with_the_remedy():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        recorder = Recorder(Redactor())
        bus = Bus(f"redis://127.0.0.1:{closed.getsockname()[1]}", recorder)
        with pytest.raises(Unreachable) as failure:
            await bus.listeners()

    assert "Check that Redis runs" in failure.value.remedy
    assert "connecting to 127.0.0.1" in recorder.observations[-1].error


async def test_a_redis_that_refuses_to_write_says_why(redis_address):
    url = f"redis://:{PASSWORD}@{redis_address}"
    bus = Bus(url, Recorder(Redactor([PASSWORD])))
    healthy, _ = await bus.look({})

    async with redis.asyncio.Redis.from_url(url, protocol=2) as client:
        await client.config_set("maxmemory", "500kb")
        full, _ = await bus.look({})
        await client.replicaof("127.0.0.1", "1")
        replica, _ = await bus.look({})

    assert [*judge_redis(healthy, [], [])] == []
    assert [each.code for each in judge_redis(full, [], [])] == [FULL]
    assert [each.code for each in judge_redis(replica, [], [])] == [REPLICA, FULL]
    assert replica.master == "127.0.0.1:1"


async def test_the_rights_of_an_account_are_those_that_the_services_need(redis_address):
    url = f"redis://:{PASSWORD}@{redis_address}"
    bus = Bus(url, Recorder(Redactor([PASSWORD])))
    users = {"livekit-server": "voice", "livekit-sip": "voice"}

    async with redis.asyncio.Redis.from_url(url, protocol=2) as client:
        unknown = (await bus.look(users))[1]
        # As a new user of Redis 7 is.
        await client.execute_command("ACL SETUSER", "voice", "on", "nopass", "~*", "+@all")
        without_channels = (await bus.look(users))[1]
        await client.execute_command(
            "ACL SETUSER", "voice", "&*", "-publish", "resetkeys", "~rooms"
        )
        limited = (await bus.look(users))[1]
        # The advice of the cause.
        advised = ("~*", "&*", "+@all", "-@dangerous")
        await client.execute_command("ACL SETUSER", "voice", *advised)
        allowed = (await bus.look(users))[1]

    assert unknown == []
    assert {(each.service, each.missing) for each in without_channels} == {
        ("livekit-server", ("&*",)),
        ("livekit-sip", ("&*",)),
    }
    assert [set(each.missing) for each in limited] == [{"+publish", "~*"}] * 2
    assert [each.missing for each in allowed] == [(), ()]


async def test_a_refusal_names_its_user_where_no_file_names_one(redis_address):
    url = f"redis://:{PASSWORD}@{redis_address}"
    bus = Bus(url, Recorder(Redactor([PASSWORD])))

    async with redis.asyncio.Redis.from_url(url, protocol=2) as client:
        await client.execute_command("ACL SETUSER", "voice", "on", "nopass", "~*", "+@all")
        await client.execute_command("AUTH", "voice", "x")
        for channel in ("IOInfo|GetSIPTrunkAuthentication|REQ", "news"):
            with pytest.raises(NoPermissionError):
                await client.publish(channel, "x")
    _, (account,) = await bus.look({})

    assert (account.user, account.missing) == ("voice", ("&*",))


async def test_the_missing_rights_are_seen_by_a_user_that_may_not_count_subscribers(redis_address):
    url = f"redis://:{PASSWORD}@{redis_address}"
    bus = Bus(url, Recorder(Redactor([PASSWORD])))

    async with redis.asyncio.Redis.from_url(url, protocol=2) as client:
        await client.execute_command("ACL SETUSER", "default", "-@pubsub")
    state, accounts = await bus.look({"livekit-sip": "default"})

    assert state.listening == 0
    assert [each.missing for each in accounts] == [("+subscribe", "+publish")]


@pytest.mark.parametrize("command", ["hget", "hmget", "hvals", "hset", "hdel", "del", "evalsha"])
async def test_each_command_on_keys_that_livekit_server_gives_is_looked_at(redis_address, command):
    url = f"redis://:{PASSWORD}@{redis_address}"
    bus = Bus(url, Recorder(Redactor([PASSWORD])))

    async with redis.asyncio.Redis.from_url(url, protocol=2) as client:
        await client.execute_command("ACL SETUSER", "default", f"-{command}")
    _, (account,) = await bus.look({"livekit-server": "default"})

    assert account.missing == (f"+{command}",)


async def test_an_account_that_may_only_read_the_bus_is_enough(redis_address):
    url = f"redis://:{PASSWORD}@{redis_address}"
    rules = ("resetkeys", "%R~nodes", "%R~livekit_version", "-@all", "+pubsub", "+hkeys", "+get")
    async with redis.asyncio.Redis.from_url(url, protocol=2) as client:
        await client.execute_command("ACL SETUSER", "viewer", "on", f">{PASSWORD}", *rules)
    bus = Bus(f"redis://viewer:{PASSWORD}@{redis_address}", Recorder(Redactor([PASSWORD])))

    state, accounts = await bus.look({"livekit-sip": "default"})

    assert [*judge_redis(state, [], accounts)] == accounts == []
    assert await bus.listeners() == dict.fromkeys(CHANNELS, 0)
    assert await bus.nodes() == []
    assert await bus.server_version() is None


async def test_the_services_are_found_through_a_replica_and_a_sentinel(
    start, redis_address, tmp_path
):
    master, channel = f"redis://:{PASSWORD}@{redis_address}", next(iter(CHANNELS))
    listens = ("--bind", redis_address, "--save", "", "--requirepass", PASSWORD)
    await start(
        *(redis_address, OTHER_PORT, *listens, "--port", str(OTHER_PORT)),
        *("--masterauth", PASSWORD, "--replicaof", f"{redis_address} {PORT}"),
    )
    conf = tmp_path / "sentinel.conf"
    conf.write_text(
        f"bind {redis_address}\nport {SENTINEL_PORT}\nrequirepass {PASSWORD}\n"
        f"sentinel monitor main {redis_address} {PORT} 1\nsentinel auth-pass main {PASSWORD}\n"
    )
    await start(redis_address, SENTINEL_PORT, str(conf), "--sentinel")
    views = [
        Bus(f"{master}:{port}", Recorder(Redactor([PASSWORD])))
        for port in (OTHER_PORT, SENTINEL_PORT)
    ]

    async def why_not_yet() -> str | None:
        state, _ = await views[0].look({})
        return None if state.listening_at_master is not None else "the replica has no master yet"

    async with redis.asyncio.Redis.from_url(master, protocol=2) as client, client.pubsub() as sub:
        await sub.subscribe(channel)
        assert await sub.get_message(timeout=5)
        linked = await wait_until(why_not_yet, within=10)
        assert linked.came_true, str(linked)
        seen = [(await view.look({}))[0] for view in views]
        counts = [(await view.listeners())[channel] for view in views]

    assert counts == [1, 1]
    assert [state.mode for state in seen] == ["alone", "sentinel"]
    assert [code for state in seen for code in judge_redis(state, [], [])] == []


async def test_a_url_with_the_wrong_scheme_says_which_is_right(start, address, tmp_path):
    await start(address, PORT, "--bind", address, "--port", str(PORT), "--save", "")
    authority = trustme.CA()
    certificate = authority.issue_cert(address)
    files = {part: tmp_path / f"{part}.pem" for part in ("cert", "key", "ca")}
    certificate.cert_chain_pems[0].write_to_path(files["cert"])
    certificate.private_key_pem.write_to_path(files["key"])
    authority.cert_pem.write_to_path(files["ca"])
    await start(
        *(address, OTHER_PORT, "--bind", address, "--port", "0", "--save", ""),
        *("--tls-port", str(OTHER_PORT), "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(files["cert"]), "--tls-key-file", str(files["key"])),
        *("--tls-ca-cert-file", str(files["ca"])),
    )

    for url, right in (
        (f"rediss://{address}:{PORT}", "redis://"),
        (f"redis://{address}:{OTHER_PORT}", "rediss://"),
    ):
        bus = Bus(url, Recorder(Redactor()))
        state, _ = await bus.look({})
        assert state.speaks_tls == (right == "rediss://")
        with pytest.raises(Blocked) as blocked:
            await bus.listeners()
        assert blocked.value.remedy.endswith(f"with {right}")
        assert [each.code for each in blocked.value.findings] == [OTHER_TLS]
    right_url = f"rediss://{address}:{OTHER_PORT}?ssl_ca_certs={files['ca']}"
    assert await Bus(right_url, Recorder(Redactor()), timeout=10).nodes() == []
