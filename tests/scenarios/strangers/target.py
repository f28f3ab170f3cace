"""
The deployment as its other users see it: their numbers, accounts and clients.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from livekit import api

from livekit_conformance.drivers.sip.caller import Credentials
from livekit_conformance.environments.addresses import is_loopback
from livekit_conformance.environments.profile import Profile
from livekit_conformance.protocol.token import Issuer
from tests.scenarios.harness import reveal
from tests.scenarios.operator_api import operator_api

# Numbers reserved for examples that the suite does not use.
CALLERS = tuple(f"+155501{number}" for number in range(60, 80))
UNKNOWN_NUMBERS = tuple(f"+155501{number}" for number in range(80, 90))
PIN_NUMBER, BUSY_NUMBER, LOBBY_NUMBER = "+15550150", "+15550151", "+15550152"
# The room of all calls to LOBBY_NUMBER.
LOBBY = "lobby-of-others"


@dataclass(frozen=True)
class Target:
    """
    The profile of a deployment on loopback, and the strangers' own clients of it.
    """

    profile: Profile
    server: api.LiveKitAPI
    http: aiohttp.ClientSession
    callers: Iterator[str] = field(default_factory=lambda: itertools.cycle(CALLERS))
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def sip(self) -> tuple[str, int]:
        """
        Address of livekit-sip.
        """
        host, _, port = self.profile.sip.server.partition(":")
        return host, int(port)

    @property
    def api(self) -> tuple[str, int]:
        """
        Address of livekit-server.
        """
        url = urlsplit(self.profile.livekit.url)
        assert url.hostname is not None
        assert url.port is not None
        return url.hostname, url.port

    @property
    def account(self) -> Credentials:
        """
        The account that may call the profile's number.
        """
        return Credentials(self.profile.sip.username, reveal(self.profile.sip.password))

    @property
    def issuer(self) -> Issuer:
        """
        Issuer of good tokens.
        """
        livekit = self.profile.livekit
        return Issuer(livekit.api_key, reveal(livekit.api_secret), int(time.time()))

    @property
    def own_host(self) -> str:
        """
        Address that strangers call from.
        """
        return self.sip[0]

    def room(self, words: str) -> str:
        """
        Return a new room name that fits the profile's pattern.
        """
        call_id = f"{words}-{next(self.numbers)}"
        return self.profile.rooms.name_pattern.replace("{call_id}", call_id)

    def log(self, service: str) -> Path:
        """
        Return the log file of a service.
        """
        return next(log.path for log in self.profile.logs if log.service == service and log.path)


@asynccontextmanager
async def target_of(profile: Profile) -> AsyncIterator[Target]:
    """
    Yield the target of strangers; refuse a deployment that is not on loopback.
    """
    host = urlsplit(profile.livekit.url).hostname
    if not (is_loopback(host) and is_loopback(profile.sip.server.partition(":")[0])):
        raise ValueError(f"strangers' traffic is for loopback only, not for {host}")
    async with operator_api(profile.livekit) as server, aiohttp.ClientSession() as http:
        yield Target(profile, server, http)
