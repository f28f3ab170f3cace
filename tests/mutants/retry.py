"""
Mutants of recovery, retries and the circuit breaker.
"""

from __future__ import annotations

from tests.mutants.mutant import sabotaged

MUTANTS = (
    # A service that does not return from the first failure blocks the checks of the others.
    sabotaged("never_recovers", "1.5-recovers-from[bus-partition]"),
    sabotaged("failed_joins_not_logged", "1.4-failed-join-is-logged"),
    sabotaged("client_retries_refusals", "1.5-client-retries-as-configured"),
    sabotaged("client_never_waits_longer", "1.5-client-retries-as-configured"),
    sabotaged("client_confuses_errors", "1.4-client-errors-are-detailed[time-out]"),
    sabotaged("client_calls_twice", "1.5-client-does-nothing-twice"),
    sabotaged("client_never_spares_the_server", "1.5-client-keeps-its-budget"),
    sabotaged("breaker_never_opens", "1.5-client-breaker-as-configured"),
    sabotaged("breaker_lets_all_probe", "1.5-client-breaker-as-configured"),
)
