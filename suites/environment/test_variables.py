"""
Variables of the deployment: set where a service finds them, with plausible values.
"""

import pytest

from livekit_conformance.environments.variable_checks import DEPLOYMENT_VARIABLES
from livekit_conformance.errors import NotApplicable, NotConfigured
from livekit_conformance.reporting.run.session import RunState


@pytest.mark.clause("1.1-variables-are-set")
@pytest.mark.parametrize("name", DEPLOYMENT_VARIABLES)
def test_a_variable_is_set_in_the_environment(run: RunState, name: str) -> None:
    """
    The value comes from the process environment, which is where services find it.
    """
    origin = origin_of(run, name)

    only = "it is set only in the env file, which services and scheduled runs do not read"
    other = (
        "the env file has a different value, which is ignored: make both the same, or remove one"
    )
    seen = other if name in run.loaded.differing else f"{only}: export {name}=..."
    assert origin == "environment" and name not in run.loaded.differing, f"{name}: {seen}"


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
        raise NotApplicable("the profile does not use this variable")

    odd = {
        used: ", ".join(map(str, oddities))
        for used, oddities in run.loaded.oddities.items()
        if used == name or (name == "others" and used in others)
    }

    assert not odd, "; ".join(
        f"{used} ({run.loaded.origins[used]}) {words}" for used, words in odd.items()
    )


def origin_of(run: RunState, name: str) -> str:
    """
    Return the origin of a variable; raise NotApplicable if the profile does not use it.
    """
    if any(name in absent.unset for absent in run.loaded.left_out.values()):
        raise NotConfigured(f"{name}=... to the environment")
    origin = run.loaded.origins.get(name)
    if origin is None:
        raise NotApplicable("the profile does not use this variable")
    return origin
