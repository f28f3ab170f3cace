"""
What a mock is told: its key pair, where its webhooks go, its clocks, and what is wrong with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from livekit_conformance.mock.variations import Variations

# The version whose answers the mock gives.
SERVER_VERSION: Final = "1.13.5"


@dataclass(frozen=True, slots=True)
class Faults:
    """
    Small lies of the mock, for the tests of the tests; a healthy mock has none.

    The SIP side:
        bus_down: nobody answers livekit-sip on the bus; 503 after the selection time of a second.
        sip_wrong_secret: livekit-sip signs its tokens with a wrong secret; 486 after a 180.
        sip_silent: SIP requests are not answered at all.
        sip_sent_twice: every SIP message goes out twice, as through a network that doubles.
        agent_silent: no agent joins, a call rings until the caller gives up.
        trunk_accepts_any_password: the digest is asked for and not looked at.
        trunk_accepts_any_user: the digest need only fit the user name that it came with.
        trunk_never_challenges: credentials are not asked for.
        refused_caller_not_logged: livekit-sip says nothing of wrong credentials.
        unknown_number_gets_room: a number of no trunk is taken for one that is known.
        cancel_ignored: CANCEL is not answered, the call goes on.
        second_call_rejected: while there is a call, any other is refused with 486.
        room_named_otherwise: the room of a call has another name than its rule gives it.
        one_room_for_all: while there is a call, any other is put into its room.
        rooms_never_end: a room stays open after its last participant has left.
        sip_attributes_missing: the SIP participant lacks sip.callID and sip.trunkPhoneNumber.
        no_echo: the agent does not speak, the caller hears nothing.
        bye_unanswered: BYE is ignored and the caller stays in the room.
    The HTTP side:
        http_silent: `GET /` is read and never answered.
        not_ready: `GET /` answers 406.
        clock_behind, clock_inexact: the header Date is 90 s, or 10 s, in the past.
        wrong_secret_accepted, unknown_key_accepted, expired_accepted: refusals that do not happen.
        no_token_accepted: a request without a token may do everything.
        malformed_accepted: what is no token may do everything.
        any_scheme_accepted: the token counts with any scheme in front of it, and with none.
        nbf_ignored: a token counts before it begins to be valid.
        alg_none_accepted: a token without a signature counts.
        other_algorithm_accepted: the signature of an HS384 or HS512 token is not looked at.
        signature_cut: the end of a signature is not compared.
        signature_cached: a signature that was good once is good for any claims.
        devkey_accepted: the key pair of development counts too.
        grants_ignored: a good token may do everything.
        other_room_allowed: the admin of one room is admin of all.
        validate_accepts_everything: the join validation endpoint never refuses a good token.
        websocket_refused: `/rtc` answers 404, as behind a proxy that passes no WebSockets.
        refusals_unexplained: the answer to a refused token has no text.
        expiry_not_logged: the line of an expired token does not say that it is expired.
        rooms_not_listed: ListRooms knows of no room.
        plus_becomes_blank: a room is created with blanks where its name has plus signs.
        names_become_ascii: other characters of a room's name become question marks.
        long_names_accepted: the name of a room has no limit.
        limit_not_named: a name over the limit is refused without a word of the limit.
        open_rooms_renewed: creating a room that is open ends it and makes another one.
        metadata_forgotten: a room has no metadata, whatever it was created with.
        deleted_rooms_listed: ListRooms goes on with rooms that were deleted.
        absent_rooms_deleted: to delete a room that does not exist is no error.
        nodes_apart: a connection for one request only leads to a node that has no rooms.
        empty_rooms_stay: a room that nobody joins never ends.
        refusals_not_logged: a refused token leaves no line in the log.
        logs_garbled: between the lines of livekit-server there are others, as of a stack trace.
        secret_logged: the API secret stands in the log of livekit-server.
    Outbound calls:
        outbound_no_sip_service: no livekit-sip listens on the bus; 503 after the selection time.
        outbound_not_dialled: livekit-sip joins the room and sends no INVITE.
        outbound_statuses_lost: every call that failed is told as an internal error.
        outbound_other_room: the call goes to another room than the one asked for.
        outbound_bye_missing: the callee is not told that the call is over.
    Failures on demand (provisioners/failures.py):
        never_recovers: what failed does not return.
        failed_joins_not_logged: livekit-sip says nothing of a room that it could not join.
    Webhooks:
        webhooks_dropped: no event is sent.
        webhooks_signed_wrongly: events are signed with another secret.
        tracks_share_an_id: track_published of a room has the same id for each track.
        leave_not_told: participant_left is not sent.
        webhooks_sent_twice: every event is delivered a second time.
        webhooks_share_an_id: all events have the same id.
        webhooks_old_created_at: events say that they happened an hour ago.
        webhooks_as_plain_json: the content type is application/json.
        webhooks_name_another_host: the header Host names another endpoint.
        webhooks_not_retried: an event that was answered with 500 is given up at once.
        webhooks_retried_on_refusal: a 4xx is tried again like a 5xx.
        webhook_successes_not_logged, webhook_failures_not_logged: lines that are not written.
    """

    bus_down: bool = False
    sip_wrong_secret: bool = False
    sip_silent: bool = False
    sip_sent_twice: bool = False
    agent_silent: bool = False
    trunk_accepts_any_password: bool = False
    trunk_accepts_any_user: bool = False
    trunk_never_challenges: bool = False
    refused_caller_not_logged: bool = False
    unknown_number_gets_room: bool = False
    cancel_ignored: bool = False
    second_call_rejected: bool = False
    room_named_otherwise: bool = False
    one_room_for_all: bool = False
    rooms_never_end: bool = False
    sip_attributes_missing: bool = False
    no_echo: bool = False
    bye_unanswered: bool = False
    http_silent: bool = False
    not_ready: bool = False
    clock_behind: bool = False
    clock_inexact: bool = False
    wrong_secret_accepted: bool = False
    unknown_key_accepted: bool = False
    expired_accepted: bool = False
    no_token_accepted: bool = False
    malformed_accepted: bool = False
    any_scheme_accepted: bool = False
    nbf_ignored: bool = False
    alg_none_accepted: bool = False
    other_algorithm_accepted: bool = False
    signature_cut: bool = False
    signature_cached: bool = False
    devkey_accepted: bool = False
    grants_ignored: bool = False
    other_room_allowed: bool = False
    validate_accepts_everything: bool = False
    websocket_refused: bool = False
    refusals_unexplained: bool = False
    expiry_not_logged: bool = False
    rooms_not_listed: bool = False
    plus_becomes_blank: bool = False
    names_become_ascii: bool = False
    long_names_accepted: bool = False
    limit_not_named: bool = False
    open_rooms_renewed: bool = False
    metadata_forgotten: bool = False
    deleted_rooms_listed: bool = False
    absent_rooms_deleted: bool = False
    nodes_apart: bool = False
    empty_rooms_stay: bool = False
    refusals_not_logged: bool = False
    secret_logged: bool = False
    logs_garbled: bool = False
    outbound_no_sip_service: bool = False
    outbound_not_dialled: bool = False
    outbound_statuses_lost: bool = False
    outbound_other_room: bool = False
    outbound_bye_missing: bool = False
    webhooks_dropped: bool = False
    webhooks_signed_wrongly: bool = False
    tracks_share_an_id: bool = False
    leave_not_told: bool = False
    webhooks_sent_twice: bool = False
    webhooks_share_an_id: bool = False
    webhooks_old_created_at: bool = False
    webhooks_as_plain_json: bool = False
    webhooks_name_another_host: bool = False
    webhooks_not_retried: bool = False
    webhooks_retried_on_refusal: bool = False
    webhook_successes_not_logged: bool = False
    webhook_failures_not_logged: bool = False
    never_recovers: bool = False
    failed_joins_not_logged: bool = False


@dataclass(slots=True)
class MockConfig:
    """
    The configuration of one mock; its `faults` may change while it runs.

    Times are in seconds; the defaults are those of the real services where waiting for them costs
    a test nothing.
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
    # The waits between the tries to deliver one webhook; after the last try it is given up. The
    # real server waits ten times as long.
    webhook_retry_delays_s: tuple[float, ...] = (0.1, 0.2, 0.4, 0.8)
    # The real server keeps the last status of a webhook that it gives up to itself.
    hides_failed_status: bool = True
    # livekit-server 1.13.0 to 1.13.5 repeats a refused token, whole, in its answer and its log.
    repeats_refused_tokens: bool = True
    # livekit-server up to 1.13.5 accepts them, and they never expire.
    accepts_tokens_without_expiry: bool = True
    faults: Faults = Faults()
    variations: Variations = field(default_factory=Variations)
