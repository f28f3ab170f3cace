"""
Places of the bad network: the connection of the deployment that goes through the proxy.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from livekit_conformance.environments.profile import Profile
from livekit_conformance.provisioners.local.stack import HTTP_PORT, SIP_PORT, WEBHOOK_PATH
from tests.faults.proxy import FaultProxy
from tests.scenarios.real_stack import Scene


class Place(StrEnum):
    """
    A connection of the deployment.
    """

    API = "api"  # from us, agents and participants to livekit-server
    SIP = "sip"  # from callers to livekit-sip
    WEBHOOK = "webhook"  # from livekit-server to the application


async def stand_at(place: Place, scene: Scene) -> FaultProxy:
    """
    Put a proxy there; services and profile then name it instead of its target.
    """
    stack = scene.stack
    match place:
        case Place.API:
            proxy = await _before(scene, HTTP_PORT)
            scene.profile = _with(scene.profile, "livekit", url=f"ws://{_told(proxy)}")
        case Place.SIP:
            proxy = await _before(scene, SIP_PORT)
            scene.profile = _with(scene.profile, "sip", server=_told(proxy))
        case Place.WEBHOOK:
            proxy = await _before(scene, stack.webhook_listener.getsockname()[1])
            url = f"http://{_told(proxy)}{WEBHOOK_PATH}"
            problem = await scene.restart(
                stack.server, webhook={"api_key": stack.keys.key, "urls": [url]}
            )
            assert problem is None, problem
            scene.profile = _with(scene.profile, "webhook", url=url)
    return proxy


async def _before(scene: Scene, port: int) -> FaultProxy:
    return await scene.beside.enter_async_context(FaultProxy((scene.stack.address, port)))


def _told(proxy: FaultProxy) -> str:
    return ":".join(map(str, proxy.address))


def _with(profile: Profile, section: str, **values: Any) -> Profile:
    changed = getattr(profile, section).model_copy(update=values)
    return profile.model_copy(update={section: changed})
