"""
Shapes that the pictures are made of.

Everything is visible without the style sheet too (Jenkins forbids it): colours are `currentColor`
unless a class sets another one.
"""

from __future__ import annotations

from html import escape

# Points; the text of the page is 14.
FONT = 12
LINE = 16
# A red with enough contrast on white and on black.
_WITHOUT_STYLE = {"lkc-bad": ' color="#d93025"'}


def picture(
    name: str, *, size: tuple[float, float], title: str, description: str, body: str
) -> str:
    """
    Return a picture with title and description for screen readers; `name` makes its ids.
    """
    width, height = size
    return (
        f'<svg role="img" class="lkc-{name}" '
        f'aria-labelledby="{name}-title" aria-describedby="{name}-desc" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'font-size="{FONT}" fill="currentColor" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{body}</svg>'
    )


def text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> str:
    """
    Return one line of text; `kind` is a class of the page.
    """
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{_class(kind)}>{escape(words)}</text>'


def path(shape: str, *, kind: str = "", width: float = 1.5, is_broken: bool = False) -> str:
    """
    Return a line along `shape`, which is in SVG path syntax.
    """
    broken = ' stroke-dasharray="6 4"' if is_broken else ""
    return (
        f'<path d="{shape}" fill="none" stroke="currentColor" stroke-width="{width:g}"{broken}'
        f"{_class(kind)}/>"
    )


def arrow(start: float, end: float, y: float, *, kind: str = "", is_broken: bool = False) -> str:
    """
    Return an arrow from left to right or back.
    """
    back = -6 if end > start else 6
    line = path(f"M{start:g} {y:g}H{end:g}", kind=kind, is_broken=is_broken)
    return line + path(f"M{end + back:g} {y - 4:g}L{end:g} {y:g}l{back:g} 4", kind=kind)


def cross(x: float, y: float, *, kind: str = "", size: float = 5) -> str:
    """
    Return two strokes across a point.
    """
    twice = 2 * size
    shape = f"M{x - size:g} {y - size:g}l{twice:g} {twice:g}m0 {-twice:g}l{-twice:g} {twice:g}"
    return path(shape, kind=kind, width=2.5)


def dot(x: float, y: float, *, kind: str = "", radius: float = 3.5) -> str:
    """
    Return a filled circle.
    """
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}"{_class(kind)}/>'


def ring(x: float, y: float, *, kind: str = "", radius: float = 3.5) -> str:
    """
    Return a circle that is not filled.
    """
    half = f"a{radius:g} {radius:g} 0 1 0"
    shape = f"M{x - radius:g} {y:g}{half} {2 * radius:g} 0{half} {-2 * radius:g} 0"
    return path(shape, kind=kind, width=2)


def bar(x: float, y: float, width: float, height: float, *, kind: str = "") -> str:
    """
    Return a filled rectangle.
    """
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"{_class(kind)}/>'


def _class(kind: str) -> str:
    return f' class="{kind}"{_WITHOUT_STYLE.get(kind, "")}' if kind else ""
