"""
What an address says about where it leads.
"""

from __future__ import annotations

import ipaddress


def is_loopback(host: str | None) -> bool:
    """
    Whether a host is this machine by its own words: nothing is resolved.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
