"""
Observations of one call by each source, made up in the form of the real services.
"""

from __future__ import annotations

from tests.observed import observed

CALL = "conformance-0123456789abcdef"
SCL = "SCL_own"
ROOM = "voice-ai-call-_+15550100_abc"
CALLER = "sip_+15550100"
BEGAN = 1_800_000_000.0


def sip(at, label, *, method="INVITE", call=CALL, text=""):
    """Return a SIP message; `label` begins with `>` when sent by us, with `<` when received."""
    sent, label = label[0] == ">", label[1:]
    status = int(label[:3]) if label[:3].isdigit() else None
    first = f"{label} sip:+15550123@127.0.0.1 SIP/2.0" if status is None else f"SIP/2.0 {label}"
    return observed(
        BEGAN + at,
        "sip",
        f"{'->' if sent else '<-'} {label}",
        {
            "call": call,
            "direction": "sent" if sent else "received",
            "status": status,
            "text": f"{first}\r\n{text}CSeq: 1 {method}\r\n\r\n",
        },
    )


def line(at, service, message, *, level="info", kind=None, **fields):
    details = {"service": service, "level": level, "message": message, **fields}
    kind = kind or ("call-line" if level == "info" else "log")
    return observed(BEGAN + at, kind, f"log of {service}: {message}", details)


def of_sip(at, message, **fields):
    return line(at, "livekit-sip", message, callID=SCL, sipCallID=CALL, **fields)


def of_server(at, message, **fields):
    return line(at, "livekit-server", message, room=ROOM, **fields)


def webhook(at, event, participant=None, *, room=ROOM, id_=None):
    details = {
        "event": event,
        "room": room,
        "id": id_ or f"EV_{event}_{participant}",
        "participant": participant,
        "status": 200,
        "problem": None,
        "created_at": float(int(BEGAN + at)),
    }
    return observed(BEGAN + at, "webhook", f"{event} {room} -> 200", details)


def ended(at, outcome="answered", *, purpose="probe", call=CALL, **details):
    told = {"call": call, "purpose": purpose, "outcome": outcome, "final_at_s": at, **details}
    return observed(BEGAN + at, "sip-call", f"INVITE ({purpose}): {outcome}", told)


def healthy(*, sip_ahead=0.0, server_ahead=0.0):
    """Return the observations of a complete call; the services' clocks may be ahead of ours."""

    def s(at, message, **fields):
        return of_sip(at + sip_ahead, message, **fields)

    def v(at, message, **fields):
        return of_server(at + server_ahead, message, **fields)

    own = {"participantID": "PA_own", "participant": CALLER}
    hook = {"id": "EV_room_started_None", "event": "room_started", "sendDuration": 0.002}
    return [
        sip(0.000, ">INVITE"),
        sip(0.002, "<100 Processing"),
        sip(0.007, "<407 Unauthorized"),
        sip(0.008, ">ACK", method="ACK"),
        sip(0.009, ">INVITE", text="Proxy-Authorization: Digest x\r\n"),
        sip(0.030, "<180 Ringing"),
        webhook(0.026, "room_started"),
        webhook(0.040, "participant_joined", CALLER),
        webhook(0.170, "track_published", "agent"),
        sip(0.190, "<200 OK"),
        sip(0.191, ">ACK", method="ACK"),
        sip(1.200, ">BYE", method="BYE"),
        sip(1.206, "<200 OK", method="BYE"),
        webhook(1.210, "participant_left", CALLER),
        ended(0.200),
        # The logs are read at the end.
        v(0.024, "starting RTC session", **own),
        v(0.027, "sent webhook", status="200 OK", **hook),
        s(0.001, "processing invite"),
        s(0.005, "Starting SIP invite authentication", sipTrunk="ST_1"),
        s(0.012, "SIP invite authentication successful"),
        s(0.020, "Joining room", room=ROOM, participant=CALLER),
        s(0.035, "SIP participant joined room", room=ROOM, **own),
        s(0.180, "Accepting the call", room=ROOM),
        s(1.204, "BYE from remote", room=ROOM),
    ]
