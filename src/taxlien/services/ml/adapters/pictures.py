"""Findings as pictures: SVG, the same bytes for the same figures."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from taxlien.services.ml.logic.findings import WANTED, Findings

MOST_SHOWN = 20  # features of a picture
# Text stays text; names inside a picture come from its content, and no date is written.
_STYLE: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "taxlien", "font.size": 9.0}
_MODEL, _PEER, _QUIET = "#1463a5", "#c4661f", "#999999"


def drawn(found: Findings) -> dict[str, bytes]:
    """Return the pictures there is something to draw for, by the name of their file."""
    told: list[tuple[str, Sequence[Any], Callable[[Any, Any], None]]] = [
        ("reliability.svg", found.honesty, _reliability),
        ("years.svg", found.by_year, _years),
        ("intervals.svg", [found.held] if found.held else [], _intervals),
        ("features.svg", [found.shifted] if found.shifted else [], _features),
    ]
    with mpl.rc_context(_STYLE):
        return {name: _picture(parts, draw) for name, parts, draw in told if parts}


def _picture(parts: Sequence[Any], draw: Callable[[Any, Any], None]) -> bytes:
    wide = min(len(parts), 3)
    deep = -(-len(parts) // wide)
    figure = Figure(figsize=(8.4 if wide > 1 else 6.4, 3.0 * deep), layout="constrained")
    FigureCanvasSVG(figure)
    places = figure.subplots(deep, wide, squeeze=False).ravel()
    for place, part in zip(places, parts, strict=False):
        draw(place, part)
    for place in places[len(parts) :]:
        place.axis("off")
    content = io.BytesIO()
    figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    return content.getvalue()


def _reliability(place: Any, one: Any) -> None:
    place.plot([0, 1], [0, 1], color=_QUIET, linewidth=0.8)
    place.plot([b.predicted for b in one.bins], [b.observed for b in one.bins], color=_MODEL)
    most = max(b.n for b in one.bins)
    place.scatter(
        [b.predicted for b in one.bins],
        [b.observed for b in one.bins],
        s=[8 + 60 * b.n / most for b in one.bins],
        color=_MODEL,
    )
    place.set(xlim=(0, 1), ylim=(0, 1), xlabel="said", ylabel="came true")
    place.set_title(f"{one.what}\nn {one.n:,}, ECE {one.error:.3f}", fontsize=8)


def _years(place: Any, one: Any) -> None:
    years = [y.year for y in one.years]
    place.plot(years, [y.model for y in one.years], "o-", color=_MODEL, label="model")
    place.plot(years, [y.peer for y in one.years], "s--", color=_PEER, label=one.peer)
    place.set_title(f"{one.what}\n{one.measure}", fontsize=8)
    place.set_ylim(bottom=0)
    place.xaxis.get_major_locator().set_params(integer=True)
    place.legend(fontsize=6)


def _intervals(place: Any, held: Any) -> None:
    names = [f"{one.what} (n {one.n:,})" for one in held]
    place.barh(names, [100 * one.share for one in held], color=_MODEL, height=0.5)
    place.axvline(100 * WANTED, color=_PEER, linestyle="--")
    place.set(xlim=(0, 100), xlabel="% of outcomes within the 80 % interval")
    place.invert_yaxis()


def _features(place: Any, shifted: Any) -> None:
    shown = shifted[:MOST_SHOWN]
    place.barh([one.feature for one in shown], [one.psi for one in shown], color=_MODEL, height=0.6)
    for limit in (0.1, 0.25):
        place.axvline(limit, color=_PEER, linestyle="--", linewidth=0.8)
    place.set(xlabel="PSI of the last sales against those before")
    place.tick_params(axis="y", labelsize=6)
    place.invert_yaxis()
