"""
Classify addresses by their text alone.
"""

from __future__ import annotations

import ipaddress


def is_loopback(host: str | None) -> bool:
    """
    Return whether `host` is a loopback name or address by its text; nothing is resolved.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
