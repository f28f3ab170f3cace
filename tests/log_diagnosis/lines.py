"""
Write log lines as the services and their supervisors do, and diagnose them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from livekit_conformance.catalogue.cause import Cause, Sign, log
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.log_diagnosis.findings import Findings, LogFinding, Unexplained
from livekit_conformance.log_diagnosis.reading import LogReader
from livekit_conformance.log_diagnosis.scan import Scanned, Scanner
from livekit_conformance.wording import Text

LOGGERS = {"livekit-sip": "sip", "livekit-server": "livekit"}
AT = 1795433196.25
BUS = log("livekit-sip", error="no response from servers")


def in_json(message, *, service="livekit-sip", level="warn", at=AT, **fields):
    line = {"level": level, "ts": at, "logger": LOGGERS[service], "caller": "a/b.go:1"}
    return json.dumps(line | {"msg": message} | fields, separators=(",", ":"), ensure_ascii=False)


def in_console(message, *, service="livekit-sip", level="warn", at=AT, **fields):
    stamp = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    parts = [stamp, level.upper(), LOGGERS[service], "a/b.go:1", message]
    return "\t".join([*parts, json.dumps(fields, ensure_ascii=False)] if fields else parts)


def by_docker(line):
    return json.dumps({"log": f"{line}\n", "stream": "stderr", "time": "2026-11-23T11:26:36.2Z"})


WRAPPERS: Mapping[str, Callable[[str], str]] = {
    "nothing": str,
    "docker-json": by_docker,
    "containerd": "2026-11-23T11:26:36.250000000Z stderr F {}".format,
    "docker-timestamps": "2026-11-23T11:26:36.250000000Z {}".format,
    "compose": "livekit-sip-1  | {}".format,
    "compose-in-colour": "\x1b[36mlivekit-sip-1  |\x1b[0m {}".format,
    "kubectl": "[pod/livekit-sip-7d9f/sip] {}".format,
    "stern": "livekit-sip-7d9f sip {}".format,
    "journald": "Nov 23 11:26:36 host livekit-sip[812]: {}".format,
    "fluent-bit": lambda line: json.dumps({"stream": "stderr", "message": line}),
    "docker-in-containerd": lambda line: f"2026-11-23T11:26:36Z stdout F {by_docker(line)}",
    "carriage-return": "{}\r".format,
}


def rejected(call=1, **fields):
    return in_json(
        "Rejecting inbound, auth check failed",
        callID=f"SCL_{call}",
        sipCallID=f"c-{call}",
        error="no response from servers",
        **fields,
    )


def cause(id_="c", *shows, **more):
    text = Text(en=f"{id_} in English", ru=f"{id_} по-русски")
    return Cause(id_, Link.BUS, text, text, text, shows=shows or (BUS,), source="", **more)


@dataclass
class Diagnosed:
    found: dict[str, LogFinding]
    unexplained: Unexplained
    scanned: Scanned
    # Lines about calls that the suite itself made fail.
    set_apart: int


def scan(content: bytes, causes: Sequence[Cause] = (), *, name: str = "x.log") -> Diagnosed:
    findings = Findings(causes or (cause(),))
    scanner = Scanner(findings)
    scanned = Scanned(name)
    scanner.scan(LogReader(io.BufferedReader(io.BytesIO(content))), scanned, lambda size: None)
    found = {finding.cause.id: finding for finding in findings.found()}
    return Diagnosed(found, scanner.unexplained, scanned, findings.made_by_the_suite())


def scan_lines(*lines: str, causes: Sequence[Cause] = (), name: str = "x.log") -> Diagnosed:
    return scan("".join(f"{line}\n" for line in lines).encode(), causes, name=name)


def sign(**where: Any) -> Sign:
    return log("livekit-sip", **where)
