# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Draw curves as SVG, with reportlab, which Odoo requires anyway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reportlab.graphics import renderSVG
from reportlab.graphics.charts.axes import LogXValueAxis, LogYValueAxis
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.graphics.widgets.markers import makeMarker
from reportlab.lib.colors import Color, HexColor, white

WIDTH, HEIGHT, LEGEND = 430, 270, 250
#: Most are of the palette of Okabe and Ito, which people with any kind of colour vision can tell apart.
_COLORS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
    "#8B4513",
    "#7F7F7F",
    "#4B0082",
    "#808000",
)
_MARKERS = ("Circle", "Square", "Diamond", "Triangle")


def draw(
    path: Path, title: str, unit: str, sizes: Sequence[int], curves: Mapping[str, Sequence[float]]
) -> None:
    """Write a plot of curves over the sizes; both axes are logarithmic, so that equal ratios have equal slopes.

    :param unit: the unit of the values
    """
    drawing = Drawing(WIDTH + LEGEND, HEIGHT + 70)
    drawing.add(Rect(0, 0, drawing.width, drawing.height, fillColor=white, strokeColor=None))
    plot = LinePlot()
    plot.x, plot.y, plot.width, plot.height = 60, 45, WIDTH - 80, HEIGHT - 20
    plot.fillColor, plot.strokeColor = white, HexColor("#cccccc")
    plot.xValueAxis, plot.yValueAxis = LogXValueAxis(), LogYValueAxis()
    plot.data = [list(zip(sizes, values, strict=True)) for values in curves.values()]
    values = [value for each in curves.values() for value in each]
    plot.yValueAxis.valueMin = 10 ** _exponent(min(values))
    plot.yValueAxis.valueMax = 10 ** (_exponent(max(values)) + 1)
    plot.xValueAxis.labelTextFormat = plot.yValueAxis.labelTextFormat = _label
    for number, _name in enumerate(curves):
        line = plot.lines[number]
        line.strokeColor, line.strokeWidth = _color(number), 1.6
        line.symbol = makeMarker(_MARKERS[number % len(_MARKERS)], size=6)
    drawing.add(plot)
    drawing.add(String(10, HEIGHT + 48, title, fontName="Helvetica-Bold", fontSize=12))
    drawing.add(String(10, HEIGHT + 32, unit, fontName="Helvetica", fontSize=9))
    drawing.add(String(WIDTH // 2 - 30, 8, "records", fontName="Helvetica", fontSize=9))
    drawing.add(_legend(list(curves)))
    path.write_text(_plain(renderSVG.drawToString(drawing)))


def _exponent(value: float) -> int:
    """Return the power of ten that is not above a value."""
    exponent = 0
    while 10**exponent > value:
        exponent -= 1
    while 10 ** (exponent + 1) <= value:
        exponent += 1
    return exponent


def _label(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _color(number: int) -> Color:
    return HexColor(_COLORS[number % len(_COLORS)])


def _legend(names: Sequence[str]) -> Legend:
    legend = Legend()
    legend.x, legend.y = WIDTH, HEIGHT + 10
    legend.columnMaximum, legend.alignment = len(names), "right"
    legend.fontName, legend.fontSize, legend.dxTextSpace = "Helvetica", 9, 6
    legend.deltay = 14
    legend.colorNamePairs = [(_color(number), name) for number, name in enumerate(names)]
    return legend


def _plain(text: str) -> str:
    """Return the SVG with one element in each line."""
    return text.replace("><", ">\n<").rstrip() + "\n"
