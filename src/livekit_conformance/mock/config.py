"""
Configuration of a mock: its key pair, webhook URL, timings and faults.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from livekit_conformance.mock.variations import Variations

# The version of livekit-server that the mock imitates.
SERVER_VERSION: Final = "1.13.5"


@dataclass(frozen=True, slots=True)
class Faults:
    """
    Deliberate defects of the mock, for the tests of the tests; a healthy mock has none.

    The SIP side:
        bus_down: nobody answers livekit-sip on the bus; 503 after the selection time of a second.
        quota_exceeded: livekit-server lets no more calls in, as LiveKit Cloud does at its quota.
        sip_wrong_secret: livekit-sip signs its tokens with a wrong secret; 486 after a 180.
        sip_silent: SIP requests are not answered at all.
        sip_sent_twice: every SIP message is sent twice, as by a network that duplicates packets.
        answer_without_contact: the 200 to an INVITE has no Contact.
        contact_elsewhere: its Contact is an address at which nobody listens.
        agent_silent: no agent joins, a call rings until the caller gives up.
        trunk_accepts_any_password: the digest is requested but not verified.
        trunk_accepts_any_user: the digest only has to match the user name in the same answer.
        trunk_never_challenges: credentials are not requested.
        refused_caller_not_logged: livekit-sip does not log wrong credentials.
        unknown_number_gets_room: a number of no trunk is treated as a known one.
        cancel_ignored: CANCEL is not answered, the call goes on.
        second_call_rejected: while there is a call, any other is refused with 486.
        room_named_otherwise: the room of a call has another name than its rule prescribes.
        one_room_for_all: while there is a call, any other is put into its room.
        rooms_never_end: a room stays open after its last participant has left.
        sip_attributes_missing: the SIP participant lacks sip.callID and sip.trunkPhoneNumber.
        no_voice: the agent does not speak, the caller hears nothing.
        voice_lossy: one in eight packets of the agent's voice is lost.
        keys_refused: the answer to an INVITE lacks telephone-event.
        bye_unanswered: BYE is ignored and the caller stays in the room.
    The HTTP side:
        http_silent: `GET /` is read and never answered.
        not_ready: `GET /` answers 406.
        clock_behind, clock_inexact: the header Date is 90 s, or 10 s, in the past.
        wrong_secret_accepted, unknown_key_accepted, expired_accepted: such tokens are not refused.
        no_token_accepted: a request without a token has every grant.
        malformed_accepted: a malformed token has every grant.
        any_scheme_accepted: the token is accepted with any scheme in front of it, and with none.
        nbf_ignored: a token is accepted before it begins to be valid.
        alg_none_accepted: a token without a signature is accepted.
        other_algorithm_accepted: the signature of an HS384 or HS512 token is not verified.
        signature_cut: the end of a signature is not compared.
        signature_cached: a signature that was valid once is accepted for any claims.
        devkey_accepted: the development key pair is accepted too.
        grants_ignored: a valid token has every grant.
        other_room_allowed: the admin of one room is admin of all.
        validate_accepts_everything: the join validation endpoint never refuses a valid token.
        websocket_refused: `/rtc` answers 404, as behind a proxy that passes no WebSockets.
        refusals_unexplained: the answer to a refused token has no text.
        expiry_not_logged: the log line of an expired token does not mention the expiry.
        rooms_not_listed: ListRooms returns no rooms.
        plus_becomes_blank: a room is created with blanks in place of the plus signs of its name.
        names_become_ascii: non-ASCII characters of a room's name become question marks.
        long_names_accepted: the name of a room has no limit.
        limit_not_named: the refusal of a name over the limit does not mention the limit.
        open_rooms_renewed: creating a room that is open ends it and makes another one.
        metadata_forgotten: a room never has metadata, even if it was created with some.
        deleted_rooms_listed: ListRooms still returns rooms that were deleted.
        absent_rooms_deleted: deleting a room that does not exist is no error.
        nodes_apart: a connection for a single request reaches a node that has no rooms.
        empty_rooms_stay: a room that nobody joins never ends.
        refusals_not_logged: a refused token leaves no line in the log.
        logs_garbled: foreign lines, as of a stack trace, stand between those of livekit-server.
        secret_logged: livekit-server logs the API secret.
    Outbound calls:
        outbound_no_sip_service: no livekit-sip listens on the bus; 503 after the selection time.
        outbound_not_dialled: livekit-sip joins the room and sends no INVITE.
        outbound_statuses_lost: every failed call is reported as an internal error.
        outbound_other_room: the call joins another room than the requested one.
        outbound_without_max_forwards: the INVITE has no Max-Forwards.
        outbound_bye_missing: the callee gets no BYE when the call is over.
    Failures on demand (provisioners/failures.py):
        never_recovers: a failed service does not return.
        failed_joins_not_logged: livekit-sip does not log a failed join.
    Webhooks:
        webhooks_dropped: no event is sent.
        webhooks_signed_wrongly: events are signed with another secret.
        tracks_share_an_id: every track_published of a room has the same id.
        leave_not_told: participant_left is not sent.
        webhooks_sent_twice: every event is delivered a second time.
        webhooks_share_an_id: all events have the same id.
        webhooks_old_created_at: `created_at` of every event is an hour in the past.
        webhooks_as_plain_json: the content type is application/json.
        webhooks_name_another_host: the header Host names another endpoint.
        webhooks_not_retried: the first 5xx ends the delivery of an event.
        webhooks_retried_on_refusal: a 4xx is retried like a 5xx.
        webhook_successes_not_logged, webhook_failures_not_logged: lines that are not written.
    """

    bus_down: bool = False
    quota_exceeded: bool = False
    sip_wrong_secret: bool = False
    sip_silent: bool = False
    sip_sent_twice: bool = False
    answer_without_contact: bool = False
    contact_elsewhere: bool = False
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
    no_voice: bool = False
    voice_lossy: bool = False
    keys_refused: bool = False
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
    outbound_without_max_forwards: bool = False
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
    Configuration of one mock; its `faults` may change while it runs.

    Times are in seconds. A default is that of the real service unless waiting for it would slow
    down a test.
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
    # Delays between the attempts to deliver one webhook; it is dropped after the last attempt. The
    # real server waits ten times as long.
    webhook_retry_delays_s: tuple[float, ...] = (0.1, 0.2, 0.4, 0.8)
    # The real server does not log the last status of a webhook that it gives up.
    hides_failed_status: bool = True
    # livekit-server 1.13.0 to 1.13.5 repeats a refused token in full in its answer and its log.
    repeats_refused_tokens: bool = True
    # livekit-server up to 1.13.5 accepts them, and they never expire.
    accepts_tokens_without_expiry: bool = True
    faults: Faults = Faults()
    variations: Variations = field(default_factory=Variations)
