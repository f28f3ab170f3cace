"""
Rules for secrets that are public or easy to guess. No finding contains a secret.
"""

from __future__ import annotations

from collections.abc import Iterator

from livekit_conformance.config_doctor.findings import ConfigFinding, Severity
from livekit_conformance.config_doctor.settings import Settings
from livekit_conformance.environments.variable_checks import is_placeholder
from livekit_conformance.secrets.patterns import masked

# Minimum that livekit-server requires; it logs an error for a shorter secret.
_BYTES = 32
_MAKE_ONE = "Generate a pair: livekit-server generate-keys"


def check_secrets(settings: Settings) -> Iterator[ConfigFinding]:
    """
    Check the secrets in `keys` and `api_secret`, and the account of Redis.
    """
    for key, secret in settings.pairs("keys").items():
        yield from _api_secret(settings, f"the secret of {masked(key)}", secret, "keys", key)
        if is_placeholder(key):
            yield _placeholder(settings, "a key", "keys", key)
    yield from _api_secret(settings, "the secret", settings.text("api_secret"), "api_secret")
    for name in ("username", "password", "sentinel_password"):
        if is_placeholder(settings.text("redis", name)):
            yield _placeholder(settings, "it", "redis", name)
    if is_placeholder(settings.text("api_key")):
        yield _placeholder(settings, "it", "api_key")


def _api_secret(settings: Settings, what: str, secret: str, *path: str) -> Iterator[ConfigFinding]:
    if is_placeholder(secret):
        yield _placeholder(settings, what, *path)
    elif secret and len(secret.encode()) < _BYTES:
        yield _finding(
            settings,
            Severity.WARNING,
            *path,
            problem=f"{what} has {len(secret.encode())} bytes, fewer than {_BYTES}",
            consequence="anyone who guesses it can sign valid tokens; livekit-server logs an error "
            "at its start",
            remedy=_MAKE_ONE,
        )


def _placeholder(settings: Settings, what: str, *path: str) -> ConfigFinding:
    return _finding(
        settings,
        Severity.ERROR,
        *path,
        problem=f"{what} is a placeholder",
        consequence="the services use it literally: nothing replaces it, and everybody knows it",
        remedy=_MAKE_ONE if path[0] != "redis" else "Write the value of Redis, or delete the line",
    )


def _finding(
    settings: Settings, severity: Severity, *path: str, problem: str, consequence: str, remedy: str
) -> ConfigFinding:
    line, column = settings.place(*path)
    shown = (path[0], masked(path[1])) if path[0] == "keys" else path
    return ConfigFinding(
        severity, settings.file, line, column, ".".join(shown), problem, consequence, remedy
    )
