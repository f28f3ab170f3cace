"""
The arguments that `livekit-conformance run` passes to pytest.
"""

from __future__ import annotations

import pytest

from livekit_conformance.cli.run import interpreter_arguments


@pytest.mark.parametrize(
    ("given", "has_cache"),
    [([], True), (["-p", "no:cacheprovider"], False), (["-pno:cacheprovider"], False)],
)
def test_the_place_of_the_cache_is_set_only_where_there_is_one(tmp_path, given, has_cache):
    line = interpreter_arguments(given, tmp_path)

    assert any(word.startswith("cache_dir=") for word in line) is has_cache
