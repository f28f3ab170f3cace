"""
Causes of unanswered calls, and of calls that end early or never: the agent and its dispatch.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Between, Cause, Condition, Sign, check, log, probe
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.text import Text

_SOME = Between(1, 1000)
_NAMED = re.compile(".")
# The probe rings for 8 s; a call that its trunk ends sooner was not cancelled by us.
_TOO_SHORT = Between(0.001, 7.9)


def _room(**where: Condition) -> Sign:
    """
    Return the sign of participants in the room of the probe call.
    """
    return Sign("room", where)


_NO_WORKER = log(
    "livekit-server",
    level="info",
    message="not dispatching agent job since no worker is available",
    agentName=_NAMED,
    # Agents of calls are of this kind; other kinds are rare.
    jobType="JT_ROOM",
)
_NO_JOB = _room(sent_for=_NAMED, jobs=0, audio=0)
_REFUSED_JOB = log("livekit-server", message="failed to assign job to worker")
_JOB_WITHOUT_AGENT = _room(jobs=_SOME, others=0)
_MAY_NOT_PUBLISH = _room(silenced=_SOME, audio=0)
_CAME_AND_WENT = _room(gone=_SOME, here=0, audio=0)
_SAYS_NOTHING = _room(here=_SOME, audio=0, silenced=0)
_ELSEWHERE = _room(others=0, elsewhere=_SOME)
_NOBODY = _room(deployed=True, others=0, sent_for="", elsewhere=0)
_RANG_OUT = log("livekit-sip", level="info", message="SIP call ended", reason="cannot-subscribe")
_RINGS_BRIEFLY = Sign("dispatch", {"ringing_timeout_s": _TOO_SHORT})
_LASTS_BRIEFLY = Sign("dispatch", {"max_call_duration_s": _TOO_SHORT})
_ENDED_BY_THEM = Sign("call-end", {"by": "them"})
_STAYS = _room(staying=_SOME, audio=_SOME)
_DOES_NOT_END = (
    check("1.2-room-ends-after-hang-up"),
    check(
        "1.3-call-events-arrive-in-order",
        message=re.compile(r"arrived \[(?!.*'room_finished')"),
    ),
)
# Shows that nobody notified the application of the call.
_NOT_TOLD = Sign(
    "check",
    {"id": re.compile(r"^1\.3-(server|endpoint)-"), "verdict": re.compile("^(FAIL|BLOCKED)$")},
)
_BREAKS = (Link.ANSWER,)

CAUSES: tuple[Cause, ...] = (
    Cause(
        "worker-refuses-the-job",
        Link.AGENT,
        Text(
            en="The agent's worker refuses the job",
            ru="Воркер агента отказывается от задания",
        ),
        Text(
            en=(
                "A worker is registered under the name that was asked for, and it did not take "
                "the job: it is full, its load is above its limit, or its `request_fnc` rejects "
                "calls."
            ),
            ru=(
                "Воркер с нужным именем зарегистрирован, но задание не взял: он занят, его "
                "нагрузка выше предела, или его `request_fnc` отклоняет звонки."
            ),
        ),
        Text(
            en=(
                "Start more workers, or raise `load_threshold` in the worker's options; look "
                "into the worker's log for the job that was rejected. Each refusal is a line "
                "`failed to assign job to worker` in livekit-server's log: there must be no more "
                "of them."
            ),
            ru=(
                "Запустите больше воркеров или поднимите `load_threshold` в настройках воркера; "
                "найдите отклонённое задание в журнале воркера. Каждый отказ — строка `failed to "
                "assign job to worker` в журнале livekit-server: новых появляться не должно."
            ),
        ),
        shows=(_REFUSED_JOB,),
        proofs=(_REFUSED_JOB,),
        breaks=_BREAKS,
        source="livekit pkg/agent/worker.go, pkg/service/agentservice.go",
    ),
    Cause(
        "no-worker-for-the-agent",
        Link.AGENT,
        Text(
            en="No worker is registered under the agent name that was asked for",
            ru="Нет воркера с тем именем агента, которое запрошено",
        ),
        Text(
            en=(
                "The dispatch rule (or the application) sends for an agent by name, and "
                "livekit-server knows no worker of that name: no worker runs, it is connected to "
                "another server, or its `agent_name` is spelt differently."
            ),
            ru=(
                "Правило диспетчеризации (или приложение) вызывает агента по имени, а "
                "livekit-server не знает воркера с таким именем: воркер не запущен, подключён к "
                "другому серверу, или его `agent_name` написано иначе."
            ),
        ),
        Text(
            en=(
                "Make `agent_name` of the worker and `room_config.agents[].agent_name` of the "
                "rule the same, letter by letter (lk sip dispatch list), and start the worker "
                "with this deployment's LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET. "
                "livekit-server logs `worker registered` with the name when it is there."
            ),
            ru=(
                "Сделайте `agent_name` воркера и `room_config.agents[].agent_name` в правиле "
                "одинаковыми, буква в букву (lk sip dispatch list), и запустите воркер с "
                "LIVEKIT_URL, LIVEKIT_API_KEY и LIVEKIT_API_SECRET этого сервера. Когда он "
                "подключится, livekit-server напишет `worker registered` с этим именем."
            ),
        ),
        shows=(_NO_WORKER, _NO_JOB),
        proofs=(_NO_WORKER,),
        excludes=(_REFUSED_JOB, _JOB_WITHOUT_AGENT, _room(audio=_SOME)),
        breaks=_BREAKS,
        source="livekit pkg/agent/client.go LaunchJob; livekit/agents#2209",
    ),
    Cause(
        "agent-took-the-job-and-stays-away",
        Link.AGENT,
        Text(
            en="The agent took the job and does not come into the room",
            ru="Агент взял задание, но в комнату не приходит",
        ),
        Text(
            en=(
                "A worker accepted the job of this call, and nobody came into the room while it "
                "rang: the agent's process crashes, hangs while it loads, or cannot connect."
            ),
            ru=(
                "Воркер принял задание этого звонка, но пока шли гудки, в комнату никто не "
                "вошёл: процесс агента падает, зависает при загрузке или не может подключиться."
            ),
        ),
        Text(
            en=(
                "Read the agent's log for this job: a traceback before `ctx.connect()`, models "
                "that are still being loaded (move that into `prewarm_fnc`), or a server URL "
                "that the agent's machine cannot reach."
            ),
            ru=(
                "Прочитайте журнал агента для этого задания: traceback до `ctx.connect()`, "
                "долгая загрузка моделей (перенесите её в `prewarm_fnc`) или адрес сервера, "
                "недоступный с машины агента."
            ),
        ),
        shows=(_JOB_WITHOUT_AGENT,),
        proofs=(_JOB_WITHOUT_AGENT,),
        breaks=_BREAKS,
        source="livekit pkg/agent/worker.go AssignJob",
    ),
    Cause(
        "agent-may-not-publish",
        Link.AGENT,
        Text(
            en="The agent's token does not let it publish",
            ru="Токен агента не разрешает ему публиковать звук",
        ),
        Text(
            en=(
                "Somebody is in the room of the call whose permission `canPublish` is false. "
                "livekit-sip answers only when another participant publishes audio."
            ),
            ru=(
                "В комнате звонка есть участник, у которого право `canPublish` выключено. "
                "livekit-sip отвечает, только когда другой участник публикует звук."
            ),
        ),
        Text(
            en=(
                "Leave `canPublish` out of the grants of the agent's token, or set it to true "
                "(`canPublishSources`, if it is there, must hold `microphone`)."
            ),
            ru=(
                "Уберите `canPublish` из прав токена агента или поставьте true (если есть "
                "`canPublishSources`, в нём должен быть `microphone`)."
            ),
        ),
        shows=(_MAY_NOT_PUBLISH,),
        proofs=(_MAY_NOT_PUBLISH,),
        breaks=_BREAKS,
        source="livekit/sip pkg/sip/room.go; livekit/protocol auth/grants.go",
    ),
    Cause(
        "agent-leaves-before-it-speaks",
        Link.AGENT,
        Text(
            en="The agent comes into the room and leaves before it speaks",
            ru="Агент входит в комнату и уходит, не заговорив",
        ),
        Text(
            en=(
                "Somebody came into the room of the call, published no audio, and was gone again "
                "while the phone still rang."
            ),
            ru=(
                "В комнату звонка кто-то вошёл, не опубликовал звук и ушёл, пока телефон ещё "
                "звонил."
            ),
        ),
        Text(
            en=(
                "Read the agent's log for the moment it left: an exception after joining (speech "
                "or language service refuses its key, no quota), or a shutdown because it saw "
                "nobody speak."
            ),
            ru=(
                "Прочитайте журнал агента за момент ухода: исключение после входа (сервис речи "
                "или модель не принимает ключ, исчерпана квота) или завершение, потому что никто "
                "не говорит."
            ),
        ),
        shows=(_CAME_AND_WENT,),
        proofs=(_CAME_AND_WENT,),
        breaks=_BREAKS,
        source="livekit/sip pkg/sip/room.go",
    ),
    Cause(
        "ringing-timeout-too-short",
        Link.AGENT,
        Text(
            en="The trunk lets the call ring for too short a time",
            ru="Транк даёт звонку звонить слишком недолго",
        ),
        Text(
            en=(
                "livekit-sip gave the call up with 486 after the trunk's `ringing_timeout`, "
                "before an agent had come and spoken."
            ),
            ru=(
                "livekit-sip завершил звонок ответом 486 по `ringing_timeout` транка, раньше чем "
                "агент пришёл и заговорил."
            ),
        ),
        Text(
            en=(
                "Raise `ringing_timeout` of the inbound trunk above what the agent needs to come "
                "(30s is usual; left out it is 3 minutes): lk sip inbound update. Then see how "
                "long the agent takes from `room_started` to its first audio."
            ),
            ru=(
                "Увеличьте `ringing_timeout` входящего транка так, чтобы агент успевал прийти "
                "(обычно 30s; если его нет — 3 минуты): lk sip inbound update. Затем посмотрите, "
                "сколько времени проходит у агента от `room_started` до первого звука."
            ),
        ),
        shows=(probe(final_status=486, final_at_s=_TOO_SHORT), _RANG_OUT),
        also=(_RINGS_BRIEFLY, _room(audio=0)),
        proofs=(_RANG_OUT,),
        breaks=_BREAKS,
        source="livekit/sip pkg/sip/inbound.go waitSubscribe",
    ),
    Cause(
        "agent-in-another-room",
        Link.AGENT,
        Text(
            en="The agent waits in another room than the caller",
            ru="Агент ждёт не в той комнате, где звонящий",
        ),
        Text(
            en=(
                "While the caller rang in one room, somebody came into another one that was new, "
                "where there is no caller."
            ),
            ru=(
                "Пока звонящий ждал в одной комнате, кто-то вошёл в другую, новую комнату, где "
                "звонящего нет."
            ),
        ),
        Text(
            en=(
                "Let the application take the room's name from the webhook (`room.name`) or the "
                "job, and not put one together by itself: the dispatch rule adds the caller's "
                "number and random characters to its prefix."
            ),
            ru=(
                "Пусть приложение берёт имя комнаты из вебхука (`room.name`) или из задания, а "
                "не составляет его само: правило диспетчеризации добавляет к префиксу номер "
                "звонящего и случайные символы."
            ),
        ),
        shows=(_ELSEWHERE,),
        excludes=(_JOB_WITHOUT_AGENT,),
        breaks=_BREAKS,
        source="livekit/protocol sip/sip.go",
    ),
    Cause(
        "agent-does-not-speak",
        Link.AGENT,
        Text(
            en="The agent is in the room and publishes no audio",
            ru="Агент в комнате, но звук не публикует",
        ),
        Text(
            en=(
                "Somebody came into the room of the call and stayed, and published no audio "
                "track: livekit-sip keeps the caller ringing until one is there."
            ),
            ru=(
                "В комнату звонка кто-то вошёл и остался, но аудиодорожку не опубликовал: пока "
                "её нет, livekit-sip оставляет звонящего слушать гудки."
            ),
        ),
        Text(
            en=(
                "Let the agent publish its audio track at once when it joins, before it waits "
                "for the caller to speak (in livekit-agents: `session.start(...)`); see its log "
                "for what keeps it from doing so."
            ),
            ru=(
                "Пусть агент публикует аудиодорожку сразу при входе, не дожидаясь слов звонящего "
                "(в livekit-agents: `session.start(...)`); в его журнале видно, что ему мешает."
            ),
        ),
        shows=(_SAYS_NOTHING,),
        proofs=(_SAYS_NOTHING,),
        breaks=_BREAKS,
        source="livekit/sip pkg/sip/inbound.go; livekit/sip#231",
    ),
    Cause(
        "agent-does-not-come",
        Link.AGENT,
        Text(
            en="No agent comes into the room of the call",
            ru="В комнату звонка агент не приходит",
        ),
        Text(
            en=(
                "livekit-sip joined the room and kept the caller ringing: it answers only when "
                "another participant publishes audio, and nobody came. No agent was sent for by "
                "name, so it is the application, or a worker without a name, that should have "
                "come."
            ),
            ru=(
                "livekit-sip вошёл в комнату и оставил звонящего слушать гудки: он отвечает, "
                "только когда другой участник публикует звук, а никто не пришёл. По имени агента "
                "никто не вызывал, значит, прийти должно было приложение или воркер без имени."
            ),
        ),
        Text(
            en=(
                "Look into the application's log for the webhook `room_started` or "
                "`participant_joined` of this room: it must start the agent there. With "
                "livekit-agents the worker must run and be registered (`worker registered` in "
                "livekit-server's log); one that has an `agent_name` comes only when "
                "`room_config.agents` of the dispatch rule names it."
            ),
            ru=(
                "Найдите в журнале приложения вебхук `room_started` или `participant_joined` "
                "этой комнаты: по нему должен запускаться агент. С livekit-agents воркер должен "
                "работать и быть зарегистрирован (`worker registered` в журнале livekit-server); "
                "если у него задано `agent_name`, он приходит, только когда его называет "
                "`room_config.agents` правила диспетчеризации."
            ),
        ),
        shows=(_NOBODY, _RANG_OUT),
        # An agent was dispatched, came, or did not know of the call.
        excludes=(_NOT_TOLD, _NO_JOB, _room(others=_SOME), _room(elsewhere=_SOME), _RINGS_BRIEFLY),
        yields_to=("no-worker-for-the-agent", "worker-refuses-the-job"),
        breaks=_BREAKS,
        source="livekit/sip pkg/sip/inbound.go; livekit/sip#370, livekit/agents#2470",
    ),
    Cause(
        "max-call-duration-too-short",
        Link.HANG_UP,
        Text(
            en="The trunk ends calls after too short a time",
            ru="Транк обрывает звонки слишком рано",
        ),
        Text(
            en=(
                "livekit-sip hung up by itself: the trunk's `max_call_duration` was over. It "
                "counts from the joining of the room, so ringing is part of it."
            ),
            ru=(
                "livekit-sip сам повесил трубку: истекло `max_call_duration` транка. Время "
                "считается от входа в комнату, поэтому гудки тоже в счёт."
            ),
        ),
        Text(
            en=(
                "Raise `max_call_duration` of the inbound trunk, or leave it out (then it is 24 "
                "hours): lk sip inbound update"
            ),
            ru=(
                "Увеличьте `max_call_duration` входящего транка или уберите его (тогда 24 часа): "
                "lk sip inbound update"
            ),
        ),
        shows=(_ENDED_BY_THEM,),
        also=(_LASTS_BRIEFLY,),
        proofs=(_ENDED_BY_THEM,),
        breaks=(Link.AUDIO,),
        source="livekit/sip pkg/sip/inbound.go handleInvite",
    ),
    Cause(
        "agent-stays-after-the-call",
        Link.HANG_UP,
        Text(
            en="The agent stays in the room after the caller has hung up",
            ru="Агент остаётся в комнате после того, как звонящий повесил трубку",
        ),
        Text(
            en=(
                "The caller has left, the agent has not, so the room does not end, "
                "`room_finished` is not sent, and the agent goes on to cost money."
            ),
            ru=(
                "Звонящий ушёл, агент нет, поэтому комната не закрывается, `room_finished` не "
                "отправляется, а агент продолжает стоить денег."
            ),
        ),
        Text(
            en=(
                "Let the agent leave on `participant_disconnected` of the caller "
                "(livekit-agents: `close_on_disconnect`), or delete the room then (DeleteRoom)."
            ),
            ru=(
                "Пусть агент уходит по `participant_disconnected` звонящего (livekit-agents: "
                "`close_on_disconnect`) или удаляет комнату (DeleteRoom)."
            ),
        ),
        shows=_DOES_NOT_END,
        also=(_STAYS,),
        proofs=_DOES_NOT_END,
        # The last webhook of the call is missing.
        breaks=(Link.EVENTS,),
        source="livekit pkg/rtc/room.go CloseIfEmpty",
    ),
)
