"""
Causes of answered calls in which the agent is late, silent, deaf, an echo or not alone.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, found
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.judges.calls import (
    ALONE,
    ANSWERED_LATE,
    HEARS_ITSELF,
    SEVERAL_AGENTS,
    SILENT,
    UNHEARD,
)
from livekit_conformance.wording import Text

CAUSES: tuple[Cause, ...] = (
    Cause(
        "agent-comes-late",
        Link.AGENT,
        Text(
            en="The agent comes late",
            ru="Агент приходит поздно",
        ),
        Text(
            en=(
                "The call was answered, but later than most callers wait: livekit-sip answers only "
                "after the agent publishes audio, and the agent took that long to join the room or "
                "to begin to speak."
            ),
            ru=(
                "На вызов ответили, но позже, чем готово ждать большинство звонящих: livekit-sip "
                "отвечает, только когда агент публикует звук, а агент слишком долго входил в "
                "комнату или не начинал говорить."
            ),
        ),
        Text(
            en=(
                "Compare the times of the call in the timeline with the application's log: when it "
                "got the webhook, when it started the agent, when the agent joined. Keep workers "
                "with loaded models ready (livekit-agents: `num_idle_processes`), and publish the "
                "agent's track before slow work such as the first answer of a model."
            ),
            ru=(
                "Сравните моменты вызова на шкале времени с журналом приложения: когда пришёл "
                "вебхук, когда запущен агент, когда он вошёл. Держите наготове воркеры с "
                "загруженными моделями (livekit-agents: `num_idle_processes`) и публикуйте дорожку "
                "агента до медленной работы, например до первого ответа модели."
            ),
        ),
        shows=(found(ANSWERED_LATE),),
        proofs=(found(ANSWERED_LATE),),
        breaks=(Link.ANSWER,),
        yields_to=("endpoint-is-too-slow",),
        source="livekit/sip pkg/sip/inbound.go; livekit/agents worker.py",
    ),
    Cause(
        "agent-may-not-subscribe",
        Link.AUDIO,
        Text(
            en="The agent's token does not let it subscribe: it cannot hear the caller",
            ru="Токен агента не даёт права подписываться: агент не слышит звонящего",
        ),
        Text(
            en=(
                "The participant that speaks in the room of the call has `canSubscribe` set to "
                "false. The caller hears it, but it receives no audio of the caller."
            ),
            ru=(
                "У участника, который говорит в комнате вызова, `canSubscribe` равно false. "
                "Звонящий его слышит, а сам он звука звонящего не получает."
            ),
        ),
        Text(
            en="Remove `canSubscribe` from the grants of the agent's token, or set it to true.",
            ru="Уберите `canSubscribe` из прав токена агента или поставьте true.",
        ),
        shows=(found(UNHEARD),),
        proofs=(found(UNHEARD),),
        source="livekit/protocol auth/grants.go; livekit pkg/rtc/participant.go CanSubscribe",
    ),
    Cause(
        "agent-leaves-the-caller-alone",
        Link.AUDIO,
        Text(
            en="The agent leaves the room, and the caller stays on the line alone",
            ru="Агент уходит из комнаты, и звонящий остаётся на линии один",
        ),
        Text(
            en=(
                "The call was answered, so an agent had published audio; a moment later nobody but "
                "the caller was in the room. livekit-sip does not hang up then: the caller hears "
                "silence until it gives up. An agent that crashes at the start of its session "
                "looks like this."
            ),
            ru=(
                "На вызов ответили, значит, агент публиковал звук; чуть позже в комнате не было "
                "никого, кроме звонящего. livekit-sip при этом трубку не кладёт: звонящий слышит "
                "тишину, пока не сдастся. Так выглядит агент, который падает в начале сеанса."
            ),
        ),
        Text(
            en=(
                "Look in the agent's log for an exception or a disconnect just after it joined. An "
                "agent that is done should delete the room (DeleteRoom), which ends the call."
            ),
            ru=(
                "Найдите в журнале агента исключение или отключение сразу после входа. Агенту, "
                "который закончил, следует удалить комнату (DeleteRoom): это завершит вызов."
            ),
        ),
        shows=(found(ALONE),),
        proofs=(found(ALONE),),
        source="livekit/sip pkg/sip/room.go; livekit/agents job.py",
    ),
    Cause(
        "agent-is-silent",
        Link.AUDIO,
        Text(
            en="The agent publishes audio without sound",
            ru="Агент публикует аудио без звука",
        ),
        Text(
            en=(
                "The call was answered and RTP reached the caller, but for seconds nobody heard a "
                "word. The agent waits for the caller to begin, or its speech synthesis fails (its "
                "key, its quota, its first slow answer) while its track is already there."
            ),
            ru=(
                "На вызов ответили, и RTP дошёл до звонящего, но несколько секунд не было слышно "
                "ни слова. Агент ждёт, пока заговорит звонящий, или у него не работает синтез речи "
                "(ключ, квота, медленный первый ответ), хотя дорожка уже опубликована."
            ),
        ),
        Text(
            en=(
                "Call the number and listen. If the agent should greet, look in its log for errors "
                "of the speech synthesis in this call, and let it greet as soon as it joins. If it "
                "waits for the caller on purpose, write `agent_speaks_first: false` in the profile."
            ),
            ru=(
                "Позвоните на номер и послушайте. Если агент должен здороваться, найдите в его "
                "журнале ошибки синтеза речи за этот вызов и пусть он здоровается сразу при входе. "
                "Если он нарочно ждёт звонящего, напишите в профиле `agent_speaks_first: false`."
            ),
        ),
        shows=(found(SILENT),),
        proofs=(found(SILENT),),
        source="livekit/agents voice/agent_session.py",
    ),
    Cause(
        "caller-hears-itself",
        Link.AUDIO,
        Text(
            en="The caller hears its own voice",
            ru="Звонящий слышит собственный голос",
        ),
        Text(
            en=(
                "Most of the sound that the caller received is the tone that it sent. The agent "
                "publishes what it hears, as an echo agent for tests does, or the line behind "
                "`sip.server` returns the caller's audio."
            ),
            ru=(
                "Почти весь звук, который дошёл до звонящего, — тон, который он сам и отправил. "
                "Агент публикует то, что слышит (так делает тестовый эхо-агент), или линия за "
                "`sip.server` возвращает звук звонящего."
            ),
        ),
        Text(
            en=(
                "`ListParticipants` of the room shows who publishes audio: an echo agent that a "
                "test left behind, or your agent. Make sure that the agent publishes the track of "
                "its speech synthesis and not the track that it subscribed to."
            ),
            ru=(
                "`ListParticipants` комнаты покажет, кто публикует звук: эхо-агент, забытый после "
                "теста, или ваш агент. Проверьте, что агент публикует дорожку синтеза речи, а не "
                "ту, на которую подписан."
            ),
        ),
        shows=(found(HEARS_ITSELF),),
        proofs=(found(HEARS_ITSELF),),
        source="livekit/agents examples/primitives/echo-agent.py",
    ),
    Cause(
        "several-agents-speak",
        Link.AUDIO,
        Text(
            en="Several agents speak to the caller at once",
            ru="Со звонящим говорят сразу несколько агентов",
        ),
        Text(
            en=(
                "More than one participant publishes audio in the room of the call. Usually two "
                "agents were started for it: by two events (`room_started` and "
                "`participant_joined`), by a repeated event, or by the application and "
                "`room_config.agents` of the dispatch rule both."
            ),
            ru=(
                "В комнате вызова звук публикуют несколько участников. Обычно для неё запустили "
                "двух агентов: по двум событиям (`room_started` и `participant_joined`), по "
                "повторному событию или сразу приложением и `room_config.agents` правила "
                "диспетчеризации."
            ),
        ),
        Text(
            en=(
                "Start the agent on one event only, once for each event `id`, and either from the "
                "application or by the dispatch rule. `ListParticipants` of the room must then "
                "show the caller and one agent. A conference may be meant so: then enter "
                "1.5-audio-flows-both-ways under `known_issues` of the profile."
            ),
            ru=(
                "Запускайте агента только по одному событию, один раз на каждый `id` события, и "
                "либо из приложения, либо правилом диспетчеризации. Тогда `ListParticipants` "
                "комнаты покажет звонящего и одного агента. Если так задумано (конференция), "
                "внесите 1.5-audio-flows-both-ways в `known_issues` профиля."
            ),
        ),
        shows=(found(SEVERAL_AGENTS),),
        proofs=(found(SEVERAL_AGENTS),),
        source="docs.livekit.io agents/worker/agent-dispatch",
    ),
)
