"""
Progress of a call: the steps of a good one, in order, and the meaning of each missing one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from livekit_conformance.wording import Text


class Milestone(StrEnum):
    """
    Step that a call must complete before it can go on.
    """

    INVITED = "invited"
    TRYING = "trying"
    TRUNK = "trunk"
    CREDENTIALS = "credentials"
    DISPATCHED = "dispatched"
    JOINED = "joined"
    AGENT = "agent"
    ANSWERED = "answered"
    AUDIO = "audio"
    HUNG_UP = "hung-up"
    LEFT = "left"

    # Of outbound calls.
    ASKED = "asked"
    TAKEN = "taken"
    INVITE_CAME = "invite-came"
    ACKNOWLEDGED = "acknowledged"


# Steps that need not be observed, because no observer may be there, come last.
INBOUND = (
    Milestone.INVITED,
    Milestone.TRYING,
    Milestone.TRUNK,
    Milestone.CREDENTIALS,
    Milestone.DISPATCHED,
    Milestone.JOINED,
    Milestone.AGENT,
    Milestone.ANSWERED,
    Milestone.AUDIO,
    Milestone.HUNG_UP,
    Milestone.LEFT,
)
OUTBOUND = (Milestone.ASKED, Milestone.TAKEN, Milestone.INVITE_CAME, Milestone.ACKNOWLEDGED)

# Text for the end of an incomplete call: the step that should have come next.
MISSING: Mapping[Milestone, Text] = MappingProxyType(
    {
        Milestone.INVITED: Text(
            en="the INVITE was never sent",
            ru="INVITE так и не был отправлен",
        ),
        Milestone.TRYING: Text(
            en="no answer to the INVITE: it did not reach livekit-sip, or the answer did not "
            "reach us",
            ru="на INVITE нет ответа: либо он не дошёл до livekit-sip, либо ответ не дошёл до нас",
        ),
        Milestone.TRUNK: Text(
            en="no trunk: livekit-sip asked over the bus for the trunk of this call and got no "
            "usable answer",
            ru="нет транка: livekit-sip спросил по шине, какому транку принадлежит вызов, и не "
            "получил пригодного ответа",
        ),
        Milestone.CREDENTIALS: Text(
            en="the trunk did not accept the caller's credentials",
            ru="транк не принял учётные данные звонящего",
        ),
        Milestone.DISPATCHED: Text(
            en="no dispatch result: no dispatch rule matched the call, or nobody answered over the "
            "bus",
            ru="нет результата диспетчеризации: вызову не подошло ни одно правило, или никто не "
            "ответил по шине",
        ),
        Milestone.JOINED: Text(
            en="livekit-sip did not join the room on livekit-server",
            ru="livekit-sip не вошёл в комнату на livekit-server",
        ),
        Milestone.AGENT: Text(
            en="nobody in the room published audio: livekit-sip waits for an agent",
            ru="никто в комнате не опубликовал звук: livekit-sip ждёт агента",
        ),
        Milestone.ANSWERED: Text(
            en="no 200 OK to the INVITE",
            ru="на INVITE не пришёл 200 OK",
        ),
        Milestone.AUDIO: Text(
            en="the call was answered, but no audio reached the caller",
            ru="на вызов ответили, но звук до звонящего не дошёл",
        ),
        Milestone.HUNG_UP: Text(
            en="the BYE was not answered",
            ru="на BYE нет ответа",
        ),
        Milestone.LEFT: Text(
            en="the caller did not leave the room, as far as was seen",
            ru="выход звонящего из комнаты не обнаружен",
        ),
        Milestone.ASKED: Text(
            en="the call was never requested",
            ru="вызов так и не был запрошен",
        ),
        Milestone.TAKEN: Text(
            en="no livekit-sip took the call from the bus",
            ru="ни один livekit-sip не взял вызов с шины",
        ),
        Milestone.INVITE_CAME: Text(
            en="no INVITE reached the address of the outbound trunk",
            ru="на адрес исходящего транка INVITE не пришёл",
        ),
        Milestone.ACKNOWLEDGED: Text(
            en="the answer to the INVITE was not acknowledged",
            ru="ответ на INVITE не подтверждён (нет ACK)",
        ),
    }
)
