"""
Failures that keep webhooks from reaching the application.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from livekit import api

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.environments.profile import DeploymentFiles, Profile
from livekit_conformance.waiting import wait_until
from tests import certificates
from tests.scenarios import wrong_peers
from tests.scenarios.failures import application as app
from tests.scenarios.failures.scenario import Scenario
from tests.scenarios.operator_api import operator_api
from tests.scenarios.real_stack import Scene

Act = Callable[[Scene], Awaitable[None]]

_PATH = "/webhooks/livekit"
# livekit-server tries at 0, 1, 3, 7 and 15 s.
_GIVEN_UP_WITHIN_S = 25.0
_OTHER_PAIR = {"APIotherdeployment": "the-secret-of-the-other-pair-of-keys-1"}


async def _deliver_to(broken: Scene, *urls: str, **more: Any) -> None:
    webhook = {"api_key": broken.stack.keys.key, "urls": list(urls), **more}
    await broken.restart(broken.stack.server, webhook=webhook)


def _elsewhere(url: Callable[[Scene], str]) -> Act:
    async def act(broken: Scene) -> None:
        await _deliver_to(broken, url(broken))

    return act


def _closed(broken: Scene) -> str:
    port = broken.beside.enter_context(wrong_peers.closed_port(broken.stack.address))
    return f"http://{broken.stack.address}:{port}{_PATH}"


def _black_hole(broken: Scene) -> str:
    port = broken.beside.enter_context(wrong_peers.black_hole(broken.stack.address))
    return f"http://{broken.stack.address}:{port}{_PATH}"


def _mute(broken: Scene) -> str:
    port = broken.beside.enter_context(wrong_peers.mute(broken.stack.address))
    return f"http://{broken.stack.address}:{port}{_PATH}"


def _wrong_path(broken: Scene) -> str:
    return broken.stack.webhook_url.replace(_PATH, "/livekit/webhook")


def _https(broken: Scene) -> str:
    return broken.stack.webhook_url.replace("http:", "https:")


def _localhost(broken: Scene) -> str:
    return f"http://localhost:{urlsplit(broken.stack.webhook_url).port}{_PATH}"


def _unknown_host(_: Scene) -> str:
    return f"http://application.invalid{_PATH}"


async def _filter(broken: Scene) -> None:
    only = {"include_events": ["participant_joined", "participant_left"]}
    await _deliver_to(broken, broken.stack.webhook_url, filter_params=only)


async def _sign_with_another_key(broken: Scene) -> None:
    stack = broken.stack
    webhook = {"api_key": next(iter(_OTHER_PAIR)), "urls": [stack.webhook_url]}
    keys = {stack.keys.key: stack.keys.secret, **_OTHER_PAIR}
    await broken.restart(stack.server, webhook=webhook, keys=keys)


async def _sign_with_no_known_key(broken: Scene) -> None:
    webhook = {"api_key": "APIunknown", "urls": [broken.stack.webhook_url]}
    await broken.restart(broken.stack.server, webhook=webhook)


def _at(url: Callable[[Scene], str]) -> Act:
    """
    Return an act after which profile and livekit.yaml agree on a URL without an application.
    """

    async def act(broken: Scene) -> None:
        told = url(broken)
        await _deliver_to(broken, told)
        broken.profile = app.by_the_application(broken.profile, told)

    return act


async def _untrusted(broken: Scene) -> None:
    """
    Serve the application over TLS with a certificate of an unknown authority.
    """
    await app.serve(broken, app.verifies, path=_PATH, tls=certificates.of_a_stranger())
    url = _https(broken)
    await _deliver_to(broken, url)
    broken.profile = app.by_the_application(broken.profile, url)


def _logged(url: Callable[[Scene], str], message: str) -> Act:
    """
    Return an act that waits until livekit-server has logged a delivery to the URL.
    """

    async def act(broken: Scene) -> None:
        await _deliver_to(broken, url(broken))
        log = broken.stack.server.log
        async with operator_api(broken.profile.livekit) as client:
            await client.room.create_room(api.CreateRoomRequest(name="logged", empty_timeout=60))

        async def why_not_yet() -> str | None:
            return None if message in log.read_text() else f"{message!r} is not in {log.name}"

        waited = await wait_until(why_not_yet, within=_GIVEN_UP_WITHIN_S)
        assert waited.came_true, waited

    return act


async def _answer_404(broken: Scene) -> None:
    await app.serve(broken, app.verifies, path="/api/webhooks")
    await _logged(lambda scene: scene.stack.webhook_url, "sent webhook")(broken)


def _without_files(profile: Profile) -> Profile:
    return profile.model_copy(update={"deployment": DeploymentFiles()})


def _without_files_and_logs(profile: Profile) -> Profile:
    return _without_files(profile).model_copy(update={"logs": ()})


def _application(name: str, story: str, cause: str, act: Act) -> Scenario:
    return Scenario(name, story, cause, Link.ENDPOINT, act=act, row=19)


_NONE: Mapping[str, Any] = {"webhook": {}}

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "no-webhooks",
        "livekit.yaml has no webhook.urls.",
        "webhooks-not-configured",
        Link.DELIVERY,
        server=_NONE,
        row=18,
    ),
    Scenario(
        "no-webhooks-unseen-file",
        "The same, and only the log of livekit-server is there to tell.",
        "webhooks-not-configured",
        Link.DELIVERY,
        server=_NONE,
        profile=_without_files,
        row=18,
    ),
    Scenario(
        "no-webhooks-unseen",
        "The same, and neither file nor log is there to tell.",
        "webhooks-are-not-delivered",
        Link.DELIVERY,
        server=_NONE,
        profile=_without_files_and_logs,
        row=18,
    ),
    *(
        Scenario(
            f"webhook-{name}",
            f"webhook.urls in livekit.yaml {story}.",
            "webhooks-go-elsewhere",
            Link.DELIVERY,
            act=_elsewhere(url),
            row=18,
        )
        for name, story, url in (
            ("other-port", "names a port on which nobody listens", _closed),
            ("black-hole", "leads to a host that does not answer", _black_hole),
            ("mute", "leads to a service that accepts and never answers", _mute),
            ("other-path", "has another path than the application", _wrong_path),
            ("https-for-http", "says https, and the application speaks http", _https),
            ("unknown-host", "names a host that has no address", _unknown_host),
            ("localhost", "says localhost, which is livekit-server's own machine", _localhost),
        )
    ),
    Scenario(
        "webhook-other-path-unseen-file",
        "webhook.urls has another path, and only the log of livekit-server is there to tell.",
        "webhooks-go-elsewhere",
        Link.DELIVERY,
        act=_elsewhere(_wrong_path),
        profile=_without_files,
        row=18,
    ),
    Scenario(
        "webhook-other-port-unseen-file",
        "webhook.urls has another port, and only the log of livekit-server is there to tell.",
        "webhooks-go-elsewhere",
        Link.DELIVERY,
        act=_elsewhere(_closed),
        profile=_without_files,
        row=18,
    ),
    Scenario(
        "webhook-events-filtered",
        "webhook.filter_params leaves out room_started and room_finished.",
        "webhooks-are-filtered",
        Link.DELIVERY,
        act=_filter,
    ),
    Scenario(
        "webhook-other-key",
        "webhook.api_key is another of livekit-server's keys than the application's.",
        "webhooks-signed-with-another-key",
        Link.DELIVERY,
        act=_sign_with_another_key,
        row=19,
    ),
    Scenario(
        "webhook-unknown-key",
        "webhook.api_key is not one of keys: livekit-server does not start.",
        "webhook-key-is-not-known",
        Link.TCP,
        act=_sign_with_no_known_key,
        also=frozenset({"server-unreachable", "sip-bus-has-no-server"}),
        row=20,
    ),
    Scenario(
        "webhook-unknown-key-in-the-log",
        "The same, from the last line of livekit-server's log.",
        "webhook-key-is-not-known",
        Link.SERVER,
        act=_sign_with_no_known_key,
        by="diagnose",
        row=20,
    ),
    Scenario(
        "webhook-given-up-in-the-log",
        "Nobody listens where livekit-server delivers to; only its log is there to tell.",
        "server-cannot-reach-endpoint",
        Link.DELIVERY,
        act=_logged(_closed, "failed to send webhook"),
        by="diagnose",
        row=18,
    ),
    Scenario(
        "webhook-refused-in-the-log",
        "The application has no such path; only livekit-server's log is there to tell.",
        "webhooks-are-refused",
        Link.ENDPOINT,
        act=_answer_404,
        by="diagnose",
        row=19,
    ),
    Scenario(
        "application-down",
        "Nobody listens where the application should.",
        "webhook-endpoint-unreachable",
        Link.ENDPOINT_SOCKET,
        act=_at(_closed),
        row=18,
    ),
    Scenario(
        "application-without-address",
        "The host of the application has no address.",
        "webhook-host-does-not-resolve",
        Link.ENDPOINT_DNS,
        act=_at(_unknown_host),
        row=18,
    ),
    Scenario(
        "application-not-trusted",
        "The application's certificate is from an authority that nobody knows.",
        "webhook-certificate-not-trusted",
        Link.ENDPOINT_TLS,
        act=_untrusted,
        row=18,
    ),
    _application(
        "application-other-path",
        "The application takes webhooks at another path, and answers 404.",
        "endpoint-path-is-wrong",
        app.application(app.verifies, path="/api/webhooks"),
    ),
    _application(
        "application-other-secret",
        "The application verifies with the secret of another deployment.",
        "endpoint-has-another-key",
        app.application(app.verifies_with_another_secret),
    ),
    *(
        _application(
            f"application-clock-{name}",
            f"The clock of the application's machine is ten minutes {name}.",
            "application-clock-is-off",
            app.application(app.verifies_by_a_clock(ahead_s), ahead_s=ahead_s),
        )
        for name, ahead_s in (("slow", -600.0), ("fast", 600.0))
    ),
    _application(
        "application-wants-bearer",
        "The application takes a token only behind Bearer.",
        "endpoint-expects-bearer",
        app.application(app.wants_bearer),
    ),
    _application(
        "application-writes-again",
        "The application hashes the parsed and written body.",
        "endpoint-writes-the-body-again",
        app.application(app.writes_the_body_again),
    ),
    _application(
        "application-content-type",
        "The application's framework reads application/json only.",
        "endpoint-rejects-content-type",
        app.application(app.takes_plain_json_only),
    ),
    _application(
        "application-forbids",
        "A protection in front of the application answers 403.",
        "endpoint-is-guarded",
        app.application(app.always(403)),
    ),
    _application(
        "application-fails",
        "The application answers 500.",
        "endpoint-fails",
        app.application(app.always(500)),
    ),
    _application(
        "application-too-slow",
        "The application works on an event before it answers.",
        "endpoint-is-too-slow",
        app.application(app.is_too_slow),
    ),
    _application(
        "application-redirects",
        "The application redirects to the path with a slash: POST becomes GET.",
        "endpoint-redirects",
        app.application(app.verifies, moved_to=f"{_PATH}/"),
    ),
)
