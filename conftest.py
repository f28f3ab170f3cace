"""
Name the plugin and the fixture modules.
"""

pytest_plugins = [
    "livekit_conformance.pytest_plugin",
    "livekit_conformance.reporting.plugin.hooks",
    "fixtures.deployment",
    "fixtures.connectivity",
    "fixtures.rooms",
    "fixtures.dispatch",
    "fixtures.webhooks",
    "fixtures.background",
    "fixtures.outbound",
    "fixtures.failures",
    "fixtures.outages",
]
