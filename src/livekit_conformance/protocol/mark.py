"""
Ownership mark of the suite: proof, kept in an object's metadata, that the suite created it.

It is a JSON object whose `mac` is the HMAC-SHA256 of all its other fields under the API secret.
Kind and name are among them, so a mark copied to another object proves nothing there.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, get_args

Kind = Literal["room", "inbound-trunk", "outbound-trunk", "dispatch-rule", "participant"]

SUITE: Final = "livekit-conformance"
# Prefix of the signed text; no token (RFC 7515: base64url and a dot) can be mistaken for it.
_DOMAIN: Final = f"{SUITE} mark 1\n"
# Longer metadata is not ours; the metadata of other applications may be large.
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True)
class OwnershipMark:
    """
    Run that created an object, creation time (Unix seconds) and lifetime in seconds.

    `name` is the name of the object when it was created; `note` is free text.
    """

    run: str
    kind: Kind
    name: str
    created: int
    ttl: int
    note: str = ""

    @property
    def expires(self) -> int:
        """
        Time after which the object can no longer be in use, in Unix seconds.
        """
        return self.created + self.ttl


_TYPES: Final = {"created": int, "ttl": int}


def write(mark: OwnershipMark, secret: str) -> str:
    """
    Return the metadata that carries `mark`.
    """
    content = {"suite": SUITE, **asdict(mark), "mac": _mac(mark, secret)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def read(metadata: str, secret: str, *, kind: Kind, name: str) -> OwnershipMark | None:
    """
    Return the mark in the metadata of the object of that kind and name; None if it is not ours.

    It is not ours without a mark, or with a mark that was altered, signed with another secret or
    written for another object. The comparison takes constant time.
    """
    found = _parse(metadata)
    if found is None:
        return None
    mark, mac = found
    is_ours = hmac.compare_digest(_mac(mark, secret).encode(), mac.encode())
    return mark if is_ours and (mark.kind, mark.name) == (kind, name) else None


def _parse(metadata: str) -> tuple[OwnershipMark, str] | None:
    if len(metadata) > _LONGEST:
        return None
    try:
        content = json.loads(metadata)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.pop("suite", None) != SUITE:
        return None
    mac = content.pop("mac", None)
    if not isinstance(mac, str) or not mac.isascii() or not _is_mark(content):
        return None
    return OwnershipMark(**content), mac


def _is_mark(content: dict[str, Any]) -> bool:
    return (
        content.keys() == {field.name for field in fields(OwnershipMark)}
        # `type`, because True is an int too.
        and all(type(value) is _TYPES.get(name, str) for name, value in content.items())
        and content["kind"] in get_args(Kind)
    )


def _mac(mark: OwnershipMark, secret: str) -> str:
    if not secret:
        raise ValueError("an empty secret proves nothing")
    signed = _DOMAIN + json.dumps(asdict(mark), sort_keys=True, separators=(",", ":"))
    return hmac.digest(secret.encode(), signed.encode(), "sha256").hex()
