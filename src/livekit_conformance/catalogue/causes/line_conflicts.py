"""
Trunks and dispatch rules that conflict, and those that the API refuses.
"""

from __future__ import annotations

import re

from livekit_conformance.catalogue.cause import Cause, found, log
from livekit_conformance.catalogue.chain import Link
from livekit_conformance.judges.line import TWO_RULES, TWO_TRUNKS
from livekit_conformance.wording import Text

_TRUNKS = re.compile("Multiple (default )?SIP Trunks matched|Conflicting inbound SIP Trunks")
_RULES = re.compile("Dispatch rule for the same trunk")
_TWO_TRUNKS = found(TWO_TRUNKS, says="violated")
_TWO_TRUNKS_LOGGED = (
    log("livekit-sip", error=_TRUNKS),
    log("livekit-server", error=re.compile("Multiple (default )?SIP Trunks matched")),
)
_TWO_RULES = found(TWO_RULES, says="violated")
_TWO_RULES_LOGGED = (log("livekit-sip", error=_RULES),)
_TRUNK_CONFLICT = log(
    "livekit-server", level="info", error=re.compile("Conflicting inbound SIP Trunks")
)
_RULE_REFUSED = log("livekit-server", level="info", error=_RULES)
_OPEN_TRUNK = log(
    "livekit-server",
    level="info",
    error=re.compile("for security, one of the fields must be set: AuthUsername"),
)
_SOURCE = "livekit/protocol sip/sip.go MatchTrunk"

