"""
The kinds of strangers' traffic.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.scenarios.strangers import callers, requests, runs
from tests.scenarios.strangers.target import Target

Act = Callable[[Target], Awaitable[str]]


@dataclass(frozen=True)
class Kind:
    """
    One kind of traffic: `act` makes one event, `per_s` times a second; 0 is once, before the run.

    `shows` is an outcome that proves that the events arrive. `agent` is for calls that another
    agent answers, `before` for an act that has to come first. At most `at_once` events are in
    progress, and `at_most` are made.
    """

    name: str
    story: str
    act: Act
    per_s: float
    shows: str
    agent: bool = False
    before: Act | None = None
    at_once: int = 40
    at_most: int = 200_000


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "no-ack",
            "callers never send ACK",
            callers.never_acknowledge,
            1,
            "200",
            agent=True,
        ),
        Kind("codecs", "callers offer only G.729", callers.offer_unsuitable_codecs, 2, "400"),
        Kind("bad-requests", "malformed API requests", requests.garbage_request, 20, "404"),
        Kind(
            "passing-rooms", "rooms come and go", requests.passing_room, 40, "deleted", at_once=200
        ),
        Kind("cancelled", "calls are cancelled", callers.cancel, 5, "487"),
        Kind("cancelled-at-once", "calls end before ringing", callers.cancel_at_once, 5, "487"),
        Kind(
            "talking",
            "calls talk and hang up",
            callers.talk,
            3,
            "200",
            agent=True,
            before=requests.lobby,
        ),
        Kind("wrong-passwords", "callers have a wrong password", callers.wrong_password, 5, "401"),
        Kind("garbage", "garbage on the SIP port", callers.send_garbage, 50, "sent"),
        Kind("unknown-numbers", "calls to numbers of no trunk", callers.unknown_number, 5, "180"),
        Kind("thousand-rooms", "1,000 rooms exist", requests.thousand_rooms, 0, "created"),
        Kind("many-trunks", "500 trunks and rules exist", requests.many_trunks, 0, "created"),
        Kind(
            "look-alikes",
            "rooms named like a run's",
            requests.look_alike_room,
            20,
            "deleted",
            at_once=100,
        ),
        Kind("deleted-rooms", "rooms deleted under users", requests.deleted_room, 5, "deleted"),
        Kind("forged-webhooks", "forged webhooks", requests.forged_webhook, 5, "401"),
        Kind("no-bye", "callers vanish mid-call", callers.never_hang_up, 1, "200", agent=True),
        Kind("vanishing", "callers vanish in ringing", callers.vanish_while_ringing, 2, "180"),
        Kind("options", "OPTIONS flood", callers.ask_options, 50, "200"),
        Kind("register", "REGISTER scanners", callers.register, 20, "405"),
        Kind("bad-tokens", "bad tokens at the API", requests.bad_token, 10, "401"),
        Kind("bad-joins", "joins with a bad token", requests.join_with_a_bad_token, 5, "401"),
        Kind("dropped-joins", "users join and drop", requests.join_and_drop, 5, "BINARY"),
        Kind(
            "busy", "outbound calls get 486", requests.dial_a_busy_number, 2, "resource_exhausted"
        ),
        Kind("yesterday", "yesterday's failures", requests.failures_of_yesterday, 0, "written"),
        Kind("passing-trunks", "trunks come and go", requests.passing_trunk, 5, "deleted"),
        Kind("duplicates", "INVITEs arrive twice", callers.duplicate_invite, 5, "407"),
        Kind("half-requests", "half an HTTP request", requests.half_a_request, 10, "left"),
        Kind(
            "no-egress",
            "recordings without egress",
            requests.record_without_egress,
            2,
            "begun",
        ),
        Kind("metadata", "metadata changes", requests.change_metadata, 3, "changed"),
        Kind(
            "no-pin",
            "callers enter no PIN",
            callers.enter_no_pin,
            2,
            "200",
            before=requests.number_with_pin,
        ),
        Kind(
            "missing-rooms",
            "requests for rooms of nobody",
            requests.ask_for_nothing,
            10,
            "not_found",
        ),
        Kind("crashed-agents", "agents crash at work", requests.crash_an_agent, 1, "crashed"),
        Kind("two-runs", "another run of the suites", runs.another_run, 1, "begun", at_once=1),
        Kind("stray-byes", "BYE for no call", callers.hang_up_nothing, 20, "400"),
        Kind("re-invites", "re-INVITEs pile up", callers.invite_again, 1, "200", agent=True),
        Kind(
            "unknown-agents", "agents of nobody", requests.ask_for_an_unknown_agent, 3, "dispatched"
        ),
        Kind("removed", "participants are removed", requests.remove_participant, 3, "removed"),
        Kind("dial-nowhere", "outbound calls to nobody", requests.dial_nowhere, 1, "canceled"),
    )
}
