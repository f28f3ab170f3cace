"""
Causes of services that stopped answering, or were restarted, during the run.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, Condition, Sign
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.wording import Text

_SOURCE = "tests/scenarios/kills.py"


def _stopped(service: str, link: Link, name: str, *, breaks: tuple[Link, ...]) -> Cause:
    seen = Sign("outage", {"service": service, "is_over": False})
    return Cause(
        f"{service}-stopped-during-the-run",
        link,
        Text(
            en=f"{name} stopped answering during the run",
            ru=f"{name} перестал отвечать во время прогона",
        ),
        Text(
            en=(
                "It answered at first and then stopped; the evidence gives the times. Its process "
                "ended, was killed, hangs or can no longer be reached. What was checked before "
                "still holds. Later failures are no evidence of another fault."
            ),
            ru=(
                "Сначала он отвечал, потом перестал; время указано в уликах. Процесс завершился, "
                "был убит, завис или стал недоступен. То, что проверено раньше, остаётся в силе. "
                "Более поздние сбои не указывают на другую неисправность."
            ),
        ),
        Text(
            en=(
                f"Read the logs of {name} and of its machine for that time: {{processes}} "
                "(137: killed), `dmesg | grep -i oom`. Start it, or restart it if it "
                "hangs, and repeat the run."
            ),
            ru=(
                f"Посмотрите это время в журналах {name} и его машины: {{processes}} "
                "(137: убит), `dmesg | grep -i oom`. Запустите его (если завис, "
                "перезапустите) и повторите прогон."
            ),
        ),
        shows=(seen,),
        proofs=(seen,),
        breaks=breaks,
        source=_SOURCE,
    )


def _restarted(service: str, link: Link, name: str, *, lost: Text) -> Cause:
    where: dict[str, Condition] = {"service": service, "is_over": True}
    return Cause(
        f"{service}-restarted-during-the-run",
        link,
        Text(
            en=f"{name} was restarted during the run",
            ru=f"{name} был перезапущен во время прогона",
        ),
        Text(
            en=(
                "It answered, was gone, and came back; the evidence gives the times. "
                f"{lost.en} What was checked before still holds for the former process."
            ),
            ru=(
                "Он отвечал, пропал и вернулся; время указано в уликах. "
                f"{lost.ru} То, что проверено раньше, остаётся в силе для прежнего процесса."
            ),
        ),
        Text(
            en=(
                "If you restarted it, repeat the run. If not, read its log before that time for "
                "the reason: a crash (`panic`), too little memory (`dmesg | grep -i oom`), a "
                "failed health check ({processes})."
            ),
            ru=(
                "Если его перезапустили вы, повторите прогон. Если нет, найдите причину в журнале "
                "перед этим временем: падение (`panic`), нехватка памяти (`dmesg | grep -i oom`), "
                "неуспешная проверка состояния ({processes})."
            ),
        ),
        shows=(Sign("outage", where),),
        proofs=(Sign("outage", {**where, "is_new": True}),),
        source=_SOURCE,
    )


CAUSES: tuple[Cause, ...] = (
    _stopped(
        "redis", Link.BUS, "Redis", breaks=(Link.API_KEY, Link.ROOMS, Link.TRUNK, Link.DISPATCH)
    ),
    _stopped("livekit-server", Link.SERVER, "livekit-server", breaks=(Link.TRUNK, Link.DISPATCH)),
    _stopped("livekit-sip", Link.SIP_SOCKET, "livekit-sip", breaks=(Link.OUTBOUND,)),
    _restarted(
        "redis",
        Link.BUS,
        "Redis",
        lost=Text(
            en="Unless it saves them to disk, its rooms, trunks and rules are lost.",
            ru="Если он не сохраняет данные на диск, комнаты, транки и правила потеряны.",
        ),
    ),
    _restarted(
        "livekit-server",
        Link.SERVER,
        "livekit-server",
        lost=Text(
            en="Its rooms and the calls in them have ended.",
            ru="Его комнаты закрылись, вызовы в них прервались.",
        ),
    ),
    _restarted(
        "livekit-sip",
        Link.SIP_SOCKET,
        "livekit-sip",
        lost=Text(en="Its calls have ended.", ru="Его вызовы прервались."),
    ),
)
