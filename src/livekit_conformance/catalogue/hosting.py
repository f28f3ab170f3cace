"""
Kinds of hosting: how fixes name its places, and the next step when a link is broken without a known
cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.link_words import WORDS
from livekit_conformance.wording import Text, same


class Hosting(StrEnum):
    """
    Kind of place in which livekit-server and livekit-sip run.
    """

    SELF = "self"  # processes on a machine
    DOCKER = "docker"  # containers on one machine
    KUBERNETES = "kubernetes"
    CLOUD = "cloud"  # LiveKit Cloud: nobody else has its files, logs and Redis


# The needs that decide most where a link is broken, the best first.
DECIDES: Mapping[Link, tuple[Need, ...]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                Link.SERVER,
                Link.NODE,
                Link.API_KEY,
                Link.TOKENS,
                Link.GRANTS,
                Link.ROOMS,
                Link.ROOM_LIFE,
                Link.WEBRTC,
            ),
            (Need.SERVER_LOG, Need.SERVER_CONFIG, Need.REDIS),
        ),
        **dict.fromkeys(
            (Link.ENDPOINT, Link.VERIFICATION, Link.AGENT),
            (Need.APPLICATION_LOG, Need.SERVER_LOG, Need.RECEIVER),
        ),
        **dict.fromkeys(
            (Link.DELIVERY, Link.EVENTS),
            (Need.SERVER_LOG, Need.SERVER_CONFIG, Need.RECEIVER, Need.APPLICATION_LOG),
        ),
        **dict.fromkeys(
            (Link.BUS, Link.BUS_SIP), (Need.REDIS, Need.SIP_LOG, Need.SERVER_LOG, Need.SIP_CONFIG)
        ),
        **dict.fromkeys(
            (
                Link.SIP_SOCKET,
                Link.TRUNK,
                Link.CREDENTIALS,
                Link.DISPATCH,
                Link.OFFER,
                Link.STRANGERS,
                Link.ANSWER,
                Link.MEDIA,
                Link.AUDIO,
                Link.HANG_UP,
                Link.CAPACITY,
                Link.OUTBOUND,
                Link.OUTBOUND_FAILURE,
                Link.RECOVERY,
            ),
            (Need.SIP_LOG, Need.SERVER_LOG, Need.SIP_CONFIG, Need.APPLICATION_LOG),
        ),
        Link.JOIN: (Need.SIP_LOG, Need.SERVER_LOG, Need.SIP_CONFIG, Need.SERVER_CONFIG),
        Link.CONFIGURATION: (Need.SERVER_CONFIG, Need.SIP_CONFIG),
    }
)
_DOCKER_LOGS = "docker, compose, logs, --follow, --tail=0, --no-color, --no-log-prefix"
_KUBERNETES_LOGS = "kubectl, logs, -f, --tail=0, -l"
# The line of the profile that provides a need, where it differs by hosting; None: nothing does.
PROFILE_LINES: Mapping[Hosting, Mapping[Need, str | None]] = MappingProxyType(
    {
        Hosting.SELF: {},
        Hosting.DOCKER: {
            Need.SERVER_LOG: f"logs: [{{service: livekit-server, command: [{_DOCKER_LOGS}, "
            "livekit]}]",
            Need.SIP_LOG: f"logs: [{{service: livekit-sip, command: [{_DOCKER_LOGS}, sip]}}]",
            Need.APPLICATION_LOG: f"logs: [{{service: application, command: [{_DOCKER_LOGS}, "
            "app]}]",
            Need.REDIS: "redis: redis://127.0.0.1:6379/0",
            Need.SERVER_CONFIG: "deployment.livekit_server_config: ./livekit.yaml",
            Need.SIP_CONFIG: "deployment.livekit_sip_config: ./livekit-sip.yaml",
        },
        Hosting.KUBERNETES: {
            Need.SERVER_LOG: f"logs: [{{service: livekit-server, command: [{_KUBERNETES_LOGS}, "
            "app.kubernetes.io/name=livekit-server]}]",
            Need.SIP_LOG: f"logs: [{{service: livekit-sip, command: [{_KUBERNETES_LOGS}, "
            "app.kubernetes.io/name=livekit-sip]}]",
            Need.APPLICATION_LOG: f"logs: [{{service: application, command: [{_KUBERNETES_LOGS}, "
            "app=APPLICATION]}]",
            Need.REDIS: "redis: redis://127.0.0.1:6379/0",
            Need.SERVER_CONFIG: "deployment.livekit_server_config: livekit.yaml",
            Need.SIP_CONFIG: "deployment.livekit_sip_config: livekit-sip.yaml",
        },
        Hosting.CLOUD: dict.fromkeys(
            (Need.SERVER_LOG, Need.SIP_LOG, Need.REDIS, Need.SERVER_CONFIG, Need.SIP_CONFIG)
        ),
    }
)
# What to run before the line of a need works.
FIRST_RUN: Mapping[Hosting, Mapping[Need, str]] = MappingProxyType(
    {
        Hosting.SELF: {},
        Hosting.DOCKER: {},
        Hosting.KUBERNETES: {
            Need.REDIS: "kubectl port-forward svc/redis 6379",
            Need.SERVER_CONFIG: "kubectl get configmap livekit-server -o "
            "jsonpath='{.data.config\\.yaml}' > livekit.yaml",
            Need.SIP_CONFIG: "kubectl get configmap livekit-sip -o "
            "jsonpath='{.data.config\\.yaml}' > livekit-sip.yaml",
        },
        Hosting.CLOUD: {},
    }
)


def _places(
    redis_cli: str, processes: str, ports: str, logs: str, restart: str, server: str, sip: str
) -> dict[str, Text]:
    """
    Return the names of the places of a hosting, by its commands and its names of the services.
    """

    def by(command: str, en: str, ru: str, *names: str) -> Text:
        shown = f" (`{' '.join((command, *names))}`)" if command else ""
        return Text(en=f"{en}{shown}", ru=f"{ru}{shown}")

    return {
        "server_yaml": same("livekit.yaml"),
        "sip_yaml": same("livekit-sip.yaml"),
        "redis_cli": same(redis_cli),
        "processes": same(processes),
        "ports": same(f"`{ports}`"),
        "tcpdump": same("`tcpdump -n port 5060`"),
        # In Russian in the prepositional case.
        "server_log": by(logs, "livekit-server's log", "журнале livekit-server", server),
        "sip_log": by(logs, "livekit-sip's log", "журнале livekit-sip", sip),
        # What to restart.
        "server": by(restart, "livekit-server", "livekit-server", server),
        "sip": by(restart, "livekit-sip", "livekit-sip", sip),
        "both": by(restart, "both services", "оба сервиса", server, sip),
    }


_IN_DASHBOARD = Text(en="the dashboard of LiveKit Cloud", ru="панели LiveKit Cloud")
# What fixes and advice name in braces.
PLACES: Mapping[Hosting, Mapping[str, Text]] = MappingProxyType(
    {
        Hosting.SELF: _places(
            *("redis-cli", "`systemctl status`, `docker ps -a`", "ss -lntup"), *("", "", "", "")
        ),
        Hosting.DOCKER: _places(
            *("docker compose exec redis redis-cli", "`docker compose ps -a`", "docker compose ps"),
            *("docker compose logs", "docker compose restart", "livekit", "sip"),
        ),
        Hosting.KUBERNETES: {
            **_places(
                "kubectl exec deploy/redis -- redis-cli",
                *("`kubectl get pods`, `kubectl describe pod`", "kubectl get svc,endpoints"),
                *("kubectl logs", "kubectl rollout restart"),
                *("deploy/livekit-server", "deploy/livekit-sip"),
            ),
            "server_yaml": Text(
                en="values.yaml of the Helm chart livekit-server",
                ru="values.yaml Helm-чарта livekit-server",
            ),
            "sip_yaml": Text(en="the ConfigMap of livekit-sip", ru="ConfigMap сервиса livekit-sip"),
        },
        # Nobody else has its files, its Redis and its processes.
        Hosting.CLOUD: {"server_log": _IN_DASHBOARD, "sip_log": _IN_DASHBOARD},
    }
)

CALL_IN_DASHBOARD = Text(
    en="Find the call in the dashboard of LiveKit Cloud (Telephony, Calls) by its number and time: "
    "it shows the SIP status and the reason of the end. Report it to LiveKit with the call's id if "
    "it shows none.",
    ru="Найдите вызов в панели LiveKit Cloud (Telephony, Calls) по номеру и времени: там указаны "
    "SIP-статус и причина завершения. Если их нет, сообщите в LiveKit id вызова.",
)
_SESSION_IN_DASHBOARD = Text(
    en="Find the room in the dashboard of LiveKit Cloud (Sessions) by its name and time, and look "
    "at its participants and events.",
    ru="Найдите комнату в панели LiveKit Cloud (Sessions) по имени и времени и посмотрите "
    "участников и события.",
)
_CLOUD_STATUS = Text(
    en="Look at status.livekit.io and at the usage limits of your project in the dashboard of "
    "LiveKit Cloud; then report it to LiveKit with the time and the Call-ID.",
    ru="Посмотрите status.livekit.io и пределы использования вашего проекта в панели LiveKit "
    "Cloud; затем сообщите в LiveKit время и Call-ID.",
)
_CLOUD_URL = Text(
    en="Copy the project URL from the dashboard of LiveKit Cloud (Settings) into `livekit.url`, "
    "and try it from this machine: `curl -i https://HOST`.",
    ru="Скопируйте URL проекта из панели LiveKit Cloud (Settings) в `livekit.url` и проверьте его "
    "с этой машины: `curl -i https://HOST`.",
)
_CLOUD_KEYS = Text(
    en="Compare LIVEKIT_API_KEY and LIVEKIT_API_SECRET with the keys of this project in the "
    "dashboard of LiveKit Cloud (Settings, API keys).",
    ru="Сверьте LIVEKIT_API_KEY и LIVEKIT_API_SECRET с ключами этого проекта в панели LiveKit "
    "Cloud (Settings, API keys).",
)
_CLOUD_WEBHOOKS = Text(
    en="Compare the URL and the signing key of the webhook in the dashboard of LiveKit Cloud "
    "(Settings, Webhooks) with `webhook.url`, then read the application's log for that moment.",
    ru="Сверьте URL и ключ подписи вебхука в панели LiveKit Cloud (Settings, Webhooks) с "
    "`webhook.url`, затем прочитайте журнал приложения за этот момент.",
)
# The next thing to examine in LiveKit Cloud, where it is not that of services of one's own.
_LOOK_ON_CLOUD: Mapping[Link, Text] = MappingProxyType(
    {
        **dict.fromkeys((Link.TCP, Link.SERVER), _CLOUD_URL),
        Link.NODE: _CLOUD_STATUS,
        Link.CLOCK: Text(
            en="Synchronise this machine by NTP and check it: `date -u`; `timedatectl`. The "
            "clocks of LiveKit Cloud are right.",
            ru="Синхронизируйте эту машину по NTP и проверьте: `date -u`; `timedatectl`. Часы "
            "LiveKit Cloud верны.",
        ),
        **dict.fromkeys((Link.API_KEY, Link.TOKENS), _CLOUD_KEYS),
        **dict.fromkeys(
            (Link.ROOMS, Link.ROOM_LIFE, Link.WEBRTC, Link.ROOM_NAME), _SESSION_IN_DASHBOARD
        ),
        **dict.fromkeys(
            (Link.ENDPOINT_DNS, Link.ENDPOINT_SOCKET),
            Text(
                en="Make the host and port of `webhook.url` reachable from the Internet, and "
                "try it from a machine outside: `curl -i URL`.",
                ru="Откройте хост и порт из `webhook.url` для интернета и проверьте с внешней "
                "машины: `curl -i URL`.",
            ),
        ),
        **dict.fromkeys((Link.ENDPOINT, Link.DELIVERY, Link.EVENTS), _CLOUD_WEBHOOKS),
        Link.SIP_SOCKET: Text(
            en="Copy the SIP URI of the project from the dashboard of LiveKit Cloud (Settings, "
            "Project) into `sip.server`, and let this machine send to 5060/udp or 5061/tcp.",
            ru="Скопируйте SIP URI проекта из панели LiveKit Cloud (Settings, Project) в "
            "`sip.server` и разрешите этой машине отправлять на 5060/udp или 5061/tcp.",
        ),
        **dict.fromkeys((Link.BUS, Link.BUS_SIP, Link.RECOVERY), _CLOUD_STATUS),
        **dict.fromkeys(
            (
                Link.TRUNK,
                Link.CREDENTIALS,
                Link.DISPATCH,
                Link.OFFER,
                Link.JOIN,
                Link.ANSWER,
                Link.HANG_UP,
                Link.CAPACITY,
                Link.OUTBOUND,
                Link.OUTBOUND_FAILURE,
            ),
            CALL_IN_DASHBOARD,
        ),
        Link.LOGS: Text(
            en="Read the log of your application; the services of LiveKit Cloud show theirs "
            "only in the dashboard (Telephony, Calls; Sessions).",
            ru="Прочитайте журнал вашего приложения; сервисы LiveKit Cloud показывают свои "
            "только в панели (Telephony, Calls; Sessions).",
        ),
    }
)


def look_at(link: Link, hosting: Hosting) -> Text:
    """
    Return the next thing to examine when `link` is broken without a known cause.
    """
    if hosting is Hosting.CLOUD and link in _LOOK_ON_CLOUD:
        return _LOOK_ON_CLOUD[link]
    return WORDS[link].look.filled(PLACES[hosting])


def fitting(text: Text, link: Link, hosting: Hosting = Hosting.SELF) -> Text:
    """
    Return a fix or advice about `link` with the places of this hosting.

    Where the hosting lacks one of them, it is the next thing to examine there.
    """
    places = PLACES[hosting]
    return text.filled(places) if text.names <= places.keys() else look_at(link, hosting)
