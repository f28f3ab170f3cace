"""
Decide whether a peer can reach the media address that the other side advertises.
"""

from __future__ import annotations

import ipaddress
from typing import Final

# RFC 5737 and RFC 3849: for documentation only; copied sample configurations contain them.
_DOCUMENTATION: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)


def why_unreachable(address: str, *, peer: str) -> str | None:
    """
    Return why packets to `address` cannot arrive from the network of `peer`; None if they may.

    Both are IP addresses; text that is not an IP address is not judged. A private address is
    reachable if `peer` has a private or loopback address, a loopback address only if `peer` is on
    loopback.
    """
    try:
        given, heard = ipaddress.ip_address(address), ipaddress.ip_address(peer)
    except ValueError:
        return None
    inside, beside = not given.is_global, not heard.is_global
    whys = (
        (
            given.is_unspecified or given.is_multicast or given.is_reserved,
            "it is the address of no machine",
        ),
        (any(given in network for network in _DOCUMENTATION), "it is made up for documentation"),
        (given.is_loopback and not heard.is_loopback, "it is a loopback address"),
        (given.is_link_local and not heard.is_link_local, "it is a link-local address"),
        (inside and not beside, "it is a private address, and SIP is spoken with a public one"),
    )
    return next((why for holds, why in whys if holds), None)
