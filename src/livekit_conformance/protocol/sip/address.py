"""
SIP addresses: SIP URIs, name-addr headers (From, To, Contact, Route) and Via.

Source: RFC 3261 sections 19.1, 20.10 and 20.42; RFC 3581 for `rport`.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from livekit_conformance.protocol.sip.syntax import (
    Parameters,
    SipSyntaxError,
    checked_line,
    is_token,
    number,
    quote,
    split_outside_quotes,
    unquote,
)

LARGEST_PORT = 65535
# Default port of SIP over UDP and TCP, RFC 3261 section 19.1.2.
DEFAULT_PORT = 5060
# The addresses of a message are read again with every question that is asked about it.
_REMEMBERED = 64

# hostport = host [ ":" port ], host = hostname / IPv4address / IPv6reference
# The RFC allows no underscore in a hostname, but container networks use it.
_HOST_PORT = re.compile(r"(?P<host>[A-Za-z0-9._\-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]+))?")
# userinfo = ( user / telephone-subscriber ) [ ":" password ] "@"
# unreserved, user-unreserved and escaped; a semicolon belongs to a telephone-subscriber.
_USER_INFO = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/:]|%[0-9A-Fa-f]{2})+")
_SIP_URI = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[^@]*)@)?(?P<hostport>[^;?@]*)"
    r"(?:;(?P<parameters>[^?]*))?(?:\?(?P<headers>.*))?",
    re.IGNORECASE,
)
# absoluteURI, to the extent that a SIP element which does not dial it has to parse it
_ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"]+")
# sent-protocol = "SIP" SLASH "2.0" SLASH transport, where SLASH may have white space around it
_VIA = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*(?P<transport>\S+)\s+(?P<sent_by>[^;\s]+(?:\s*:\s*[0-9]+)?)\s*"
    r"(?:;(?P<parameters>.*))?",
    re.IGNORECASE,
)


def _host_port(text: str) -> tuple[str, int | None]:
    match = _HOST_PORT.fullmatch(text)
    if match is None or not _is_address(match["host"]):
        raise SipSyntaxError(f"not a host and port: {text!r}")
    port = match["port"]
    return match["host"], None if port is None else number(port, "port", largest=LARGEST_PORT)


def _is_address(host: str) -> bool:
    # The pattern leaves to the standard library which groups and colons make an IPv6 address.
    if not host.startswith("["):
        return True
    try:
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        return False
    return True


def _join(host: str, port: int | None) -> str:
    return host if port is None else f"{host}:{port}"


@dataclass(frozen=True, slots=True)
class SipUri:
    """
    A `sip:` or `sips:` URI, RFC 3261 section 19.1.

    `user` keeps its escapes and, if present, the (discouraged) password after a colon; `headers` is
    the unparsed text after the question mark.
    """

    host: str
    user: str | None = None
    port: int | None = None
    parameters: Parameters = field(default_factory=Parameters)
    headers: str | None = None
    scheme: str = "sip"

    @classmethod
    def parse(cls, text: str) -> SipUri:
        """
        Parse a URI that stands alone, without angle brackets.

        Raises SipSyntaxError: it is not a SIP URI.
        """
        match = _SIP_URI.fullmatch(checked_line(text, "URI"))
        user = match["user"] if match else None
        if match is None or (user is not None and _USER_INFO.fullmatch(user) is None):
            raise SipSyntaxError(f"not a SIP URI: {text!r}")
        host, port = _host_port(match["hostport"])
        parameters = Parameters.parse(match["parameters"] or "")
        return cls(host, user, port, parameters, match["headers"], match["scheme"].lower())

    def __str__(self) -> str:
        user = "" if self.user is None else f"{self.user}@"
        headers = "" if self.headers is None else f"?{self.headers}"
        return f"{self.scheme}:{user}{_join(self.host, self.port)}{self.parameters}{headers}"


@dataclass(frozen=True, slots=True)
class NameAddr:
    """
    Value of From, To, Contact, Route or Record-Route: display name, URI and parameters.

    The URI is kept as text, because any scheme is allowed here; `sip_uri` parses it.
    """

    uri: str
    display: str | None = None
    parameters: Parameters = field(default_factory=Parameters)

    @classmethod
    @lru_cache(maxsize=_REMEMBERED)
    def parse(cls, text: str) -> NameAddr:
        """
        Read `"name" <uri>;parameters` or `uri;parameters`.

        In the second form all parameters belong to the header, none to the URI (section 20).

        Raises SipSyntaxError: neither form.
        """
        address, *parameters = split_outside_quotes(checked_line(text, "address"), ";")
        before, bracket, inside = address.removesuffix(">").rpartition("<")
        bracketed = bool(bracket) and address.endswith(">")
        uri = inside if bracketed else address
        if _ABSOLUTE_URI.fullmatch(uri) is None:
            raise SipSyntaxError(f"not an address: {text!r}")
        if not bracketed and re.search(r"[?,]", uri):
            # RFC 3261 section 20.10: a URI with these characters needs angle brackets.
            raise SipSyntaxError(f"URI needs angle brackets: {text!r}")
        display = _display(before.rstrip()) if bracketed else None
        return cls(uri, display, Parameters.parse(";".join(parameters)))

    @property
    def sip_uri(self) -> SipUri:
        """
        The parsed URI.

        Raises SipSyntaxError: it has another scheme.
        """
        return SipUri.parse(self.uri)

    @property
    def tag(self) -> str | None:
        """
        The tag; together with the Call-ID and the other side's tag it identifies a dialog.
        """
        return self.parameters.get("tag")

    def with_tag(self, tag: str) -> NameAddr:
        """
        Return the same address with this tag.
        """
        return replace(self, parameters=self.parameters.with_value("tag", tag))

    def __str__(self) -> str:
        display = "" if self.display is None else f"{quote(self.display)} "
        return f"{display}<{self.uri}>{self.parameters}"


def _display(text: str) -> str | None:
    # display-name = *(token LWS) / quoted-string
    if text.startswith('"'):
        return unquote(text)
    if not all(map(is_token, text.split())):
        raise SipSyntaxError(f"not a display name: {text!r}")
    return text or None


@dataclass(frozen=True, slots=True)
class Via:
    """
    One hop of the response path: transport, sent-by and parameters, RFC 3261 section 20.42.
    """

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = field(default_factory=Parameters)

    @classmethod
    @lru_cache(maxsize=_REMEMBERED)
    def parse(cls, text: str) -> Via:
        """
        Parse one Via value.

        Raises SipSyntaxError: it is not a Via.
        """
        match = _VIA.fullmatch(checked_line(text, "Via"))
        if match is None or not is_token(match["transport"]):
            raise SipSyntaxError(f"not a Via: {text!r}")
        host, port = _host_port(re.sub(r"\s", "", match["sent_by"]))
        return cls(
            match["transport"].upper(), host, port, Parameters.parse(match["parameters"] or "")
        )

    @property
    def branch(self) -> str | None:
        """
        The branch, which identifies the transaction (section 17) and begins with `z9hG4bK`.
        """
        return self.parameters.get("branch")

    @property
    def sent_by(self) -> tuple[str, int | None]:
        """
        Host in lower case, and port: the part of Via that server transactions match on (17.2.3).
        """
        return self.host.lower(), self.port

    def seen_from(self, host: str, port: int) -> Via:
        """
        Return the Via as a server echoes it: with `received`, and with `rport` if requested.

        Sources: RFC 3261 section 18.2.1, RFC 3581 section 4.
        """
        parameters = self.parameters
        if "rport" in parameters:
            parameters = parameters.with_value("rport", str(port))
        if "rport" in parameters or self.host != host:
            parameters = parameters.with_value("received", host)
        return replace(self, parameters=parameters)

    def reply_address(self, host: str, port: int) -> tuple[str, int]:
        """
        Return the UDP destination of the response to a request from `host` and `port`.

        That is the same address if `rport` is present, else the same host with the port of the Via.

        Sources: RFC 3261 section 18.2.2, RFC 3581 section 4.
        """
        return host, port if "rport" in self.parameters else self.port or DEFAULT_PORT

    def __str__(self) -> str:
        return f"SIP/2.0/{self.transport} {_join(self.host, self.port)}{self.parameters}"
