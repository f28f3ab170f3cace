"""
Rules for secrets that are public or easy to guess. No finding contains a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from livekit_conformance.config_doctor.findings import ConfigFinding
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.environments.variable_checks import is_placeholder
from livekit_conformance.judges.secrecy import STRONG_BYTES, judge_secret
from livekit_conformance.secrets.patterns import masked
from livekit_conformance.wording import Phrase, phrase


def check_secrets(settings: Settings) -> Iterator[ConfigFinding]:
    """
    Check the secrets in `keys` and `api_secret`, and the account of Redis.
    """
    for key, secret in settings.pairs("keys").items():
        which = phrase("which.secret-of-key", key=masked(key))
        yield from _api_secret(settings, which, secret, "keys", key)
        if is_placeholder(key):
            yield _placeholder(settings, phrase("which.key"), "keys", key)
    api_secret = settings.text("api_secret")
    yield from _api_secret(settings, phrase("which.secret"), api_secret, "api_secret")
    for name in ("username", "password", "sentinel_password"):
        if is_placeholder(settings.text("redis", name)):
            what = phrase("redis.placeholder", which=phrase("which.value"))
            yield settings.error("redis", name, what=what)
    if is_placeholder(settings.text("api_key")):
        yield _placeholder(settings, phrase("which.value"), "api_key")


def _api_secret(
    settings: Settings, which: Phrase, secret: str, *path: str
) -> Iterator[ConfigFinding]:
    if is_placeholder(secret):
        yield _placeholder(settings, which, *path)
        return
    for short in judge_secret(secret) if secret else ():
        length = short.data["length"]
        what = phrase("secret.short", which=which, length=length, least=STRONG_BYTES)
        yield _without_key(settings.warning(*path, what=what), *path)


def _placeholder(settings: Settings, which: Phrase, *path: str) -> ConfigFinding:
    what = phrase("secret.placeholder", which=which)
    return _without_key(settings.error(*path, what=what), *path)


def _without_key(found: ConfigFinding, *path: str) -> ConfigFinding:
    """
    Return a finding that shows no whole API key.
    """
    shown = (path[0], masked(path[1])) if path[0] == "keys" else path
    return replace(found, key=".".join(shown))
