"""
The suite connects directly, whatever proxy the environment names.
"""

from __future__ import annotations

import pytest
from aiohttp import web

from livekit_conformance.client import Client
from livekit_conformance.doctor import settings
from livekit_conformance.drivers.api.http_client import HttpClient
from livekit_conformance.drivers.api.permissions import Permit
from livekit_conformance.environments.loader import Loaded
from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.proxies import proxies_in, without_proxies
from livekit_conformance.observations import Recorder
from livekit_conformance.secrets.scrubber import Scrubber
from tests.http_server import serving

NAMES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture
async def proxied(monkeypatch):
    """Yield the list of requests that reach the proxy of the environment."""
    seen = []

    async def proxy(request):
        seen.append(request.path)
        return web.Response(status=502)

    async with serving(proxy) as url:
        for name in NAMES:
            monkeypatch.setenv(name, url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        yield seen


async def direct(request):
    del request
    return web.Response(content_type="application/protobuf")


async def test_no_client_of_ours_uses_a_proxy(proxied):
    async with serving(direct) as url:
        async with HttpClient(Permit.everything(), Recorder(Scrubber()), timeout=5) as http:
            assert (await http.request("GET", url)).status == 200
        async with Client(url, "APIabcdefgh12", "s" * 32) as client:
            assert await client.list_rooms() == []

    assert proxied == []


def test_a_child_process_gets_no_proxy():
    environ = {"HTTP_PROXY": "http://p:1", "no_proxy": "x", "PATH": "/bin", "All_Proxy": "p"}

    assert without_proxies(environ) == {"PATH": "/bin"}
    assert proxies_in(environ) == ["All_Proxy", "HTTP_PROXY", "no_proxy"]
    assert proxies_in({"HTTP_PROXY": ""}) == []


@pytest.mark.parametrize("names", [(), ("HTTPS_PROXY", "NO_PROXY")])
def test_the_doctor_lists_the_variables(monkeypatch, tmp_path, names):
    for name in (*NAMES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in names:
        monkeypatch.setenv(name, "http://proxy.example:3128")
    loaded = Loaded(Profile(kind="mock", allow=("read",)), tmp_path / "mock.yaml", origins={})

    found = [finding.text.en for finding in settings.judge_loaded(loaded, None)]

    told = [text for text in found if "directly" in text]
    assert told == [
        f"{', '.join(names)}: not used, because the suite connects to every service directly"
    ] * bool(names)
