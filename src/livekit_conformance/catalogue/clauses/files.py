"""
Clauses on the services' configuration files.

They come after the calls: an error in a file is milder where its link was seen to work.
"""

from __future__ import annotations

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Clause, Need
from livekit_conformance.catalogue.effects import Effect

CLAUSES: tuple[Clause, ...] = (
    Clause(
        id="1.3-server-config-names-the-endpoint",
        level="MUST",
        area="configuration",
        effect=Effect.READ,
        link=Link.CONFIGURATION,
        statement=(
            "webhook.urls in livekit.yaml MUST hold the endpoint's URL, and webhook.api_key MUST "
            "be one of keys"
        ),
        needs=(Need.SERVER_CONFIG, Need.ENDPOINT),
        in_chain=True,
    ),
    Clause(
        id="1.5-configs-agree",
        level="MUST",
        area="configuration",
        effect=Effect.READ,
        link=Link.CONFIGURATION,
        statement=(
            "livekit-sip.yaml and livekit.yaml MUST name the same Redis, a key pair that the "
            "server knows, the server's port, port ranges that do not overlap, and only keys that "
            "exist"
        ),
        needs=(Need.SERVER_CONFIG, Need.SIP_CONFIG),
        in_chain=True,
    ),
)
