"""
Names the plugin and the fixture modules; nothing else.
"""

pytest_plugins = ["livekit_conformance.reporting.plugin", "fixtures.deployment", "pytester"]
