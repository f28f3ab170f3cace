"""
Pages become HTML: one file that needs no script and nothing outside itself.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from livekit_conformance.reporting.page.model import Page

if TYPE_CHECKING:
    from jinja2 import Environment


def render(page: Page, template: Literal["page", "embedded"] = "page") -> str:
    """
    Return the page as HTML: a whole file, or with `embedded` a part of somebody else's page.
    """
    return _templates().get_template(f"{template}.html.j2").render(page=page)


@cache
def _templates() -> Environment:
    # Most commands and every start of a run show no page: they do not pay for Jinja2.
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    return Environment(
        loader=PackageLoader("livekit_conformance.reporting.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
