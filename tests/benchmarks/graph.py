"""Time the layout and painting of five autograd graphs: python tests/benchmarks/graph.py

With a name and a width, print that graph instead: graph.py transformer 120

`graphs.json` holds the graphs of torch 2.13: nodes as name/shape, edges from an input to the
operation that uses it, in the order of `grad_fn.next_functions`.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual.geometry import Region

from tutor.ui.draw.graph.layout import Layout, lay_out
from tutor.ui.draw.graph.paint import Box, Wire, box_size, paint
from tutor.ui.draw.text.palette import palette_for

PALETTE = palette_for("256")
GRAPHS = json.loads(Path(__file__).with_name("graphs.json").read_text())
ROUNDS = 21


def boxes_and_wires(name: str) -> tuple[list[Box], list[Wire]]:
    boxes = [
        Box(key, tuple(((line, PALETTE.text),) for line in node.split("/")), PALETTE.border)
        for key, node in enumerate(GRAPHS[name]["nodes"])
    ]
    return boxes, [Wire(*edge, "+4.5", PALETTE.muted) for edge in GRAPHS[name]["edges"]]


def layout_of(boxes: list[Box], wires: list[Wire], width: int) -> Layout:
    sizes = {box.key: box_size(box.lines) for box in boxes}
    return lay_out(sizes, [(wire.source, wire.target) for wire in wires], width)


def milliseconds(call: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def crossings(layout: Layout) -> int:
    boxes = [Box(key, (), PALETTE.border) for key in layout.places]
    wires = [Wire(0, 0, "", PALETTE.text)] * len(layout.paths)
    whole = Region(0, 0, layout.width, layout.height)
    return sum(strip.text.count("┼") for strip in paint(layout, boxes, wires, whole, PALETTE))


def measure() -> None:
    print(f"{'graph':12} {'pane':>4} {'boxes':>5} {'wires':>5} {'layout':>9} {'paint':>9}  size")
    for name in GRAPHS:
        boxes, wires = boxes_and_wires(name)
        for width in (80, 120, 200):
            layout = layout_of(boxes, wires, width)
            view = Region(0, max(0, layout.height // 2 - 25), width, 50)
            laid_out = milliseconds(partial(layout_of, boxes, wires, width))
            painted = milliseconds(partial(paint, layout, boxes, wires, view, PALETTE))
            print(
                f"{name:12} {width:4} {len(boxes):5} {len(wires):5} {laid_out:6.1f} ms"
                f" {painted:6.1f} ms  {layout.width} x {layout.height},"
                f" {crossings(layout)} crossings"
            )


def show(name: str, width: int) -> None:
    boxes, wires = boxes_and_wires(name)
    layout = layout_of(boxes, wires, width)
    whole = Region(0, 0, layout.width, layout.height)
    for strip in paint(layout, boxes, wires, whole, PALETTE):
        print(strip.text.rstrip())


if __name__ == "__main__":
    if len(sys.argv) == 3:
        show(sys.argv[1], int(sys.argv[2]))
    else:
        measure()
