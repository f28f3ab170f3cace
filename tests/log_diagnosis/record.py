"""
Keep lines that the real services wrote, from the evidence of runs:

   pytest suites/ --env=local --reports=ALL
   pytest suites/sip/test_call.py suites/sip/test_several_calls.py \
       suites/rooms/test_lifecycle.py suites/rooms/test_rooms_of_calls.py \
       suites/webhooks/test_delivery.py --env=local --reports=HEALTHY
   python -m tests.log_diagnosis.record --healthy HEALTHY/latest --all ALL/latest

`healthy.log` has the first lines of both services in a run whose calls all succeeded, with every
repetition; `failures.log` has one warning of each kind from a whole run with its failures.
Recordings are never edited by hand.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from livekit_conformance.log_diagnosis.telling import without_secrets

RECORDINGS = Path(__file__).parent / "recordings"
# Number of lines of each service.
FIRST = 300
ID = re.compile(r"0x[0-9a-f]+|\b[A-Z]{2,3}_\w{6,}|\d+")


def lines(run: Path) -> Iterator[tuple[str, str, str, int]]:
    """
    Yield level, kind, text and number of each line of each service, without secrets, and without
    the stack, which contains paths.
    """
    for log in ("livekit-sip.log", "livekit-server.log"):
        written = (run / "evidence" / log).read_text(encoding="utf-8").splitlines()
        for number, raw in enumerate(written):
            if not raw.startswith("{"):
                yield "text", ID.sub("#", raw), raw, number
                continue
            fields = json.loads(raw)
            fields.pop("stacktrace", None)
            text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
            decisive = (fields.get(name) for name in ("logger", "msg", "error", "path", "status"))
            kind = " ".join(str(value) for value in decisive)
            yield fields["level"], ID.sub("#", kind), without_secrets(text), number


def write(name: str, texts: Iterable[str]) -> None:
    """
    Write a recording.
    """
    (RECORDINGS / name).write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")


def main() -> None:
    """
    Write both recordings.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--healthy", type=Path, required=True)
    parser.add_argument("--all", type=Path, required=True)
    options = parser.parse_args()
    write("healthy.log", (text for *_, text, number in lines(options.healthy) if number < FIRST))
    warnings: dict[str, str] = {}
    for level, kind, text, _ in lines(options.all):
        if level != "info":
            warnings.setdefault(kind, text)
    write("failures.log", warnings.values())


if __name__ == "__main__":
    main()
