"""The report's plots as SVG that can stand in the middle of a page."""

from __future__ import annotations

import base64
import re
from xml.etree import ElementTree

from rnn_tui.report.curves import Figure
from rnn_tui.runs.export.plots import Panel, picture

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
# In attributes: what a part of a drawing is referred to by.
_REFERENCE = re.compile(r"url\(#|^#")


def svg(figure: Figure) -> str:
    """A figure as an `<svg>` element without anything that points outside of it.

    The ids in it begin with the figure's key, since several figures stand in one page.

    Raises:
        ExportError: if matplotlib is not installed.
    """
    marks = {points.label: (points.x, points.y) for points in figure.published}
    drawn = picture([Panel(figure.spec, figure.lines, marks=marks)], "svg", figure.x_label)
    ElementTree.register_namespace("", SVG)
    # Our own drawing, from a moment ago: nothing in it is anybody else's.
    root = ElementTree.fromstring(drawn)
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            del element.attrib[name]
            plain = "href" if name == f"{{{XLINK}}}href" else name
            prefixed = f"{figure.key}-{value}" if name == "id" else _prefixed(value, figure.key)
            element.attrib[plain] = prefixed
    root.set("role", "img")
    root.set("aria-label", figure.title)
    return ElementTree.tostring(root, encoding="unicode")


def data_uri(drawing: str) -> str:
    """A drawing as the address of a picture that holds it whole."""
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"


def _prefixed(value: str, key: str) -> str:
    return _REFERENCE.sub(lambda found: f"{found[0]}{key}-", value)
