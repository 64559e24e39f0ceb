"""A course of values as a line without axes, a picture of a few hundred bytes; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 240.0, 40.0, 3.0
# A picture can't follow the theme; this grey is seen on both papers.
GREY = "#858C94"


def sparkline(values: Sequence[float]) -> str:
    """The values as an SVG that stretches with its tile; needs two values at least."""
    low, high = min(values), max(values)
    across = (WIDTH - 2 * MARGIN) / (len(values) - 1)
    up = (HEIGHT - 2 * MARGIN) / (high - low) if high > low else 0.0
    points = " ".join(
        f"{MARGIN + place * across:.1f},{HEIGHT - MARGIN - (value - low) * up:.1f}"
        for place, value in enumerate(values)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'width="{WIDTH:g}" height="{HEIGHT:g}" preserveAspectRatio="none">'
        f'<polyline points="{points}" fill="none" stroke="{GREY}" stroke-width="1.6" '
        'stroke-linejoin="round" vector-effect="non-scaling-stroke"/></svg>'
    )