CAUSES: tuple[Cause, ...] = (
    Cause(
        "line-is-ambiguous",
        Link.TRUNK,
        Text(
            en="Two inbound trunks match the same call",
            ru="Одному вызову подходят два входящих транка",
        ),
        Text(
            en=(
                "livekit-server cannot choose and answers with an error, so livekit-sip refuses "
                "the call with 503 at once (`Multiple SIP Trunks matched`)."
            ),
            ru=(
                "livekit-server не может выбрать и отвечает ошибкой, поэтому livekit-sip сразу "
                "отказывает с 503 (`Multiple SIP Trunks matched`)."
            ),
        ),
        Text(
            en=(
                "Delete one of the trunks that the check names, or tell them apart by `numbers`, "
                "`allowed_numbers` or `allowed_addresses`: `lk sip inbound list`; `lk sip inbound "
                "delete ID`"
            ),
            ru=(
                "Удалите один из транков, названных проверкой, или разделите их через `numbers`, "
                "`allowed_numbers` или `allowed_addresses`: `lk sip inbound list`; `lk sip inbound "
                "delete ID`"
            ),
        ),
        shows=(_TWO_TRUNKS, *_TWO_TRUNKS_LOGGED),
        proofs=(_TWO_TRUNKS, *_TWO_TRUNKS_LOGGED),
        breaks=(Link.LINE, Link.BUS, Link.CREDENTIALS),
        source=f"{_SOURCE}; livekit/sip#170",
    ),
    Cause(
        "rules-are-ambiguous",
        Link.DISPATCH,
        Text(
            en="Two dispatch rules match the same calls",
            ru="Одним и тем же вызовам подходят два правила диспетчеризации",
        ),
        Text(
            en=(
                "livekit-server cannot choose between them, so livekit-sip refuses each call of "
                "the trunk with 503 after the first 180 (`dispatch evaluation failed`). The API "
                "refuses to create such a pair: it is left over from an old version, or was "
                "written bypassing the API."
            ),
            ru=(
                "livekit-server не может выбрать между ними, поэтому после первого 180 livekit-sip "
                "отклоняет каждый вызов этого транка ответом 503 (`dispatch evaluation failed`). "
                "API такую пару не создаёт: она осталась от старой версии или записана в обход "
                "API."
            ),
        ),
        Text(
            en=(
                "Delete one of the two rules that the error names, or tell them apart by "
                "`numbers`, `inbound_numbers`, `trunk_ids` or PIN: `lk sip dispatch list`; `lk sip "
                "dispatch delete ID`"
            ),
            ru=(
                "Удалите одно из двух правил, названных в ошибке, или разделите их через "
                "`numbers`, `inbound_numbers`, `trunk_ids` или PIN: `lk sip dispatch list`; "
                "`lk sip dispatch delete ID`"
            ),
        ),
        shows=(_TWO_RULES, *_TWO_RULES_LOGGED),
        proofs=(_TWO_RULES, *_TWO_RULES_LOGGED),
        breaks=(Link.LINE, Link.TRUNK, Link.BUS),
        source="livekit/protocol sip/sip.go ValidateDispatchRulesIter",
    ),
    Cause(
        "trunk-conflicts-with-another",
        Link.LINE,
        Text(
            en="An inbound trunk was not created, because another trunk matches the same calls",
            ru="Входящий транк не создан: тем же вызовам уже подходит другой транк",
        ),
        Text(
            en=(
                "livekit-server refused it with 400 `Conflicting inbound SIP Trunks`: two trunks "
                "may share a number only if `allowed_numbers` tell their callers apart."
            ),
            ru=(
                "livekit-server отказал с кодом 400 `Conflicting inbound SIP Trunks`: два транка "
                "на один номер допустимы, только если их звонящих разделяет `allowed_numbers`."
            ),
        ),
        Text(
            en=(
                "Change or delete the trunk that the error names, or give the two trunks different "
                "`allowed_numbers`: `lk sip inbound list`; `lk sip inbound delete ID`"
            ),
            ru=(
                "Измените или удалите транк, названный в ошибке, или задайте двум транкам разные "
                "`allowed_numbers`: `lk sip inbound list`; `lk sip inbound delete ID`"
            ),
        ),
        shows=(_TRUNK_CONFLICT,),
        proofs=(_TRUNK_CONFLICT,),
        source="livekit pkg/service/sip.go; livekit/protocol sip/sip.go ValidateTrunks",
    ),
    Cause(
        "rule-conflicts-with-another",
        Link.LINE,
        Text(
            en="A dispatch rule was not created, because another rule matches the same calls",
            ru="Правило диспетчеризации не создано: тем же вызовам уже подходит другое правило",
        ),
        Text(
            en=(
                "livekit-server refused it with 400: only one rule is allowed for one trunk, "
                "caller, number and PIN. A rule that leaves these empty matches all calls."
            ),
            ru=(
                "livekit-server отказал с кодом 400: на один транк, звонящего, номер и PIN "
                "допустимо только одно правило. Правило, где они не указаны, подходит всем "
                "вызовам."
            ),
        ),
        Text(
            en=(
                "Change or delete the rule that the error names, or give the new one its own "
                "`trunk_ids`, `numbers` or `inbound_numbers`: `lk sip dispatch list`; `lk sip "
                "dispatch delete ID`"
            ),
            ru=(
                "Измените или удалите правило, названное в ошибке, или задайте новому свои "
                "`trunk_ids`, `numbers` или `inbound_numbers`: `lk sip dispatch list`; `lk sip "
                "dispatch delete ID`"
            ),
        ),
        shows=(_RULE_REFUSED,),
        proofs=(_RULE_REFUSED,),
        source="livekit pkg/service/sip.go; livekit/protocol sip/sip.go ValidateDispatchRulesIter",
    ),
    Cause(
        "trunk-would-be-open",
        Link.LINE,
        Text(
            en="An inbound trunk was not created, because it would accept calls from anybody",
            ru="Входящий транк не создан: он принимал бы вызовы от кого угодно",
        ),
        Text(
            en=(
                "livekit-server refused it with 400 `for security, one of the fields must be set`."
            ),
            ru="livekit-server отказал с кодом 400 `for security, one of the fields must be set`.",
        ),
        Text(
            en=(
                "Give the trunk `numbers`, `allowed_addresses`, or both `auth_username` and "
                "`auth_password`."
            ),
            ru=(
                "Задайте транку `numbers`, `allowed_addresses` или вместе `auth_username` и "
                "`auth_password`."
            ),
        ),
        shows=(_OPEN_TRUNK,),
        proofs=(_OPEN_TRUNK,),
        source="livekit/protocol livekit/sip.go Validate; livekit/sip#213",
    ),
)
