"""
Hide checks from plugins that judge a test by its exception and phase, not by its verdict.

These are allure-pytest and pytest's own JUnit. They see a user's tests only; our writers add the
checks to their files.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import allure_commons
import pytest
from _pytest.junitxml import xml_key

from livekit_conformance.reporting.plugin import collection

_ALLURE = "allure_listener"


class Bystanders:
    """
    Hooks that hide checks from these plugins: each is unregistered while a check is run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        # Plugin manager, plugin and name of the plugin.
        self._hidden: list[tuple[Any, object, str]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """
        Show the first test unless it is a check, and the hooks after the last test.
        """
        self._show_or_hide(next(iter(session.items), None))
        try:
            return (yield)
        finally:
            self._show_or_hide(None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """
        Show the next test unless it is a check.
        """
        # pytest calls the hooks of a test on the plugins that are registered when it begins.
        outcome = yield
        self._show_or_hide(nextitem)
        return outcome

    def _show_or_hide(self, item: pytest.Item | None) -> None:
        """
        Hide `item` if it is a check, else show it; None stands for the end of the tests.
        """
        hides = item is not None and collection.is_check(item)
        if hides and not self._hidden:
            self._hidden = [(m, plugin, m.get_name(plugin)) for m, plugin in self._registered()]
            for manager, plugin, _ in self._hidden:
                manager.unregister(plugin)
        elif not hides:
            for manager, plugin, name in self._hidden:
                manager.register(plugin, name)
            self._hidden = []

    def _registered(self) -> Iterator[tuple[Any, object]]:
        plugins = self._config.pluginmanager
        if (listener := plugins.get_plugin(_ALLURE)) is not None:
            yield plugins, listener
            yield allure_commons.plugin_manager, listener
        if (junit := self._config.stash.get(xml_key, None)) is not None:
            yield plugins, junit
