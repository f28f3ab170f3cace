"""
Hosting of a deployment: given in the profile, else inferred from it.
"""

from __future__ import annotations

from pathlib import PurePath
from urllib.parse import urlsplit

from livekit_conformance.catalogue.hosting import Hosting
from livekit_conformance.environments.profile import Profile

_CLOUD = ".livekit.cloud"
# Programs that print the logs of containers.
_PROGRAMS = {
    "docker": Hosting.DOCKER,
    "docker-compose": Hosting.DOCKER,
    "podman": Hosting.DOCKER,
    "kubectl": Hosting.KUBERNETES,
    "oc": Hosting.KUBERNETES,
    "stern": Hosting.KUBERNETES,
}


def hosting_of(profile: Profile) -> Hosting:
    """
    Return the hosting of the services; `Hosting.SELF` if the profile shows no other.
    """
    if profile.hosting is not None:
        return profile.hosting
    if (urlsplit(profile.livekit.url).hostname or "").endswith(_CLOUD):
        return Hosting.CLOUD
    programs = (PurePath(log.command[0]).name for log in profile.logs if log.command)
    return next((_PROGRAMS[name] for name in programs if name in _PROGRAMS), Hosting.SELF)
