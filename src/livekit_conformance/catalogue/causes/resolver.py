"""
Cause of names that cannot be looked up at all.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, lost
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.errors import Failure
from livekit_conformance.wording import Text

_SEEN = tuple(
    lost(link, Failure.RESOLVER_SILENT) for link in (Link.DNS, Link.SIP_SOCKET, Link.ENDPOINT_DNS)
)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "resolver-does-not-answer",
        Link.DNS,
        Text(
            en="The resolver of this machine does not answer",
            ru="Резолвер этой машины не отвечает",
        ),
        Text(
            en=(
                "No name server told whether the name exists. The network or the DNS settings of "
                "this machine are at fault; the name in the profile may well be right."
            ),
            ru=(
                "Ни один сервер DNS не сообщил, есть ли такое имя. Виновата сеть или настройки DNS "
                "этой машины; имя в профиле может быть верным."
            ),
        ),
        Text(
            en=(
                "Correct the name servers in /etc/resolv.conf (`resolvectl status`) or the network "
                "of this machine (a VPN, a firewall on port 53); `getent hosts HOST` must print an "
                "address here."
            ),
            ru=(
                "Исправьте серверы имён в /etc/resolv.conf (`resolvectl status`) или сеть этой "
                "машины (VPN, файрвол на порту 53); `getent hosts HOST` должен вывести здесь адрес."
            ),
        ),
        shows=_SEEN,
        proofs=_SEEN,
        breaks=(Link.SIP_SOCKET, Link.ENDPOINT_DNS),
        source="getaddrinfo(3), resolv.conf(5)",
    ),
)
