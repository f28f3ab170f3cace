"""
livekit-api as a program of the operator uses it, in one place for all tests.

What it changes is not a run's own: the suite's client would refuse it. And it shares no code with
that client, so neither hides a fault of the other.
"""

from __future__ import annotations

from livekit import api

from livekit_conformance.environments.profile import Livekit


def operator_api(livekit: Livekit) -> api.LiveKitAPI:
    """
    Return the API with the key pair of a profile; an asynchronous context manager.
    """
    return api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret.get_secret_value())
