"""
Fixtures shared with the scenarios: the real services.
"""

from tests.scenarios.conftest import real_services, scene

__all__ = ["real_services", "scene"]
