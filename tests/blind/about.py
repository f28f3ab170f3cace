"""
Signs of a right answer: the words that name a thing, and the links where it sits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from livekit_conformance.catalogue.chain import Link
from tests.blind.fault import About, Thing

# "late" is not "latest", but "subscri" is "subscribed".
_WHOLE = 4
_SENTENCE_END = re.compile(r"[.!?;]\s+")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")

_SERVER = frozenset({Link.CONFIGURATION, Link.TCP, Link.SERVER, Link.NODE})
_ROOM = frozenset({Link.ROOMS, Link.ROOM_LIFE, Link.WEBRTC, Link.JOIN, Link.AGENT, Link.ANSWER})
_SOUND = frozenset({Link.OFFER, Link.ANSWER, Link.MEDIA, Link.AUDIO})
_BUS = frozenset({Link.BUS, Link.BUS_SIP, Link.NODE, Link.LINE, Link.ROOMS, Link.JOIN})
_SIP = frozenset({Link.CONFIGURATION, Link.SIP_SOCKET, Link.BUS_SIP})
_ENDPOINT = frozenset(
    {
        *(Link.ENDPOINT_DNS, Link.ENDPOINT_SOCKET, Link.ENDPOINT_TLS, Link.ENDPOINT),
        *(Link.VERIFICATION, Link.DELIVERY, Link.EVENTS),
    }
)
_OUT = frozenset({Link.OUTBOUND, Link.OUTBOUND_FAILURE})
_SPEECH = frozenset({Link.AGENT, *_SOUND})

# By the first part of a path; an empty one holds for the rest of the thing.
_LINKS: Mapping[Thing, Mapping[str, frozenset[Link]]] = {
    Thing.SERVER: {
        "keys": _SERVER | {Link.API_KEY, Link.TOKENS, Link.JOIN, Link.DELIVERY},
        "redis": _SERVER | _BUS,
        "psrpc": _SERVER | _BUS,
        "webhook": _SERVER | _ENDPOINT | {Link.AGENT},
        "rtc": _SERVER | _ROOM | _SOUND,
        "turn": _SERVER | _ROOM | _SOUND,
        "": _SERVER | _ROOM | _SOUND,
    },
    Thing.SIP: {
        "redis": _SIP | _BUS,
        "api_key": _SIP | {Link.JOIN, Link.API_KEY},
        "api_secret": _SIP | {Link.JOIN, Link.API_KEY},
        "ws_url": _SIP | {Link.JOIN},
        "cluster_id": _SIP | _BUS,
        "": _SIP | _SOUND | _OUT | {Link.JOIN, Link.HANG_UP, Link.CAPACITY},
    },
    Thing.INBOUND_TRUNK: {
        "auth_username": frozenset({Link.CREDENTIALS, Link.STRANGERS, Link.LINE}),
        "auth_password": frozenset({Link.CREDENTIALS, Link.STRANGERS, Link.LINE}),
        "media": _SOUND,
        "media_encryption": _SOUND,
        "": frozenset({Link.TRUNK, Link.LINE, Link.STRANGERS, Link.AGENT, Link.ANSWER})
        | {Link.HANG_UP, Link.CREDENTIALS},
    },
    Thing.OUTBOUND_TRUNK: {"": _OUT | {Link.LINE}},
    Thing.DISPATCH_RULE: {
        "room_config": _ROOM | {Link.ROOM_NAME, Link.EVENTS},
        "rule": frozenset({Link.DISPATCH, Link.ROOM_NAME, Link.JOIN, Link.LINE}),
        "media": _SOUND,
        "": frozenset({Link.DISPATCH, Link.LINE, Link.JOIN, Link.ROOM_NAME, *_SOUND}),
    },
    Thing.APPLICATION: {"": _ENDPOINT | _SPEECH | {Link.HANG_UP}},
    Thing.REDIS: {"": _BUS | _SERVER | _SIP | {Link.API_KEY, Link.ROOM_LIFE, Link.TRUNK}},
    Thing.NETWORK: {
        "api": _SERVER | _ROOM | {Link.DNS, Link.TLS, Link.API_KEY},
        "sip": _SIP | _SOUND | {Link.HANG_UP},
        "webhook": _ENDPOINT | {Link.AGENT},
        "sip-to-server": _SIP | {Link.JOIN},
        "": _SERVER | _SIP | _BUS,
    },
    Thing.HARMLESS: {"": frozenset()},
}

_SERVICE: Mapping[Thing, str] = {
    Thing.SERVER: "livekit server",
    Thing.SIP: "livekit sip",
    Thing.INBOUND_TRUNK: "trunk",
    Thing.OUTBOUND_TRUNK: "trunk",
    Thing.DISPATCH_RULE: "rule",
}

# Other words for a thing, by its path: an answer has all words of one of the groups.
_ALSO: Mapping[Thing, Mapping[str, tuple[str, ...]]] = {
    Thing.SERVER: {
        "keys": ("keys", "api key", "key pair"),
        "webhook.urls": ("webhook;url", "webhook;another;path", "webhook;elsewhere"),
        "webhook.api_key": ("webhook;key",),
        "log_level": ("level",),
    },
    Thing.SIP: {
        "api_secret": ("secret;livekit sip", "key pair;livekit sip"),
        "api_key": ("key;livekit sip",),
        "nat_1_to_1_ip": ("contact;address",),
        "media_nat_1_to_1_ip": ("media;address", "sdp;address"),
        "sip_port": ("port;livekit sip",),
        "listen_ip": ("listen;livekit sip",),
        "rtp_port": ("rtp;port",),
    },
    Thing.INBOUND_TRUNK: {
        "auth_username": ("user",),
        "auth_password": ("password",),
        "auth_realm": ("realm",),
        "allowed_addresses": ("source", "trunk;address"),
        "allowed_numbers": ("caller",),
        "numbers": ("number",),
        "media.codecs": ("codec",),
        "media.only_listed_codecs": ("codec",),
        "media.encryption": ("encrypt", "srtp"),
        "media_encryption": ("encrypt", "srtp"),
        "ringing_timeout": ("ringing",),
    },
    Thing.OUTBOUND_TRUNK: {
        "auth_username": ("user", "credential", "account"),
        "auth_password": ("password", "credential", "account"),
        "address": ("provider", "trunk;lead"),
        "transport": ("transport", "tcp", "tls"),
        "numbers": ("number",),
        "media.encryption": ("encrypt", "srtp"),
        "media_encryption": ("encrypt", "srtp"),
        "media.codecs": ("codec",),
        "media.only_listed_codecs": ("codec",),
    },
    Thing.DISPATCH_RULE: {
        "rule.dispatch_rule_individual.room_prefix": ("room;prefix", "room;name"),
        "rule.dispatch_rule_direct.room_name": ("room;name", "direct", "one room"),
        "rule.dispatch_rule_callee.room_prefix": ("room;prefix", "room;name", "callee"),
        "rule.dispatch_rule_callee.randomize": ("room;name", "callee"),
        "rule.dispatch_rule_individual.pin": ("pin",),
        "rule.dispatch_rule_direct.pin": ("pin",),
        "rule.dispatch_rule_callee.pin": ("pin",),
        "trunk_ids": ("rule;trunk",),
        "inbound_numbers": ("rule;caller",),
        "numbers": ("rule;number",),
        "media.codecs": ("codec",),
        "media.only_listed_codecs": ("codec",),
        "media.encryption": ("encrypt", "srtp"),
        "media_encryption": ("encrypt", "srtp"),
        "room_config.max_participants": ("max;participant",),
        "room_config.agents": ("worker", "dispatch;agent"),
    },
    Thing.APPLICATION: {
        "runs": ("endpoint", "webhook;refus", "webhook;connect"),
        "path": ("path", "404", "405"),
        "status": ("endpoint;refus", "endpoint;error", "endpoint;answer", "endpoint;redirect"),
        "answers_after_s": ("slow", "timeout", "in time", "endpoint;answer", "hang"),
        "hangs_up": ("endpoint;close", "endpoint;drop", "endpoint;dropp", "endpoint;connection"),
        "other_secret": ("secret", "verif", "signature"),
        "wants_bearer": ("bearer", "verif"),
        "hashes_again": ("raw", "hash", "verif"),
        "starts_on": ("no agent", "agent;come", "start;agent"),
        "clock_s": ("clock",),
        "agents": ("no agent", "agent;come", "two;agent", "2 agent", "several agent", "twice"),
        "comes_after_s": ("late", "no agent", "agent;come"),
        "leaves_after_s": ("leave", "left"),
        "room_suffix": ("another room", "other room", "elsewhere"),
        "may_join": ("grant", "token", "permission", "agent;join", "agent;come"),
        "may_publish": ("publish",),
        "may_subscribe": ("subscri", "agent;hear"),
        "publishes": ("publish", "agent;speak", "agent;silen"),
        "is_muted": ("muted",),
        "level": ("silen", "quiet", "level", "agent;speak"),
        "speaks_after_s": ("late", "agent;speak"),
        "stops_after_s": ("stop", "stopped", "silen", "agent;speak"),
        "subscribes": ("subscri", "agent;hear"),
        "stays": ("stay",),
        "echoes": ("echo", "hear;itself", "own voice"),
        "takes_identity": ("agent;identity", "same identity", "agent;leave", "agent;come"),
        "crashes": ("crash", "endpoint;close", "endpoint;drop", "endpoint;dropp", "agent;come"),
    },
    Thing.REDIS: {
        "replica": ("replica", "master", "read only", "readonly"),
        "account": ("redis;acl", "redis;permission", "redis;channel", "noperm", "redis;account"),
        "password": ("redis;password", "noauth", "wrongpass"),
        "settings": ("redis",),
        "data": ("trunk", "redis"),
    },
    Thing.NETWORK: {
        "api": ("livekit server", "livekit url", "load balancer"),
        "sip": ("datagram", "sip server", "network", "udp", "livekit sip"),
        "webhook": ("endpoint",),
        "server-to-redis": ("livekit server;redis",),
        "sip-to-redis": ("livekit sip;redis",),
        "sip-to-server": ("ws url", "livekit sip;livekit server"),
    },
    Thing.HARMLESS: {},
}


def normal(text: str) -> str:
    """
    Return a text as its words in lower case, with a space before each.
    """
    return " " + _NOT_A_WORD.sub(" ", text.lower()).strip()


def names(about: About, texts: Iterable[str]) -> bool:
    """
    Return whether one sentence of the texts has all words of one group.
    """
    sentences = [normal(one) + " " for text in texts for one in _SENTENCE_END.split(text)]
    return any(all(_has(one, word) for word in group) for group in about for one in sentences)


def _has(sentence: str, word: str) -> bool:
    """
    Return whether a sentence has a word: a short one whole or plural, a longer one as a beginning.
    """
    ends = (" ", "s ") if len(word) <= _WHOLE else ("",)
    return any(f" {word}{end}" in sentence for end in ends)


def about(thing: Thing, path: str, *more: str) -> About:
    """
    Return the words that name the thing at a path; `more` are names of its own, such as misspelt.
    """
    leaf = path.rpartition(".")[2]
    words = normal(leaf).split()
    of = _SERVICE.get(thing)
    groups = [*more]
    if path != leaf:
        groups.append(path)
    if len(words) > 1:
        groups.append(leaf)
    if of is not None:
        section = normal(path).split()[0]
        groups.append(";".join((*map(_stem, words), of)))
        if section == "redis":
            groups.append(f"redis;{of}")
    # Where the configuration file has what a service quotes.
    groups.append(f"has this;{leaf}")
    groups += _ALSO.get(thing, {}).get(path, ())
    return tuple(
        dict.fromkeys(
            frozenset(normal(word).strip() for word in group.split(";")) for group in groups
        )
    )


def links(thing: Thing, path: str) -> frozenset[Link]:
    """
    Return the links at which a fault of this thing may honestly be left unknown.
    """
    by_path = _LINKS[thing]
    return by_path.get(re.split(r"[.\[]", path)[0], by_path[""])


def _stem(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word


def described(value: Any) -> str:
    """
    Return a value in few characters.
    """
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
