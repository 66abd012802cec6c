"""A picture of memory over pages, for the documents."""

from __future__ import annotations

from collections.abc import Sequence


def drawn(samples: Sequence[tuple[int, float]], title: str) -> str:
    """Return MB over pages, as ``samples`` give them, as a small SVG picture."""
    wide, high, left, low = 720, 240, 60, 30
    top = max(size for _, size in samples) * 1.2
    last = samples[-1][0]
    points = " ".join(
        f"{left + (wide - left - 10) * n / last:.1f},{high - low - (high - low - 10) * size / top:.1f}"
        for n, size in samples
    )
    axis = f"M{left},10V{high - low}H{wide - 10}"
    words = [
        (left, high - 10, "start", "0"),
        (wide - 10, high - 10, "end", f"{last:,} pages"),
        (left - 6, 18, "end", f"{top:.0f} MB"),
        (left - 6, high - low, "end", "0"),
    ]
    texts = "".join(
        f'<text x="{x}" y="{y}" text-anchor="{anchor}">{word}</text>'
        for x, y, anchor, word in words
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif"'
        f' font-size="12" role="img" aria-label="{title}">'
        f'<rect width="{wide}" height="{high}" fill="#fff"/>'
        f'<path d="{axis}" fill="none" stroke="#666"/>'
        f'<polyline points="{points}" fill="none" stroke="#1463a5" stroke-width="2"/>{texts}</svg>\n'
    )
