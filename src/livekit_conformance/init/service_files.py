"""
Read the settings of a deployment from the files of livekit-server and livekit-sip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote, urlsplit

import yaml

from livekit_conformance.config_doctor.reading import Unreadable, decode, documents
from livekit_conformance.config_doctor.services import SERVER, ConfiguredService
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.environments.addresses import is_address
from livekit_conformance.errors import in_system_words
from livekit_conformance.init.fields import FoundValue, why_unusable

# The default port of each service, by the key of the profile that contains its address.
DEFAULT_PORTS = {"livekit.url": 7880, "sip.server": 5060, "redis": 6379}
_HERE = "127.0.0.1"


class BrokenInput(Exception):
    """
    A file cannot be read; the message names the file, the line and the remedy.
    """


@dataclass(frozen=True, slots=True)
class Network:
    """
    Ways to reach containers from this machine: for each service, its own ports and the published
    ones.

    `service` is the service whose file is read; None outside of containers.
    """

    service: str | None = None
    published: dict[str, dict[int, int]] = field(default_factory=dict)

    def here(self, port: int) -> str | None:
        """
        Return the address on this machine that leads to a port of the service itself.
        """
        return f"{_HERE}:{port}" if self.service is None else self.seen(self.service, port)

    def seen(self, host: str, port: int) -> str | None:
        """
        Return an address as this machine reaches it; None if only containers reach it.
        """
        if host not in self.published:
            return f"{host}:{port}"
        outside = self.published[host].get(port)
        return f"{_HERE}:{outside}" if outside else None


def read(path: Path) -> Settings:
    """
    Return the keys of a YAML file. Raise BrokenInput if it is not YAML or cannot be read.
    """
    try:
        return parsed(decode(path.read_bytes()), str(path))
    except OSError as error:
        raise BrokenInput(f"{path}: cannot be read: {in_system_words(error)}") from error
    except Unreadable as error:
        raise BrokenInput(f"{path}:{error.line}: {error.problem}: save it as UTF-8") from error


def parsed(text: str, name: str) -> Settings:
    """
    Return the keys of YAML text that comes from the file `name`. Raise BrokenInput if it is none.
    """
    try:
        root = documents(text).root
    except Unreadable as error:
        place = f"{name}:{error.line}:{error.column}"
        raise BrokenInput(f"{place}: {error.problem}: correct the syntax") from error
    if root is None:
        return Settings(name)
    if not isinstance(root, yaml.MappingNode):
        raise BrokenInput(f"{name}:{root.start_mark.line + 1}: not a mapping: write `key: value`")
    return Settings(name, root)


def seen_url(key: str, url: str, network: Network) -> str | None:
    """
    Return a value of `key` as this machine reaches it; None if only containers reach it.

    A value that the profile cannot have is returned unchanged.
    """
    if why_unusable(key, url):
        return url
    parts = urlsplit(url if "://" in url else f"//{url}")
    if parts.hostname not in network.published:
        return url
    address = network.seen(parts.hostname, parts.port or DEFAULT_PORTS[key])
    return url.replace(parts.netloc, address, 1) if address else None


def values(
    settings: Settings, service: ConfiguredService, network: Network
) -> Iterator[FoundValue]:
    """
    Yield the values in the file of a service.
    """
    yield from (_of_server if service is SERVER else _of_sip)(settings, network)
    yield from _redis(settings, network)


def _of_server(settings: Settings, network: Network) -> Iterator[FoundValue]:
    port = settings.number("port", default=DEFAULT_PORTS["livekit.url"])
    hosts = [host for host in settings.texts("bind_addresses") if _is_one(host)]
    address = f"{hosts[0]}:{port}" if hosts and network.service is None else network.here(port)
    if address:
        yield _found(settings, "livekit.url", f"ws://{address}", "port")
    for key, secret in settings.pairs("keys").items():
        yield _found(settings, "livekit.api_key", key, "keys", key)
        yield _found(settings, "livekit.api_secret", secret, "keys", key)
    for url in settings.texts("webhook", "urls"):
        yield _found(settings, "webhook.url", url, "webhook", "urls")


def _is_one(host: str) -> bool:
    return is_address(host) and not ip_address(host).is_unspecified


def _of_sip(settings: Settings, network: Network) -> Iterator[FoundValue]:
    if url := seen_url("livekit.url", settings.text("ws_url"), network):
        yield _found(settings, "livekit.url", url, "ws_url")
    for key in ("api_key", "api_secret"):
        if value := settings.text(key):
            yield _found(settings, f"livekit.{key}", value, key)
    if address := network.here(settings.number("sip_port", default=DEFAULT_PORTS["sip.server"])):
        yield _found(settings, "sip.server", address, "sip_port")


def _redis(settings: Settings, network: Network) -> Iterator[FoundValue]:
    inside = settings.text("redis", "address")
    url = seen_url("redis", f"redis://{inside}", network) if inside else None
    if url is None:
        return
    address = url.removeprefix("redis://")
    scheme = "rediss" if settings.says_yes("redis", "use_tls") else "redis"
    database = settings.number("redis", "db")
    value = f"{scheme}://{address}/{database}"
    account = ""
    if settings.text("redis", "password"):
        account = f"{quote(settings.text('redis', 'username'))}:${{REDIS_PASSWORD:-}}@"
    written = f"{scheme}://{account}{address}/{database}"
    yield _found(settings, "redis", value, "redis", "address", written=written)


def _found(
    settings: Settings, key: str, value: str, *path: str, written: str | None = None
) -> FoundValue:
    line, _ = settings.place(*path)
    return FoundValue(key, value, settings.file, line, value if written is None else written)


def own_file(path: Path, service: ConfiguredService) -> Iterable[FoundValue]:
    """
    Return the profile entry that lets the suite read the file itself.
    """
    name = "server" if service is SERVER else "sip"
    return [FoundValue(f"deployment.livekit_{name}_config", str(path), str(path), None, str(path))]
