"""
Read the settings of a deployment from a docker-compose file, as seen from this machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from livekit_conformance.config_doctor.services import SERVER, SIP, ConfiguredService
from livekit_conformance.config_doctor.settings import Settings, entries
from livekit_conformance.environments.env_file import read_env_file
from livekit_conformance.init.fields import FoundValue
from livekit_conformance.init.service_files import (
    DEFAULT_PORTS,
    Network,
    own_file,
    parsed,
    read,
    seen_url,
    values,
)
from livekit_conformance.init.variables import of_variables

_IMAGES = ((re.compile(r"livekit/livekit-server"), SERVER), (re.compile(r"livekit/sip"), SIP))
# Variables of the images that hold a whole configuration file.
_BODIES: Mapping[str, ConfiguredService] = {"LIVEKIT_CONFIG": SERVER, "SIP_CONFIG_BODY": SIP}
_PORTS = re.compile(r"(?:.*:)?(?P<outside>\d+):(?P<inside>\d+)(?:/(?:tcp|udp))?")


def of_compose(path: Path) -> Iterator[FoundValue]:
    """
    Yield the values in a compose file and in the files that it mounts into LiveKit's services.
    """
    compose = read(path)
    node = compose.node("services")
    services = [key.value for key, _ in entries(node)] if isinstance(node, yaml.MappingNode) else []
    published = {name: _published(compose, name) for name in services}
    inside = Network(published=published)
    for name in services:
        for found in _environment(compose, name, path):
            yield from _as_seen_from_here(found, inside)
    for name in services:
        image = compose.text("services", name, "image")
        kind = next((service for pattern, service in _IMAGES if pattern.search(image)), None)
        if kind is not None:
            yield from _livekit(compose, name, kind, path, published)


def _as_seen_from_here(found: FoundValue, network: Network) -> Iterator[FoundValue]:
    """
    Yield a value with the published port in place of a container's name, or nothing if there is
    none.
    """
    if found.key not in DEFAULT_PORTS:
        yield found
    elif value := seen_url(found.key, found.value, network):
        yield replace(found, value=value, written=value)


def _livekit(
    compose: Settings,
    name: str,
    kind: ConfiguredService,
    path: Path,
    published: dict[str, dict[int, int]],
) -> Iterator[FoundValue]:
    is_host = compose.text("services", name, "network_mode") == "host"
    network = Network(None if is_host else name, published)
    line, _ = compose.place("services", name)
    command = ["docker", "compose", "-f", str(path), "logs", "--follow", "--tail=0", "--no-color"]
    words = ", ".join([*command, "--no-log-prefix", name])
    source = f"{{service: {kind.name}, command: [{words}]}}"
    yield FoundValue("logs", kind.name, str(path), line, source)
    has_settings = False
    for body in _bodies(compose, name, kind):
        has_settings = True
        yield from values(body, kind, network)
    for file in _mounted(compose, name, path):
        has_settings = True
        yield from values(read(file), kind, network)
        yield from own_file(file, kind)
    if not has_settings:
        yield from values(Settings(str(path)), kind, network)


def _variables(compose: Settings, name: str) -> dict[str, str]:
    place = ("services", name, "environment")
    listed = (item.partition("=") for item in compose.texts(*place))
    both = {**{key: value for key, _, value in listed}, **compose.pairs(*place)}
    # A value that refers to another variable is skipped: that variable is read where it is set.
    return {key: value for key, value in both.items() if value and "$" not in value}


def _environment(compose: Settings, name: str, path: Path) -> Iterator[FoundValue]:
    line, _ = compose.place("services", name, "environment")
    given = _variables(compose, name)
    yield from of_variables(given, str(path), line, as_values=True)
    keys = parsed(given.get("LIVEKIT_KEYS", ""), str(path)).root.value
    for key, secret in keys:
        yield FoundValue("livekit.api_key", key.value, str(path), line)
        yield FoundValue("livekit.api_secret", secret.value, str(path), line)
    files = [*compose.texts("services", name, "env_file")]
    files += filter(None, [compose.text("services", name, "env_file")])
    for file in files:
        if (there := path.parent / file).is_file():
            yield from of_variables(read_env_file(there).values, str(there), as_values=True)


def _bodies(compose: Settings, name: str, kind: ConfiguredService) -> Iterator[Settings]:
    for variable, text in _variables(compose, name).items():
        if _BODIES.get(variable) is kind:
            yield parsed(text, f"{compose.file} ({variable})")


def _mounted(compose: Settings, name: str, path: Path) -> Iterator[Path]:
    """
    Yield the YAML files of this machine that are mounted into a service.
    """
    place = ("services", name, "volumes")
    sources = [volume.partition(":")[0] for volume in compose.texts(*place)]
    sources += [volume.get("source", "") for volume in compose.mappings(*place)]
    for source in sources:
        file = path.parent / source
        if file.suffix in {".yaml", ".yml"} and file.is_file():
            yield file


def _published(compose: Settings, name: str) -> dict[int, int]:
    """
    Return the ports of this machine that lead to a service, by the service's own port.
    """
    place = ("services", name, "ports")
    short = filter(None, map(_PORTS.fullmatch, compose.texts(*place)))
    found = {int(ports["inside"]): int(ports["outside"]) for ports in short}
    for ports in compose.mappings(*place):
        inside, outside = ports.get("target", ""), ports.get("published", "")
        if inside.isdecimal() and outside.isdecimal():
            found[int(inside)] = int(outside)
    return found
