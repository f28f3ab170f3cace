"""
Find the services that stopped answering during a run: pure functions over its observations.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from livekit_conformance.catalogue.log_lines import errors
from livekit_conformance.errors import Failure
from livekit_conformance.observations import (
    BusAnswer,
    HttpExchange,
    Observation,
    ServiceOutage,
    ServiceStart,
    SipCall,
    SipExchange,
    clock_time,
)

Service = Literal["livekit-server", "livekit-sip", "redis"]
SERVICES: Final[tuple[Service, ...]] = ("redis", "livekit-server", "livekit-sip")

_API: Final = "/twirp/livekit."
# Another service, a method that succeeds only with its help, and errors for lack of it.
_THROUGH_THE_SERVER: Final[tuple[tuple[Service, str, re.Pattern[str]], ...]] = (
    (
        "redis",
        "/livekit.RoomService/ListRooms",
        re.compile(r"dial tcp|i/o timeout|\bEOF\b|connection (refused|reset)"),
    ),
    (
        "livekit-sip",
        "/livekit.SIP/CreateSIPParticipant",
        re.compile(errors.NO_RESPONSE),
    ),
)
_OK: Final = 200
# livekit-server itself answers with neither.
_OF_A_PROXY: Final = frozenset({502, 504})
# A single lost answer is no outage that others are blocked by.
_IN_A_ROW: Final = 2
# Phases of a request in which the server is at fault, and not a name or a URL.
_PHASES_OF_THEIRS: Final = frozenset({"connect", "tls", "answer"})


@dataclass(frozen=True, slots=True)
class Contact:
    """
    One attempt to reach a service: at that time it answered, or it did not because of `problem`.

    `failure` is the kind of the problem, if the network knows it. `instance` identifies the process
    that answered, if it told; `started` means that this process is new. A contact through another
    service proves nothing alone: it is not `direct`. `transport` is that of SIP: a firewall or a
    proxy may stop one of them alone.
    """

    service: Service
    at: float
    problem: str | None = None
    failure: Failure | None = None
    instance: str | None = None
    started: bool = False
    direct: bool = True
    transport: str | None = None

    @property
    def answered(self) -> bool:
        """
        Return whether the service answered.
        """
        return self.problem is None


@dataclass(frozen=True, slots=True)
class Outage:
    """
    A service that answered until a time, and then no more or only from `back` on.

    `failed` is the first contact without an answer, if there was one; `is_new` is true if another
    process was back, as far as that can be told. Times are Unix seconds.
    """

    service: Service
    until: float
    failed: Contact | None
    back: float = math.inf
    is_new: bool = False

    @property
    def is_over(self) -> bool:
        """
        Return whether the service came back.
        """
        return self.back < math.inf

    def __str__(self) -> str:
        words = [f"{self.service} answered until {clock_time(self.until)}"]
        if self.failed is not None:
            words.append(f"not at {clock_time(self.failed.at)} ({self.failed.problem})")
        new = ", as a new process" if self.is_new else ""
        words.append(
            f"and again from {clock_time(self.back)} on{new}" if self.is_over else "and not since"
        )
        return ", ".join(words)

    def as_observation(self) -> Observation:
        """
        Return what a cause looks for.
        """
        at = self.failed.at if self.failed is not None else self.until
        return ServiceOutage(
            at, str(self), service=self.service, is_over=self.is_over, is_new=self.is_new
        )


def outages_of(observations: Sequence[Observation]) -> list[Outage]:
    """
    Return the first outage of each service, in the order of their times.
    """
    contacts = sorted(contacts_of(observations), key=lambda contact: contact.at)
    found = (_outage([each for each in contacts if each.service == name]) for name in SERVICES)
    return sorted(filter(None, found), key=lambda outage: outage.until)


def lasts(outage: Outage, observations: Iterable[Observation]) -> bool:
    """
    Return whether a service missed several questions in a row and has answered none since.
    """
    missed = (
        contact
        for contact in contacts_of(observations)
        if contact.service == outage.service and contact.direct and contact.at > outage.until
    )
    return not outage.is_over and sum(1 for _ in missed) >= _IN_A_ROW


def silent_services(observations: Iterable[Observation], server_url: str) -> frozenset[Service]:
    """
    Return the services that were asked and do not answer any more, as far as was seen.

    `server_url` is that of livekit-server. A proxy that answers in its place is no answer.
    """
    answers: dict[Service, bool] = {}
    server = urlsplit(server_url).netloc
    for seen in observations:
        match seen:
            case HttpExchange(status=status) if urlsplit(seen.url).netloc == server:
                if status is not None or seen.phase in _PHASES_OF_THEIRS:
                    answers["livekit-server"] = status not in {None, *_OF_A_PROXY}
            case SipExchange(direction="received"):
                answers["livekit-sip"] = True
            case SipExchange(lost=str()):
                answers["livekit-sip"] = False
            case SipExchange():
                answers.setdefault("livekit-sip", False)
    return frozenset(service for service, answered in answers.items() if not answered)


def contacts_of(observations: Iterable[Observation]) -> Iterator[Contact]:
    """
    Yield what the observations show about the services.
    """
    observations = list(observations)
    urls = (seen.url for seen in observations if isinstance(seen, HttpExchange))
    servers = {urlsplit(url).netloc for url in urls if _API in url}
    transports = {
        seen.call: seen.transport for seen in observations if isinstance(seen, SipExchange)
    }
    for seen in observations:
        match seen:
            case HttpExchange() if urlsplit(seen.url).netloc in servers:
                yield from _of_server(seen)
            case SipExchange(lost=str(lost)):
                yield Contact("livekit-sip", seen.at, lost, seen.failure, transport=seen.transport)
            case SipExchange(direction="received", status=int()):
                yield Contact("livekit-sip", seen.at, transport=seen.transport)
            case SipCall(outcome="silence"):
                transport = transports.get(seen.call)
                yield Contact("livekit-sip", seen.at, "no answer to INVITE", transport=transport)
            case BusAnswer():
                yield Contact("redis", seen.at, seen.error, seen.failure, seen.run_id)
            case ServiceStart(service="redis" | "livekit-server" | "livekit-sip" as service):
                yield Contact(service, seen.at, started=True)


def _of_server(seen: HttpExchange) -> Iterator[Contact]:
    if seen.status is None:
        if seen.phase in _PHASES_OF_THEIRS and not seen.is_local:
            yield Contact("livekit-server", seen.at, seen.error, seen.failure)
        return
    yield Contact("livekit-server", seen.at)
    for service, path, error in _THROUGH_THE_SERVER:
        if seen.status == _OK and seen.url.endswith(path):
            yield Contact(service, seen.at, direct=False)
        elif seen.status > _OK and (found := error.search(seen.body or "")):
            yield Contact(service, seen.at, f"livekit-server: {found.group()}", direct=False)


def _outage(contacts: Sequence[Contact]) -> Outage | None:
    """
    Return the outage that the contacts of one service show, which are in order.
    """
    direct = [contact for contact in contacts if contact.direct]
    if (found := _new_process(direct)) is not None:
        return _between(*found, contacts, is_new=True)
    for transport in dict.fromkeys(contact.transport for contact in direct):
        alike = [contact for contact in direct if contact.transport == transport]
        if (found := _gap(alike)) is not None:
            return _between(*found, contacts, is_new=False)
    return _to_the_end(contacts)


def _new_process(direct: Iterable[Contact]) -> tuple[Contact, Contact] | None:
    """
    Return the last contact with one process and the first with another one.
    """
    former: Contact | None = None
    for contact in direct:
        is_other = former is not None and None not in {former.instance, contact.instance}
        if former is not None and (
            contact.started or (is_other and contact.instance != former.instance)
        ):
            return former, contact
        # What tells no instance may have been either process.
        tells_more = former is None or former.instance is None or contact.instance is not None
        if contact.answered and not contact.started and tells_more:
            former = contact
    return None


def _gap(direct: Iterable[Contact]) -> tuple[Contact, Contact] | None:
    """
    Return the answers before and after the only time in which nobody listened at the port.

    A name with two addresses, one of them dead, is refused again and again.
    """
    gaps: list[tuple[Contact, Contact]] = []
    former: Contact | None = None
    is_refused = False
    for contact in direct:
        if contact.answered:
            if former is not None and is_refused:
                gaps.append((former, contact))
            former, is_refused = contact, False
        elif contact.failure == Failure.REFUSED:
            is_refused = True
    return gaps[0] if len(gaps) == 1 and not is_refused else None


def _between(last: Contact, new: Contact, contacts: Iterable[Contact], *, is_new: bool) -> Outage:
    """
    Return the outage between two direct contacts, its times narrowed by all the others.
    """
    between = [each for each in contacts if last.at <= each.at <= new.at]
    missed = [each for each in between if not each.answered]
    if not missed:
        return Outage(last.service, last.at, None, new.at, is_new)
    until = max(each.at for each in between if each.answered and each.at <= missed[0].at)
    back = min(each.at for each in between if each.answered and each.at >= missed[-1].at)
    return Outage(last.service, until, missed[0], back, is_new)


def _to_the_end(contacts: Sequence[Contact]) -> Outage | None:
    """
    Return the outage that has not ended: the service has answered, and the last contact failed.

    It failed in a way that had worked before, and since then no other way worked.
    """
    direct = [contact for contact in contacts if contact.direct]
    if not direct or direct[-1].answered:
        return None
    alike = [contact for contact in direct if contact.transport == direct[-1].transport]
    worked = max((each.at for each in alike if each.answered), default=None)
    until = max((each.at for each in contacts if each.answered), default=math.inf)
    missed = [each for each in contacts if each.at > until]
    if worked is None or any(not each.answered and worked < each.at < until for each in alike):
        return None
    return Outage(missed[0].service, until, missed[0]) if missed else None
