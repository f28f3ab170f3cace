"""
Causes of unanswered calls, and of calls that end early or never: the agent and its dispatch.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import (
    Between,
    Cause,
    Condition,
    Given,
    Sign,
    any_of,
    check,
    found,
    log,
    logged,
    probe,
)
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.log_lines import errors, of_server, of_sip
from livekit_conformance.judges.calls import TRUNK_LIMIT
from livekit_conformance.judges.webhooks import NO_ROOM_END
from livekit_conformance.wording import Text

_SOME = Between(1, 1000)
_NAMED = Given()
# The probe rings for 8 s; a call that its trunk ends sooner was not cancelled by us.
_TOO_SHORT = Between(0.001, 7.9)


def _room(**where: Condition) -> Sign:
    """
    Return the sign of participants in the room of the probe call.
    """
    return Sign("room", where)


_NO_WORKER = logged(
    of_server.NO_WORKER,
    agentName=of_server.SOMEBODY,
    # Agents of calls are of this kind; other kinds are rare.
    jobType="JT_ROOM",
)
_NO_JOB = _room(sent_for=_NAMED, jobs=0, audio=0)
_REFUSED_JOB = (
    logged(of_server.JOB_REFUSED),
    # Workers of that name are registered, and all of them have reported that they are full. The
    # level differs between the versions of livekit-server.
    log(
        of_server.JOB_NOT_SENT.service,
        message=of_server.JOB_NOT_SENT.message,
        error=re.compile(errors.NO_CAPACITY),
        jobType="JT_ROOM",
        level=any_of("info", "error"),
    ),
    _room(rejected=_SOME),
)
_JOB_WITHOUT_AGENT = _room(jobs=_SOME, others=0)
# The suite's own stand-in is no agent of the application.
_MAY_NOT_PUBLISH = _room(deployed=True, silenced=_SOME, audio=0)
_CAME_AND_WENT = _room(deployed=True, gone=_SOME, here=0, audio=0)
_SAYS_NOTHING = _room(deployed=True, here=_SOME, audio=0, silenced=0)
_STAND_IN_ENDED = Sign("process", {"service": "agent-stand-in"})
_ELSEWHERE = _room(others=0, elsewhere=_SOME)
_NOBODY = _room(deployed=True, others=0, sent_for="", elsewhere=0)
_RANG_OUT = logged(of_sip.ENDED, reason="cannot-subscribe")
_RINGS_BRIEFLY = Sign("dispatch", {"ringing_timeout_s": _TOO_SHORT})
_LASTS_BRIEFLY = Sign("dispatch", {"max_call_duration_s": _TOO_SHORT})
_LASTED = (
    Sign("call-end", {"by": "them"}),
    found(TRUNK_LIMIT, limit="max_call_duration"),
)
_STAYS = _room(staying=_SOME, audio=_SOME)
_DOES_NOT_END = (
    check("1.2-room-ends-after-hang-up"),
    found(NO_ROOM_END),
)
# Shows that nobody notified the application of the call.
_NOT_TOLD = Sign(
    "check",
    {"id": re.compile(r"^1\.3-(server|endpoint)-"), "verdict": any_of("FAIL", "BLOCKED")},
)
_PUT_OUT = (logged(of_server.DUPLICATE, participant=re.compile("^sip_")),)
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
                "A worker is registered under the requested name, but it did not take the job: it "
                "is full, its load exceeds its limit, or its `request_fnc` rejects calls."
            ),
            ru=(
                "Воркер с нужным именем зарегистрирован, но задание не взял: он занят, его "
                "нагрузка выше предела, или его `request_fnc` отклоняет вызовы."
            ),
        ),
        Text(
            en=(
                "Start more workers, or raise `load_threshold` in the worker's options (a job that "
                "is being started counts as `load_threshold / num_idle_processes`). Find the "
                "rejected job in the worker's log. livekit-server logs `failed to assign job to "
                "worker` for each refusal, and `no servers available` while all workers are full: "
                "no new such lines must appear. It logs nothing when `request_fnc` calls "
                "`reject()`."
            ),
            ru=(
                "Запустите больше воркеров или поднимите `load_threshold` в настройках воркера "
                "(задание, которое запускается, считается за `load_threshold / "
                "num_idle_processes`). Найдите отклонённое задание в журнале воркера. На каждый "
                "отказ livekit-server пишет `failed to assign job to worker`, а пока все воркеры "
                "заняты — `no servers available`: новых строк появляться не должно. Когда "
                "`request_fnc` вызывает `reject()`, он не пишет ничего."
            ),
        ),
        shows=_REFUSED_JOB,
        proofs=_REFUSED_JOB,
        breaks=_BREAKS,
        source="livekit pkg/agent/worker.go, pkg/service/agentservice.go",
    ),
    Cause(
        "no-worker-for-the-agent",
        Link.AGENT,
        Text(
            en="No worker is registered under the requested agent name",
            ru="Нет воркера с запрошенным именем агента",
        ),
        Text(
            en=(
                "The dispatch rule (or the application) requests an agent by name, but "
                "livekit-server has no worker of that name: no worker runs, it is connected to "
                "another server, or its `agent_name` is spelt differently."
            ),
            ru=(
                "Правило диспетчеризации (или приложение) вызывает агента по имени, но на "
                "livekit-server нет воркера с таким именем: воркер не запущен, подключён к другому "
                "серверу, или его `agent_name` написано иначе."
            ),
        ),
        Text(
            en=(
                "Make `agent_name` of the worker and `room_config.agents[].agent_name` of the rule "
                "identical, letter by letter (lk sip dispatch list). Start the worker with "
                "LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET of this deployment. "
                "livekit-server must then log `worker registered` with that name."
            ),
            ru=(
                "Сделайте `agent_name` воркера и `room_config.agents[].agent_name` в правиле "
                "одинаковыми, буква в букву (lk sip dispatch list). Запустите воркер с "
                "LIVEKIT_URL, LIVEKIT_API_KEY и LIVEKIT_API_SECRET этой системы. После этого "
                "livekit-server должен написать в журнал `worker registered` с этим именем."
            ),
        ),
        shows=(_NO_WORKER, _NO_JOB),
        proofs=(_NO_WORKER,),
        excludes=(*_REFUSED_JOB, _JOB_WITHOUT_AGENT, _room(audio=_SOME)),
        breaks=_BREAKS,
        source="livekit pkg/agent/client.go LaunchJob; livekit/agents#2209",
    ),
    Cause(
        "agent-took-the-job-and-stays-away",
        Link.AGENT,
        Text(
            en="The agent accepted the job but does not join the room",
            ru="Агент принял задание, но в комнату не входит",
        ),
        Text(
            en=(
                "A worker accepted the job of this call, but nobody joined the room while the "
                "phone rang: the agent's process crashes, hangs while it loads, or cannot connect."
            ),
            ru=(
                "Воркер принял задание этого вызова, но, пока шли гудки, в комнату никто не вошёл: "
                "процесс агента падает, зависает при загрузке или не может подключиться."
            ),
        ),
        Text(
            en=(
                "Read the agent's log for this job. Look for a traceback before `ctx.connect()`, "
                "for models that are still loading (load them in `prewarm_fnc`), or for a server "
                "URL that the agent's machine cannot reach."
            ),
            ru=(
                "Прочитайте журнал агента для этого задания: ищите traceback до `ctx.connect()`, "
                "долгую загрузку моделей (перенесите её в `prewarm_fnc`) или адрес сервера, "
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
            ru="Токен агента не даёт права публиковать звук",
        ),
        Text(
            en=(
                "A participant in the room of the call has `canPublish` set to false. livekit-sip "
                "answers the call only after another participant publishes audio."
            ),
            ru=(
                "В комнате вызова есть участник, у которого `canPublish` равно false. livekit-sip "
                "отвечает на вызов, только когда другой участник публикует звук."
            ),
        ),
        Text(
            en=(
                "Remove `canPublish` from the grants of the agent's token, or set it to true. If "
                "`canPublishSources` is present, it must contain `microphone`."
            ),
            ru=(
                "Уберите `canPublish` из прав токена агента или поставьте true. Если есть "
                "`canPublishSources`, в нём должен быть `microphone`."
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
            en="The agent joins the room and leaves before it speaks",
            ru="Агент входит в комнату и уходит, не заговорив",
        ),
        Text(
            en=(
                "A participant joined the room of the call, published no audio, and left while the "
                "phone was still ringing."
            ),
            ru=(
                "Участник вошёл в комнату вызова, не опубликовал звук и вышел, пока ещё шли гудки."
            ),
        ),
        Text(
            en=(
                "Read the agent's log for the moment it left. Look for an exception after the join "
                "(a speech or language service refuses its key, no quota), or for a shutdown "
                "because it heard nobody."
            ),
            ru=(
                "Прочитайте журнал агента за момент выхода: ищите исключение после входа (сервис "
                "речи или модель не принимает ключ, исчерпана квота) или завершение из-за тишины."
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
            en="The trunk's ringing time-out is too short",
            ru="Слишком короткий тайм-аут вызова у транка",
        ),
        Text(
            en=(
                "livekit-sip ended the call with 486 after the trunk's `ringing_timeout`, before "
                "an agent had joined and published audio."
            ),
            ru=(
                "livekit-sip завершил вызов ответом 486 по `ringing_timeout` транка, прежде чем "
                "агент вошёл и опубликовал звук."
            ),
        ),
        Text(
            en=(
                "Raise `ringing_timeout` of the inbound trunk above the time that the agent needs "
                "to join (30s is usual; without it the limit is 3 minutes): lk sip inbound update. "
                "Then measure the time from `room_started` to the agent's first audio."
            ),
            ru=(
                "Увеличьте `ringing_timeout` входящего транка так, чтобы агент успевал войти "
                "(обычно 30s; если не задан — 3 минуты): lk sip inbound update. Затем измерьте "
                "время от `room_started` до первого звука агента."
            ),
        ),
        shows=(found(TRUNK_LIMIT, limit="ringing_timeout"), _RANG_OUT),
        also=(_RINGS_BRIEFLY,),
        excludes=(_room(audio=_SOME),),
        proofs=(_RANG_OUT,),
        # A call that ends at once has left its room before anybody lists it.
        breaks=(Link.JOIN, *_BREAKS),
        source="livekit/sip pkg/sip/inbound.go waitSubscribe",
    ),
    Cause(
        "agent-in-another-room",
        Link.AGENT,
        Text(
            en="The agent waits in a different room from the caller's",
            ru="Агент ждёт не в той комнате, где звонящий",
        ),
        Text(
            en=(
                "While the caller was ringing in one room, a participant joined another, new room "
                "that has no caller."
            ),
            ru=(
                "Пока звонящий ждал ответа в одной комнате, кто-то вошёл в другую, новую комнату, "
                "где звонящего нет."
            ),
        ),
        Text(
            en=(
                "Let the application take the room's name from the webhook (`room.name`) or from "
                "the job. It must not compose the name itself: the dispatch rule adds the caller's "
                "number and random characters to its prefix. And let it start an agent when the "
                "caller comes (`participant_joined`): `room_finished` is about a room that is over."
            ),
            ru=(
                "Пусть приложение берёт имя комнаты из вебхука (`room.name`) или из задания, а "
                "не составляет его само: правило диспетчеризации добавляет к префиксу номер "
                "звонящего и случайные символы. И пусть запускает агента, когда приходит звонящий "
                "(`participant_joined`): `room_finished` сообщает о комнате, которой уже нет."
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
            en="The agent is in the room but publishes no audio",
            ru="Агент в комнате, но не публикует звук",
        ),
        Text(
            en=(
                "A participant joined the room of the call and stayed, but published no audio "
                "track. livekit-sip keeps the caller ringing until there is one."
            ),
            ru=(
                "Участник вошёл в комнату вызова и остался, но аудиотрек не опубликовал. Пока "
                "трека нет, звонящий слышит гудки."
            ),
        ),
        Text(
            en=(
                "Let the agent publish its audio track as soon as it joins, before it waits for "
                "the caller to speak (in livekit-agents: `session.start(...)`). The agent's log "
                "shows what prevents it."
            ),
            ru=(
                "Пусть агент публикует аудиотрек сразу при входе, не дожидаясь слов звонящего (в "
                "livekit-agents: `session.start(...)`). Что ему мешает, видно в его журнале."
            ),
        ),
        shows=(_SAYS_NOTHING,),
        proofs=(_SAYS_NOTHING,),
        breaks=_BREAKS,
        yields_to=("agent-stand-in-ended",),
        source="livekit/sip pkg/sip/inbound.go; livekit/sip#231",
    ),
    Cause(
        "agent-stand-in-ended",
        Link.AGENT,
        Text(
            en="The suite's own agent stand-in did not start in time, or ended during a call",
            ru="Собственный агент набора не запустился вовремя или завершился посреди вызова",
        ),
        Text(
            en=(
                "The process of the stand-in was not ready in time, or it is gone: killed, or "
                "crashed. The deployment is not at fault."
            ),
            ru=(
                "Процесс этого агента не успел запуститься, либо его больше нет: его убили или он "
                "упал. Развёртывание ни при чём."
            ),
        ),
        Text(
            en=(
                "Repeat the run when this machine is less busy. If it happens again, look for lack "
                "of memory (`dmesg | grep -i oom`) and test the SDK: python -c 'import "
                "livekit.rtc'"
            ),
            ru=(
                "Повторите прогон, когда эта машина меньше занята. Если это случится снова, "
                "проверьте, хватает ли памяти (`dmesg | grep -i oom`), и SDK: python -c 'import "
                "livekit.rtc'"
            ),
        ),
        shows=(_STAND_IN_ENDED,),
        proofs=(_STAND_IN_ENDED,),
        breaks=(*_BREAKS, Link.WEBRTC),
        source="drivers/agent/stand_in.py",
    ),
    Cause(
        "caller-is-put-out",
        Link.JOIN,
        Text(
            en="Another participant takes the caller's identity and puts it out of its room",
            ru="Другой участник занимает identity звонящего и вытесняет его из комнаты",
        ),
        Text(
            en=(
                "livekit-server logged `removing duplicate participant` for the caller of this "
                "call: somebody joined its room with the same identity, usually an agent whose "
                "token was made for the participant of the webhook instead of for itself."
            ),
            ru=(
                "livekit-server записал `removing duplicate participant` о звонящем этого вызова: "
                "кто-то вошёл в его комнату с той же identity — обычно агент, чей токен выписан на "
                "участника из вебхука, а не на самого агента."
            ),
        ),
        Text(
            en=(
                "Give the agent's token an identity of its own, such as `agent-` and the room's "
                "name. If two calls from one number share a room, use an Individual or Callee rule "
                "instead of a Direct one."
            ),
            ru=(
                "Задайте токену агента собственную identity, например `agent-` и имя комнаты. Если "
                "два вызова с одного номера попадают в одну комнату, возьмите правило Individual "
                "или Callee вместо Direct."
            ),
        ),
        shows=_PUT_OUT,
        proofs=_PUT_OUT,
        breaks=(Link.AGENT, Link.ANSWER, Link.MEDIA, Link.AUDIO, Link.HANG_UP),
        source="livekit pkg/service/roommanager.go StartSession",
    ),
    Cause(
        "agent-does-not-come",
        Link.AGENT,
        Text(
            en="No agent joins the room of the call",
            ru="Агент не входит в комнату вызова",
        ),
        Text(
            en=(
                "livekit-sip joined the room and kept the caller ringing: it answers only after "
                "another participant publishes audio, and nobody joined. No agent was requested by "
                "name, so either the application or a worker without a name should have joined."
            ),
            ru=(
                "livekit-sip вошёл в комнату, а звонящий слышит гудки: livekit-sip отвечает, "
                "только когда другой участник публикует звук, а в комнату никто не вошёл. По имени "
                "агента никто не вызывал, значит, войти должно было приложение или воркер без "
                "имени."
            ),
        ),
        Text(
            en=(
                "Find the webhook `room_started` or `participant_joined` of this room in the "
                "application's log: it must start the agent. With livekit-agents, the worker must "
                "be running and registered (`worker registered` in {server_log}). A worker "
                "with an `agent_name` joins only when `room_config.agents` of the dispatch rule "
                "names it."
            ),
            ru=(
                "Найдите в журнале приложения вебхук `room_started` или `participant_joined` этой "
                "комнаты: по нему должен запускаться агент. С livekit-agents воркер должен "
                "работать и быть зарегистрирован (`worker registered` в {server_log}). "
                "Воркер с `agent_name` приходит, только если это имя указано в "
                "`room_config.agents` правила диспетчеризации."
            ),
        ),
        shows=(_NOBODY, _RANG_OUT),
        # An agent was dispatched, came (be it as the caller), or did not know of the call.
        excludes=(
            *(_NOT_TOLD, _NO_JOB, _room(others=_SOME), _room(elsewhere=_SOME), _RINGS_BRIEFLY),
            *_PUT_OUT,
            probe(outcome="answered"),
        ),
        yields_to=(
            *("no-worker-for-the-agent", "worker-refuses-the-job"),
            "agent-took-the-job-and-stays-away",
        ),
        breaks=_BREAKS,
        source="livekit/sip pkg/sip/inbound.go; livekit/sip#370, livekit/agents#2470",
    ),
    Cause(
        "max-call-duration-too-short",
        Link.HANG_UP,
        Text(
            en="The trunk's maximum call duration is too short",
            ru="Слишком малая предельная длительность вызова у транка",
        ),
        Text(
            en=(
                "livekit-sip ended the call because the trunk's `max_call_duration` had run out. "
                "The time counts from the join of the room, so it includes the ringing."
            ),
            ru=(
                "livekit-sip сам завершил вызов: истекло `max_call_duration` транка. Время "
                "считается от входа в комнату, то есть вместе с гудками."
            ),
        ),
        Text(
            en=(
                "Raise `max_call_duration` of the inbound trunk, or remove it (the limit is then "
                "24 hours): lk sip inbound update"
            ),
            ru=(
                "Увеличьте `max_call_duration` входящего транка или уберите его (тогда предел — 24 "
                "часа): lk sip inbound update"
            ),
        ),
        shows=_LASTED,
        also=(_LASTS_BRIEFLY,),
        proofs=_LASTED,
        breaks=(Link.AUDIO, Link.JOIN, Link.AGENT, Link.ANSWER),
        source="livekit/sip pkg/sip/inbound.go handleInvite",
    ),
    Cause(
        "agent-stays-after-the-call",
        Link.HANG_UP,
        Text(
            en="The agent stays in the room after the caller hangs up",
            ru="Агент остаётся в комнате после того, как звонящий повесил трубку",
        ),
        Text(
            en=(
                "The caller has left but the agent has not. So the room does not end, "
                "`room_finished` is not sent, and the agent keeps costing money."
            ),
            ru=(
                "Звонящий вышел, а агент — нет. Поэтому комната не закрывается, `room_finished` не "
                "отправляется, а деньги за агента продолжают списываться."
            ),
        ),
        Text(
            en=(
                "Let the agent leave on `participant_disconnected` of the caller (livekit-agents: "
                "`close_on_disconnect`), or let it delete the room at that moment (DeleteRoom)."
            ),
            ru=(
                "Пусть агент выходит по `participant_disconnected` звонящего (livekit-agents: "
                "`close_on_disconnect`) или в этот момент удаляет комнату (DeleteRoom)."
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
