"""
Render a page as HTML: one file that needs no script and nothing outside itself.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal

from livekit_conformance.reporting.page.model import Page

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_NAME = re.compile(r"`([^`\n]+)`")


def render(page: Page, template: Literal["page", "embedded"] = "page") -> str:
    """
    Return the page as HTML: a whole file, or with `embedded` a part of another page.
    """
    return templates().get_template(f"{template}.html.j2").render(page=page)


@cache
def templates() -> Environment:
    """
    Return the templates, which this process compiles once.
    """
    # Most commands, and every start of a run, show no page and need not load Jinja2.
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("livekit_conformance.reporting.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["names_as_code"] = _names_as_code
    return environment


def _names_as_code(text: str) -> Markup:
    """
    Return the text as HTML, with text between backticks as code.
    """
    from markupsafe import Markup, escape  # noqa: PLC0415  # comes with Jinja2

    return Markup(_NAME.sub(r'<code class="lkc-name">\1</code>', str(escape(text))))  # noqa: S704  # escaped before
