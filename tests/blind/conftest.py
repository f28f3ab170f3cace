"""
Fixtures shared with the scenarios: the real services.
"""

from tests.scenarios.conftest import real_services

__all__ = ["real_services"]
