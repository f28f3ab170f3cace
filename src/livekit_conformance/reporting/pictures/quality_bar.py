"""
Picture of the quality of what the caller heard: MOS on its scale, and what it is made of.
"""

from __future__ import annotations

from livekit_conformance.observations import CallQuality
from livekit_conformance.reporting.pictures import svg
from livekit_conformance.reporting.text import page_phrases as phrases
from livekit_conformance.wording import Language

_WIDTH = 350
_THICK = 10
_WORST, _BEST = 1.0, 4.5


def quality_bar(quality: CallQuality, language: Language) -> str:
    """
    Return the picture of the quality of a call.
    """
    lines = [
        words.say(
            language,
            mos=f"{quality.mos:.2f}",
            r=f"{quality.r:.0f}",
            lost=quality.lost,
            late=quality.late,
            expected=quality.expected,
            jitter=f"{quality.jitter_ms:g}",
            delay=f"{quality.delay_ms:.0f}",
            gap=f"{quality.longest_gap_ms:.0f}",
        )
        for words in (phrases.MOS, phrases.PACKETS, phrases.TIMES_OF_PACKETS)
    ]
    share = (quality.mos - _WORST) / (_BEST - _WORST)
    y = svg.LINE - 3.0
    body = svg.text(0, y, lines[0])
    y += _THICK + 5
    body += svg.path(f"M0 {y:g}H{_WIDTH}", kind="lkc-lane", width=1)
    body += svg.bar(0, y - _THICK, max(share * _WIDTH, 1.5), _THICK, kind="lkc-time")
    for line in lines[1:]:
        y += svg.LINE
        body += svg.text(0, y, line)
    title = phrases.HEAD_QUALITY.say(language)
    size = (_WIDTH, y + 4)
    return svg.picture("quality", size=size, title=title, description="; ".join(lines), body=body)
