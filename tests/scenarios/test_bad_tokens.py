"""
Every method of the real livekit-server refuses every bad token.
"""

from __future__ import annotations

from dataclasses import astuple

import pytest

from tests.scenarios.harness import reveal
from tests.vectors.attempts import METHODS, try_tokens
from tests.vectors.bad_tokens import BAD_TOKENS, LENIENCIES, TAKEN_BY_GO_JOSE, BadToken


async def test_every_bad_token_is_refused_by_every_method(scene, record_property):
    async with scene() as stage:
        livekit = stage.profile.livekit
        before = await stage.inventory()

        tried = await try_tokens(
            livekit.url.replace("ws", "http", 1), livekit.api_key, reveal(livekit.api_secret)
        )

        assert await stage.inventory() == before
        version = stage.stack.versions["livekit_server"]
    record_property("bad tokens", str(astuple(tried)))
    taken = {wrong.partition(" with ")[2].partition(":")[0] for wrong in tried.wrong}
    assert taken == (set() if is_recent(version) else TAKEN_BY_GO_JOSE), tried.wrong
    assert tried.requests == len(BAD_TOKENS) * len(METHODS) >= 120 * 8
    assert tried.controls >= tried.requests / 20


async def test_what_the_server_lets_pass_is_known(scene):
    shapes = [
        BadToken(name, lambda issuer, make=make: f"Bearer {make(issuer)}")
        for name, make in LENIENCIES.items()
    ]
    async with scene() as stage:
        livekit = stage.profile.livekit

        tried = await try_tokens(
            livekit.url.replace("ws", "http", 1),
            livekit.api_key,
            reveal(livekit.api_secret),
            shapes,
        )

        version = stage.stack.versions["livekit_server"]
    if not is_recent(version):
        pytest.skip(f"the table is of livekit-server 1.13.5, not {version}")
    # No method refuses any of them for its form.
    assert len(tried.wrong) == len(shapes) * len(METHODS)


def is_recent(version: str) -> bool:
    """
    Return whether this version of livekit-server parses tokens with golang-jwt.
    """
    return tuple(map(int, version.split("."))) >= (1, 13)
