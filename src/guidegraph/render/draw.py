"""The few shapes that the pictures share."""

from __future__ import annotations

from html import escape

from guidegraph.render.words import clean


def text(x: float, y: float, words: str, size: float = 12, **style: str) -> str:
    """Words at a point; a style's underscores become hyphens."""
    extra = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in style.items())
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{extra}>{escape(clean(words), quote=False)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, ink: str, width: float = 1.0) -> str:
    """A straight line."""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{ink}" stroke-width="{width:g}"/>'


def told(words: str) -> str:
    """Words that a reader of the picture is told on pointing at a shape."""
    return f"<title>{escape(clean(words), quote=False)}</title>"


def opening(width: float, height: float, title: str, description: str = "") -> list[str]:
    """The beginning of a self-contained picture: size, title and description for screen readers, white ground."""
    named = "t d" if description else "t"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{named}" '
        'font-family="Helvetica, Arial, sans-serif">',
        f'<title id="t">{escape(clean(title), quote=False)}</title>',
    ]
    if description:
        parts.append(f'<desc id="d">{escape(clean(description), quote=False)}</desc>')
    return [*parts, f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>']
