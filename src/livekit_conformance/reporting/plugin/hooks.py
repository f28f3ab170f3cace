"""
Plugin of pytest: options, markers, and the examiner that judges the checks under suites/.

Without a path under suites/ on the command line it does nothing.
"""

from __future__ import annotations

import gc
import os
from functools import partial

import pytest

from livekit_conformance.environments.language import language_of
from livekit_conformance.environments.open_files import problem_with_open_files
from livekit_conformance.environments.problems import ProfileError
from livekit_conformance.reporting.plugin import allure_dir, allure_html, collection, invocation
from livekit_conformance.reporting.plugin.allure_html import AllureHtml
from livekit_conformance.reporting.plugin.annotations import Annotations
from livekit_conformance.reporting.plugin.bystanders import Bystanders
from livekit_conformance.reporting.plugin.ci_build import build_of
from livekit_conformance.reporting.plugin.console import Console
from livekit_conformance.reporting.plugin.html_tables import HtmlTables
from livekit_conformance.reporting.plugin.interrupts import Interrupts
from livekit_conformance.reporting.plugin.junit_file import JunitFile
from livekit_conformance.reporting.plugin.options import add_options, read_options
from livekit_conformance.reporting.plugin.run_hooks import Examiner, Writer
from livekit_conformance.reporting.plugin.secret_guard import SecretGuard
from livekit_conformance.reporting.run.session import RUN, RunState
from livekit_conformance.reporting.writers import allure, write_all

# Options that only print something about the tests and run none.
_INFORMS = (
    "cacheshow",
    "collectonly",
    "help",
    "markers",
    "setupplan",
    "show_fixtures_per_test",
    "showfixtures",
    "version",
)
# Options that cannot be used with checks, and why.
_IN_ORDER = "the links of the chain are judged in order"
_REFUSED = {
    "numprocesses": ("-n", _IN_ORDER),
    "tx": ("--tx", _IN_ORDER),
    "setuponly": ("--setup-only", "it would act on the target and check nothing; try --setup-plan"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """
    Declare the options.
    """
    add_options(parser)


# Runs first, because pytest-html reads its options when it is configured.
@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """
    Load the profile and register our plugins, if checks are to be run.
    """
    for line in collection.marker_lines():
        config.addinivalue_line("markers", line)
    if not collection.asks_for_suites(config):
        return
    # Objects imported by now stay: no garbage collection has to scan them, neither at the end nor
    # in the middle of a call.
    gc.freeze()
    try:
        options = read_options(config)
        options.find()
        if any(config.getoption(option, None) for option in _INFORMS):
            return
        _refuse_unusable(config)
        loaded = options.load()
    except ProfileError as error:
        raise pytest.UsageError(str(error)) from error
    alluredir = allure_dir.folder_of(config)
    seed = config.getoption("randomly_seed", None)
    run = RunState.start(
        options.environment,
        loaded,
        options.reports,
        budget=options.budget,
        seed=seed if isinstance(seed, int) else 0,
        language=options.language,
        terminal_language=language_of(os.environ),
        build=build_of(os.environ),
        again=invocation.template(
            options, root=config.rootpath, start=config.invocation_params.dir
        ),
        required_coverage=options.required_coverage,
    )
    config.stash[RUN] = run
    # Before the examiner, and so around it: the errors that it judges are clean.
    guard = SecretGuard(config, run)
    config.pluginmanager.register(guard, "livekit-conformance-secret-guard")
    interrupts = Interrupts()
    config.pluginmanager.register(interrupts, "livekit-conformance-interrupts")
    writers: dict[str, Writer] = {"a report": partial(write_all, directory=run.directory)}
    if alluredir is not None:
        writers["--alluredir"] = partial(allure.add, folder=alluredir, run_directory=run.directory)
    annotations = None
    if (service := options.annotations) is not None:
        annotations = Annotations(service, run.directory)
        writers["annotations"] = annotations.write
    examiner = Examiner(config, run, interrupts, writers)
    config.pluginmanager.register(examiner, "livekit-conformance-examiner")
    tables = HtmlTables(config, run, examiner)
    config.pluginmanager.register(tables, "livekit-conformance-html-tables")
    console = Console(config, run, os.environ)
    config.pluginmanager.register(console, "livekit-conformance-console")
    if annotations is not None:
        config.pluginmanager.register(annotations, "livekit-conformance-annotations")
    bystanders = Bystanders(config)
    config.pluginmanager.register(bystanders, "livekit-conformance-bystanders")
    if config.getoption("xmlpath", None):
        config.pluginmanager.register(JunitFile(config, examiner), "livekit-conformance-junit-file")
    if (program := allure_html.program()) is not None:
        page = AllureHtml(program, run, examiner)
        config.pluginmanager.register(page, "livekit-conformance-allure-html")


def _refuse_unusable(config: pytest.Config) -> None:
    if (problem := problem_with_open_files()) is not None:
        raise pytest.UsageError(problem)
    for option, (name, why) in _REFUSED.items():
        if config.getoption(option, None):
            raise pytest.UsageError(f"{name} is not supported with suites/: {why}")


def pytest_itemcollected(item: pytest.Item) -> None:
    """
    Add the markers of area and requirement before -m selects.
    """
    if collection.is_check(item):
        collection.mark(item)


# Runs first, so that no check is deselected before it was examined.
@pytest.hookimpl(tryfirst=True, specname="pytest_collection_modifyitems")
def pytest_refuse_offenders(items: list[pytest.Item]) -> None:
    """
    Refuse checks without exactly one known clause.
    """
    checks = [item for item in items if collection.is_check(item)]
    collection.refuse_offenders(checks)
    for check in checks:
        allure_dir.label(check)


# Runs last, so that no other plugin's order is the final one.
@pytest.hookimpl(trylast=True, specname="pytest_configure")
def pytest_configure_order(config: pytest.Config) -> None:
    """
    Make checks run in the order of the catalogue, whatever other plugins do.
    """
    config.pluginmanager.register(collection.CatalogueOrder(), "livekit-conformance-order")
