"""
Classify addresses by their text alone.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network


def is_loopback(host: str | None) -> bool:
    """
    Return whether `host` is a loopback name or address by its text; nothing is resolved.
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_address(text: str) -> bool:
    """
    Return whether `text` is an IPv4 or IPv6 address.
    """
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_network(text: str) -> bool:
    """
    Return whether `text` is an IP address with a prefix length, such as `192.0.2.0/24`.
    """
    address, slash, length = text.partition("/")
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return bool(address and slash) and length.isdecimal()
