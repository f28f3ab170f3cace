"""
Variables of the deployment: set where a service finds them, with plausible values.
"""

import pytest

from livekit_conformance.environments.variable_checks import DEPLOYMENT_VARIABLES, judge_variable
from livekit_conformance.errors import NotConfigured, require, violated
from livekit_conformance.judges.preconditions import variable_not_used
from livekit_conformance.judges.settings import DIFFERS, ONLY_IN_ENV_FILE
from livekit_conformance.reporting.run.session import RunState


@pytest.mark.clause("1.1-variables-are-set")
@pytest.mark.parametrize("name", DEPLOYMENT_VARIABLES)
def test_a_variable_is_set_in_the_environment(run: RunState, name: str) -> None:
    """
    The value comes from the process environment, which is where services find it.
    """
    origin = origin_of(run, name)

    if name in run.loaded.differing:
        seen = (
            f"{name}: the env file has a different value, which is ignored: make both the same, or "
            "remove one"
        )
        raise violated(DIFFERS, seen, variable=name)
    if origin != "environment":
        seen = (
            f"{name}: it is set only in the env file, which services and scheduled runs do not "
            f"read: export {name}=..."
        )
        raise violated(ONLY_IN_ENV_FILE, seen, variable=name)


@pytest.mark.clause("1.1-variables-are-sane")
@pytest.mark.parametrize("name", [*DEPLOYMENT_VARIABLES, "others"])
def test_a_variable_holds_what_its_name_says(run: RunState, name: str) -> None:
    """
    No quotes or blanks around the value, no placeholder, no value of another variable.
    """
    others = set(run.loaded.origins) - set(DEPLOYMENT_VARIABLES)
    for used in [name] if name in DEPLOYMENT_VARIABLES else sorted(others):
        origin_of(run, used)
    if name == "others" and not others:
        raise variable_not_used()

    odd = {
        used: oddities
        for used, oddities in run.loaded.oddities.items()
        if used == name or (name == "others" and used in others)
    }

    require(
        judge_variable(used, run.loaded.origins[used], oddities) for used, oddities in odd.items()
    )


def origin_of(run: RunState, name: str) -> str:
    """
    Return the origin of a variable; raise NotApplicable if the profile does not use it.
    """
    if any(name in absent.unset for absent in run.loaded.left_out.values()):
        raise NotConfigured(f"{name}=... to the environment")
    origin = run.loaded.origins.get(name)
    if origin is None:
        raise variable_not_used()
    return origin
