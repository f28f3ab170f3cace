"""
Causes of clocks that were set during the run.
"""

from __future__ import annotations

from livekit_conformance.catalogue.cause import Cause, Sign
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.wording import Text


def _set(cause_id: str, whose: str, machine: Text) -> Cause:
    seen = Sign("clock-jump", {"whose": whose})
    return Cause(
        cause_id,
        Link.CLOCK,
        Text(
            en=f"The clock of {machine.en} was set during the run",
            ru=f"Часы {machine.ru} перевели во время прогона",
        ),
        Text(
            en=(
                "The clocks agreed at first and then differed by more than a minute; the evidence "
                "gives the time. Since then the tokens of one side, in requests or webhooks, are "
                "not valid yet or have expired for the other: key and secret are not at fault. "
                "What was checked before still holds. Later failures are no evidence of another "
                "fault."
            ),
            ru=(
                "Сначала часы совпадали, потом разошлись больше чем на минуту; время указано в "
                "уликах. С этого момента токены одной стороны, в запросах или в вебхуках, для "
                "другой ещё не действуют или уже истекли: ключ и секрет ни при чём. То, что "
                "проверено раньше, остаётся в силе. Более поздние сбои не указывают на другую "
                "неисправность."
            ),
        ),
        Text(
            en=(
                f"Synchronise the clock of {machine.en} by NTP (timedatectl set-ntp true), find "
                "what set it (`journalctl -u systemd-timesyncd -u chronyd`, a restored virtual "
                "machine, `date -s`) and repeat the run."
            ),
            ru=(
                f"Синхронизируйте часы {machine.ru} по NTP (timedatectl set-ntp true), найдите, "
                "что их перевело (`journalctl -u systemd-timesyncd -u chronyd`, восстановление "
                "виртуальной машины, `date -s`), и повторите прогон."
            ),
        ),
        shows=(seen,),
        proofs=(seen,),
        source="livekit/protocol auth/verifier.go; tests/scenarios/test_clock_jump.py",
    )


CAUSES: tuple[Cause, ...] = (
    _set(
        "clock-of-this-machine-set-during-the-run",
        "ours",
        Text(en="this machine", ru="этой машины"),
    ),
    _set(
        "clock-of-livekit-server-set-during-the-run",
        "livekit-server",
        Text(en="livekit-server's machine", ru="машины livekit-server"),
    ),
)
