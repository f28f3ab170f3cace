"""
Whatever a stranger sends is read or refused with a documented error, in linear time.

`EXAMPLES=1000000` tries that many mutations instead of a few thousand, and `SEED=...` begins with
another number than 0.
"""

import os
from collections import Counter

import pytest

from tests.protocol.hostile_text import KINDS, mutated

EXAMPLES = int(os.environ.get("EXAMPLES", "5000")) // len(KINDS)
SEED = int(os.environ.get("SEED", "0"))


@pytest.mark.timeout(EXAMPLES // 100 + 120)
@pytest.mark.parametrize("kind", KINDS)
def test_no_input_raises_an_undocumented_error(kind: str) -> None:
    """
    Inputs that are still valid are among them, or only the first lines of a parser were tried.
    """
    seeds, read, refusals = KINDS[kind].seeds, KINDS[kind].read, KINDS[kind].refusals
    ended: Counter[str] = Counter()
    for number in range(SEED, SEED + EXAMPLES):
        data = mutated(seeds, number)
        try:
            read(data)
        except refusals:
            ended["refused"] += 1
        except Exception as error:
            raise AssertionError(f"{kind} {number}: {error!r} for {data[:2000]!r}") from error
        else:
            ended["read"] += 1

    assert ended["read"] > EXAMPLES // 100, f"too few were valid: {ended}"
    assert not refusals or ended["refused"] > EXAMPLES // 100, f"too few were refused: {ended}"
