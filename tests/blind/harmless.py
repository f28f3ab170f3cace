"""
Changes that hurt nobody: the parts of the deployment still fit each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OTHERS = "+15550188"
_SECOND_NUMBER = "+15550177"

HARMLESS: Mapping[str, Mapping[str, Any]] = {
    # The services' files.
    "server-log-level-debug": {"server": {"logging.level": "debug"}},
    "server-log-level-warn": {"server": {"logging.level": "warn"}},
    "server-log-as-text": {"server": {"logging.json": False}},
    "sip-log-level-debug": {"sip": {"logging.level": "debug"}},
    "sip-log-level-warn": {"sip": {"logging.level": "warn"}},
    "sip-log-as-text": {"sip": {"logging.json": False}},
    "server-other-port": {
        "server": {"port": 7890},
        "sip": {"ws_url": "ws://{address}:7890"},
        "profile": {"livekit": {"url": "ws://{address}:7890"}},
    },
    "sip-other-port": {
        "sip": {"sip_port": 5066},
        "profile": {"sip": {"server": "{address}:5066"}},
    },
    "sip-other-rtp-ports": {"sip": {"rtp_port": "30000-30999"}},
    "server-other-rtc-ports": {
        "server": {"rtc.port_range_start": 31000, "rtc.port_range_end": 31999}
    },
    "server-second-key-pair": {
        "server": {"keys": {"{key}": "{secret}", "APIother": "the-secret-of-another-application"}}
    },
    "server-departs-later": {"server": {"room.departure_timeout": 5}},
    "server-empties-later": {"server": {"room.empty_timeout": 600}},
    "server-room-for-many": {"server": {"room.max_participants": 50}},
    "server-region": {"server": {"region": "eu-1"}},
    "server-longer-ids": {"server": {"limit.max_participant_identity_length": 512}},
    "server-metrics": {"server": {"prometheus_port": 20950}},
    "sip-metrics": {"sip": {"prometheus_port": 20951}},
    "sip-health-port": {"sip": {"health_port": 20952}},
    "sip-longer-media-timeout": {"sip": {"media_timeout": "60s", "media_timeout_initial": "60s"}},
    "sip-jitter-buffer": {"sip": {"enable_jitter_buffer": True}},
    "sip-symmetric-rtp": {"sip": {"symmetric_rtp": True}},
    "sip-many-calls": {"sip": {"max_active_calls": 500}},
    "redis-named-account": {
        "redis": {
            "commands": [("ACL", "SETUSER", "livekit", "on", ">the-password", "~*", "&*", "+@all")],
            "restarts": ["livekit-server", "livekit-sip"],
            "account": {"redis.username": "livekit", "redis.password": "the-password"},
        }
    },
    "redis-save": {"redis": {"commands": [("CONFIG", "SET", "save", "60 1000")]}},
    # Trunks and rules.
    "trunk-renamed": {"inbound_trunk": {"name": "Reception", "metadata": "floor 1"}},
    "trunk-second-number": {"inbound_trunk": {"numbers": ["+15550123", _SECOND_NUMBER]}},
    "trunk-rings-longer": {"inbound_trunk": {"ringing_timeout": "120s"}},
    "trunk-talks-longer": {"inbound_trunk": {"max_call_duration": "7200s"}},
    "trunk-headers": {"inbound_trunk": {"include_headers": "SIP_X_HEADERS"}},
    "rule-renamed": {"dispatch_rule": {"name": "Reception", "metadata": "floor 1"}},
    "rule-attributes": {"dispatch_rule": {"attributes": {"floor": "1"}}},
    "rule-room-metadata": {"dispatch_rule": {"room_config.metadata": "of a call"}},
    "rule-rooms-last": {"dispatch_rule": {"room_config.empty_timeout": 600}},
    "out-trunk-renamed": {"outbound_trunk": {"name": "Carrier", "metadata": "contract 7"}},
    "trunk-of-others": {"create": [("inbound-trunk", {"name": "others", "numbers": [_OTHERS]})]},
    "rule-of-others": {
        "create": [
            (
                "dispatch-rule",
                {
                    "name": "others",
                    "numbers": [_OTHERS],
                    "rule": {"dispatch_rule_direct": {"room_name": "others"}},
                },
            )
        ]
    },
    "out-trunk-of-others": {
        "create": [
            (
                "outbound-trunk",
                {"name": "others", "address": "{address}:5099", "numbers": [_OTHERS]},
            )
        ]
    },
    "rooms-of-others": {"create": [("room", {"name": f"others-{number}"}) for number in range(10)]},
    # Application and agent.
    "agent-other-rate": {"manner": {"rate": 48000}},
    "agent-named": {"manner": {"name": "Receptionist", "metadata": "v2"}},
    "agent-half-a-second-late": {"manner": {"comes_after_s": 0.5}},
    "agent-speaks-after-three-seconds": {"manner": {"silent_for_s": 3.0}},
    "agent-waits-for-the-caller": {
        "manner": {"waits_for_the_caller": True},
        "profile": {"agent_speaks_first": False},
    },
    "supervisor-listens": {"manner": {"observers": 1}},
    "application-half-a-second-slow": {"manner": {"answers_after_s": 0.3}},
    "application-clock-a-little-off": {"manner": {"clock_s": 5}},
}
