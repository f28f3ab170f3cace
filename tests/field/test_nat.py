"""
A deployment behind NAT: right addresses are blamed for nothing, wrong ones are named, and so is
the direction in which a firewall drops RTP.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from livekit_conformance.provisioners.local.prerequisites import IP, NFT
from tests.field.nat import FIREWALLS, HEALTHY, WRONG_ADDRESSES
from tests.require import require
from tests.samples import sample
from tests.scenarios.harness import ROOT

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("nat")]

_MEDIA, _CONTACT = "media-address-leads-elsewhere", "contact-leads-nowhere"
_PLAYED: list[str] = sample(WRONG_ADDRESSES, lambda name: [name.partition("-")[0]])
_CAUSES = {"both": [_MEDIA, _CONTACT], "media": [_MEDIA], "contact": [_CONTACT]}


@pytest.fixture(scope="module")
def namespaces(real_services: Any) -> None:
    """
    Networks of their own, which a machine may forbid to an ordinary user.
    """
    del real_services
    require(IP)
    require(NFT)
    tried = subprocess.run(("unshare", "-Urnm", "true"), capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(f"no namespaces of one's own here: {tried.stderr.decode().strip()}")


async def said(variant: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """
    Return results.json of the suites in such a deployment.
    """
    run = await asyncio.create_subprocess_exec(
        *("unshare", "-Urnm", sys.executable, "-m", "tests.field.nat", variant, str(folder)),
        *("--", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await run.communicate()
    results = folder / "reports" / "latest" / "results.json"
    assert results.is_file(), output.decode()
    content: dict[str, Any] = json.loads(results.read_text())
    return content


def causes(results: dict[str, Any]) -> list[str]:
    return [diagnosis["id"] for diagnosis in results["diagnoses"]]


@pytest.mark.parametrize("variant", HEALTHY)
async def test_right_addresses_are_blamed_for_nothing(variant, namespaces, tmp_path):
    results = await said(variant, tmp_path)

    assert causes(results) == []
    assert results["run"]["verdict"] == "PARTIALLY CONFORMANT"


@pytest.mark.parametrize("variant", _PLAYED)
async def test_a_wrong_address_is_named(variant, namespaces, tmp_path):
    results = await said(variant, tmp_path, "-m", "chain")

    assert causes(results) == _CAUSES[variant.partition("-")[0]]


@pytest.mark.parametrize(
    ("variant", "named"),
    [
        ("no-rtp", ["no-rtp-from-the-caller", "no-rtp-to-the-caller"]),
        ("no-rtp-from-callers", ["no-rtp-from-the-caller"]),
        ("no-rtp-to-callers", ["no-rtp-to-the-caller"]),
    ],
)
async def test_a_closed_direction_of_rtp_is_named(variant, named, namespaces, tmp_path):
    assert variant in FIREWALLS
    results = await said(variant, tmp_path, "-m", "chain")

    assert causes(results) == named
