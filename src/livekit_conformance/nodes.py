"""
Nodes of a service that fail while another node of it answers: calls that fail one time in two.

The lines that a service logs about a call name its node. Pure functions over observations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from livekit_conformance.observations import (
    BusAnswer,
    LineOfLog,
    Observation,
    SickNode,
    SipCall,
)

SIP, SERVER = "livekit-sip", "livekit-server"
_ANSWERED = "answered"
# Purposes of the calls that should be answered; others are cancelled or made to fail.
_TO_BE_ANSWERED = frozenset({"probe", "one of several", "again"})
# One failure may be chance.
_ENOUGH = 2


def has_several_nodes(observations: Iterable[Observation]) -> bool:
    """
    Return whether several nodes of one service were seen listening on the bus.
    """
    return any(isinstance(seen, BusAnswer) and (seen.subscribers or 0) > 1 for seen in observations)


def nodes_of_calls(observations: Sequence[Observation]) -> Mapping[str, Mapping[str, str]]:
    """
    Return the node of each service that took a call, by Call-ID and service.

    livekit-sip names the Call-ID, livekit-server only the room, which livekit-sip names too.
    """
    lines = [seen for seen in observations if isinstance(seen, LineOfLog)]
    nodes: defaultdict[str, dict[str, str]] = defaultdict(dict)
    call_of: dict[str, str] = {}
    for line in lines:
        call, room = line.fields.get("sipCallID"), line.fields.get("room")
        if line.service == SIP and call:
            nodes[call][SIP] = line.fields.get("nodeID") or nodes[call].get(SIP, "")
            if room:
                call_of[room] = call
    for line in lines:
        node, call = line.fields.get("nodeID"), call_of.get(line.fields.get("room", ""))
        if line.service == SERVER and node and call:
            nodes[call][SERVER] = node
    return nodes


def sick_nodes(observations: Sequence[Observation]) -> Iterator[SickNode]:
    """
    Yield the nodes that answered none of their calls while all others answered all of theirs.

    It is clear which node it is if there were two calls of either kind, and no node of the other
    service took exactly those calls that failed.
    """
    calls = [
        seen
        for seen in observations
        if isinstance(seen, SipCall) and seen.call and seen.purpose in _TO_BE_ANSWERED
    ]
    nodes = nodes_of_calls(observations)
    found = [sick for service in (SIP, SERVER) for sick in _of_service(service, calls, nodes)]
    for node in found:
        is_sole = all(node.calls != other.calls for other in found if other is not node)
        is_enough = min(len(node.calls), node.others_answered) >= _ENOUGH
        yield replace(node, is_clear=is_sole and is_enough)


def _of_service(
    service: str, calls: Sequence[SipCall], nodes: Mapping[str, Mapping[str, str]]
) -> Iterator[SickNode]:
    by_node: defaultdict[str, list[SipCall]] = defaultdict(list)
    for call in calls:
        if node := nodes.get(call.call or "", {}).get(service):
            by_node[node].append(call)
    answered = {
        node: sum(call.outcome == _ANSWERED for call in taken) for node, taken in by_node.items()
    }
    well = [node for node, taken in by_node.items() if answered[node] == len(taken)]
    sick = [node for node in by_node if not answered[node]]
    if not well or len(well) + len(sick) < len(by_node):
        return
    others = sum(answered[node] for node in well)
    for node in sick:
        taken = by_node[node]
        yield SickNode(
            taken[-1].at,
            f"{service} {node} answered none of its {len(taken)} calls; other nodes "
            f"({', '.join(well)}) answered all of their {others}",
            service=service,
            node=node,
            calls=tuple(call.call for call in taken if call.call),
            others_answered=others,
        )
