"""
The service to which a line belongs.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from livekit_conformance.log_diagnosis.services import OTHER, Attribution
from livekit_conformance.log_diagnosis.wrapping import unwrap
from tests.log_diagnosis.lines import in_console, in_json, scan_lines

RECORDINGS = Path(__file__).parent / "recordings"


def service_of(raw, *, file="x.log", after=()):
    attribution = Attribution(file)
    for line in after:
        attribution.of(unwrap(line))
    return attribution.of(unwrap(raw))


@pytest.mark.parametrize("encode", [in_json, in_console])
@pytest.mark.parametrize("service", ["livekit-sip", "livekit-server"])
def test_a_line_is_its_loggers(encode, service):
    assert service_of(encode("m", service=service)) == service


@pytest.mark.parametrize(
    ("raw", "service"),
    [
        ('{"level":"info","logger":"sip.pion.ice","msg":"m"}', "livekit-sip"),
        ('{"level":"info","logger":"livekit.webhook","msg":"m"}', "livekit-server"),
        ('{"level":"info","logger":"egress","msg":"m"}', OTHER),
        ('{"level":"info","logger":"sipserver","msg":"m"}', OTHER),
        ('{"level":"info","caller":"sip/inbound.go:1","msg":"m"}', "livekit-sip"),
        ('{"level":"info","caller":"rtc/room.go:1","msg":"m"}', "livekit-server"),
        ('{"level":"info","sipTag":"a","msg":"m"}', "livekit-sip"),
        ('{"level":"info","roomID":"RM_a","msg":"m"}', "livekit-server"),
        ('{"level":"info","msg":"m"}', None),
        ("panic: x", None),
        ("livekit-sip-1  | panic: x", "livekit-sip"),
        ("Nov 23 11:26:36 host livekit-server[7]: panic: x", "livekit-server"),
    ],
)
def test_else_its_callers_its_fields_or_the_names_around_tell(raw, service):
    assert service_of(raw) == service


@pytest.mark.parametrize(
    ("file", "service"),
    [
        ("livekit-sip.log.2.gz", "livekit-sip"),
        ("sip.log", "livekit-sip"),
        ("livekit.log", "livekit-server"),
        ("livekit_server-0.log", "livekit-server"),
        ("livekit-egress.log", None),
        ("gossip.log", None),
    ],
)
def test_a_text_is_of_the_service_that_the_file_is_named_after(file, service):
    assert service_of("panic: x", file=file) == service


def test_a_text_is_of_the_only_service_of_the_file():
    assert service_of("panic: x", after=[in_json("m")]) == "livekit-sip"


def test_a_text_among_lines_of_both_is_nobodys():
    both = [in_json("m"), in_json("m", service="livekit-server")]

    assert service_of("panic: x", after=both) is None


def test_a_line_without_a_name_among_lines_with_names_is_somebody_elses():
    assert service_of('{"level":"error","msg":"m"}', after=[in_json("m")]) == OTHER


def test_the_services_of_a_file_are_told_most_lines_first():
    lines = [in_json("m", service="livekit-server"), *[in_json("m")] * 3]

    assert scan_lines(*lines).scanned.services == ("livekit-sip", "livekit-server")


def test_every_recorded_line_is_attributed():
    lines = (RECORDINGS / "healthy.log").read_text(encoding="utf-8").splitlines()

    unknown = [line for line in lines if service_of(line) not in {"livekit-sip", "livekit-server"}]

    assert unknown == []


@pytest.mark.parametrize("field", ["logger", "caller"])
def test_recorded_lines_without_a_field_are_never_attributed_to_the_other(field):
    wrong = []
    for raw in (RECORDINGS / "healthy.log").read_text(encoding="utf-8").splitlines():
        expected = service_of(raw)
        cut = raw.replace(f'"{field}":', f'"was-{field}":')
        if service_of(cut) not in {expected, None}:
            wrong.append(cut)

    assert wrong == []
