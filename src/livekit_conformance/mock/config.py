"""
What a mock is told: its key pair, where its webhooks go, its clocks, and what is wrong with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Faults:
    """
    Small lies of the mock, for the tests of the tests; a healthy mock has none.

    The SIP side:
        bus_down: nobody answers livekit-sip on the bus; 503 after the selection time of a second.
        sip_wrong_secret: livekit-sip signs its tokens with a wrong secret; 486 after a 180.
        sip_silent: SIP requests are not answered at all.
        agent_silent: no agent joins, a call rings until the caller gives up.
        trunk_accepts_any_password: the digest is asked for and not looked at.
        no_echo: the agent does not speak, the caller hears nothing.
        bye_unanswered: BYE is ignored and the caller stays in the room.
    The HTTP side:
        http_silent: `GET /` is read and never answered.
        not_ready: `GET /` answers 406.
        wrong_secret_accepted, unknown_key_accepted, expired_accepted: refusals that do not happen.
        rooms_not_listed: ListRooms knows of no room.
        refusals_not_logged: a refused token leaves no line in the log.
        secret_logged: the API secret stands in the log of livekit-server.
    Webhooks:
        webhooks_dropped: no event is sent.
        webhooks_signed_wrongly: events are signed with another secret.
        leave_not_told: participant_left is not sent.
    """

    bus_down: bool = False
    sip_wrong_secret: bool = False
    sip_silent: bool = False
    agent_silent: bool = False
    trunk_accepts_any_password: bool = False
    no_echo: bool = False
    bye_unanswered: bool = False
    http_silent: bool = False
    not_ready: bool = False
    wrong_secret_accepted: bool = False
    unknown_key_accepted: bool = False
    expired_accepted: bool = False
    rooms_not_listed: bool = False
    refusals_not_logged: bool = False
    secret_logged: bool = False
    webhooks_dropped: bool = False
    webhooks_signed_wrongly: bool = False
    leave_not_told: bool = False


@dataclass(frozen=True, slots=True)
class MockConfig:
    """
    The configuration of one mock. Times are in seconds; the defaults are those of the real
    services where waiting for them costs a test nothing.
    """

    api_key: str
    api_secret: str = field(repr=False)
    log_dir: Path
    webhook_url: str | None = None
    empty_timeout_s: int = 300
    departure_timeout_s: float = 1.0
    answer_delay_s: float = 0.2
    ringing_interval_s: float = 1.0
    bus_selection_s: float = 1.0
    # The waits between the tries to deliver one webhook; after the last try it is given up.
    webhook_retry_delays_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    # livekit-server 1.13.0 to 1.13.5 repeats a refused token, whole, in its answer and its log.
    repeats_refused_tokens: bool = True
    faults: Faults = Faults()
