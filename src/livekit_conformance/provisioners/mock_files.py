"""
Configuration files that the real services would have in place of a mock.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from livekit_conformance.environments.profile import DeploymentFiles
from livekit_conformance.mock import Mock
from livekit_conformance.provisioners.local.stack import (
    KeyPair,
    server_config,
    sip_config,
    write_private,
)

# UDP port range: the kernel assigns free ports from it, and the mock has no media ports.
_NO_RTC_RANGE = {"udp_port": 7882, "tcp_port": 0}


def write_mock_files(mock: Mock, keys: KeyPair, webhook_url: str) -> DeploymentFiles:
    """
    Write livekit.yaml and livekit-sip.yaml for a running mock, beside its logs.
    """
    host, port = mock.sip_address
    bus = urlsplit(mock.redis_url)
    redis = {"redis": {"address": f"{bus.hostname}:{bus.port}"}}
    server = server_config(host, keys, webhook_url)
    server |= redis | {"port": urlsplit(mock.url).port, "rtc": server["rtc"] | _NO_RTC_RANGE}
    sip = sip_config(host, keys) | redis | {"sip_port": port}
    sip["ws_url"] = mock.url.replace("http", "ws", 1)
    files = DeploymentFiles(
        livekit_server_config=mock.config.log_dir / "livekit.yaml",
        livekit_sip_config=mock.config.log_dir / "livekit-sip.yaml",
    )
    for path, content in (
        (files.livekit_server_config, server),
        (files.livekit_sip_config, sip),
    ):
        assert path is not None
        write_private(path, content)
    return files
