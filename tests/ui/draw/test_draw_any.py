"""Drawings of any data in any size: strips have the exact width, segments have a style."""

import math
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.strip import Strip

from tutor.history.timeline import Timeline
from tutor.schema.frame import GRAD, Frame, Summary, TensorView
from tutor.ui.draw.plots.loss import draw_loss
from tutor.ui.draw.script.notes import draw_note
from tutor.ui.draw.script.output import draw_output
from tutor.ui.draw.script.source import draw_source
from tutor.ui.draw.tensors.gradients import draw_gradients
from tutor.ui.draw.tensors.tensors import draw_tensors, listed
from tutor.ui.draw.tensors.value import draw_value
from tutor.ui.draw.text.numbers import brief, change, preview, shape, spark
from tutor.ui.draw.text.palette import palette_for
from tutor.ui.draw.text.strips import to_ascii
from tutor.ui.draw.time.timeline import draw_timeline

DTYPES = ["?", "u1", "<i4", "<i8", "<f2", "<f4", "<f8", "<c8", "<c16"]
SHAPES = [(), (0,), (1,), (7,), (1, 1), (3, 0), (4, 3), (40, 30), (2, 3, 4), (300,)]
NAMES = ["w", "b", "模型.weight", "a_rather_long_name.of.a.parameter", "loss", "w\t\x1b[31m"]
PHASES = ["data", "forward", "loss", "backward", "update", "zero", "other"]

sizes = st.tuples(st.integers(-1, 130), st.integers(-1, 50))
PALETTES = {
    "many": palette_for("truecolor"),
    "sixteen": palette_for("standard"),
    "none": palette_for("256", no_color=True),
}
palettes = st.sampled_from(list(PALETTES))


@st.composite
def tensor_views(draw: st.DrawFn) -> TensorView:
    dtype, dims = draw(st.sampled_from(DTYPES)), draw(st.sampled_from(SHAPES))
    size = math.prod(dims) * np.dtype(dtype).itemsize
    # Raw bytes include NaN, infinities, denormals and the largest numbers.
    seed = draw(st.integers(0, 2**32 - 1))
    data = np.random.default_rng(seed).bytes(size)
    if dtype == "?":
        data = (np.frombuffer(data, "u1") % 2).tobytes()
    elif draw(st.booleans()):
        data = (np.frombuffer(data, "u1")[: math.prod(dims)] % 9).astype(dtype).tobytes()
    kind = draw(st.sampled_from(["tensor", "parameter", "array"]))
    device = draw(st.sampled_from(["cpu", "cuda:0"]))
    kept = draw(st.booleans()) or draw(st.booleans())
    wants = draw(st.booleans())
    return TensorView(kind, dims, dtype, device, wants, dtype, data if kept else None)


numbers = st.one_of(st.floats(), st.integers(-(10**20), 10**20)).map(
    lambda x: TensorView("number", (), type(x).__name__, "", False, "text", repr(x).encode())
)


@st.composite
def summarised(draw: st.DrawFn) -> TensorView:
    any_float = st.floats(width=32)
    rows, cols = draw(st.sampled_from([(1, 64), (64, 64), (10, 3)]))
    block = np.full((rows, cols), draw(any_float), "<f4")
    block[0, 0] = draw(any_float)
    bad = draw(st.integers(0, 2))
    counts = () if bad else tuple(draw(st.lists(st.integers(0, 9), min_size=32, max_size=32)))
    figures = [draw(st.floats()) for _ in range(5)]
    summary = Summary(*figures, bad, counts, rows, cols, block.tobytes())
    return TensorView("tensor", (500, 100), "float32", "cpu", True, "<f4", None, summary)


views = st.one_of(tensor_views(), numbers, summarised())


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    timeline = Timeline((1, 5))
    for step in range(1, draw(st.integers(0, 12)) + 1):
        names = draw(st.lists(st.sampled_from(NAMES), max_size=3))
        changed: dict[str, TensorView | None] = {
            name + draw(st.sampled_from(["", GRAD])): draw(st.one_of(st.none(), views))
            for name in names
        }
        loop = draw(st.sampled_from([0, 5]))
        iteration = step if loop else None
        loss = draw(st.floats())
        phase = draw(st.sampled_from(PHASES))
        timeline.append(Frame(step, step, loop, iteration, phase, loss, True, changed))
    return timeline


def check(strips: Iterable[Strip], width: int) -> None:
    for strip in strips:
        for drawn in (strip, to_ascii(strip)):
            assert drawn.cell_length == max(0, width)
            assert sum(cell_len(segment.text) for segment in drawn) == max(0, width)
            assert all(segment.style is not None for segment in drawn)
            assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in drawn.text)
        assert to_ascii(strip).text.isascii()


@given(view=views, size=sizes, palette=palettes)
def test_a_value_fills_its_pane(view: TensorView, size: tuple[int, int], palette: str) -> None:
    width, height = size
    strips = draw_value(view, width, height, PALETTES[palette])
    check(strips, width)
    assert len(strips) == max(0, height)


@given(view=views, before=st.one_of(st.none(), views), width=st.integers(-1, 60))
def test_text_for_a_value_fits_its_width(
    view: TensorView, before: TensorView | None, width: int
) -> None:
    assert len(preview(view, width)) <= max(0, width)
    assert len(brief(view, width)) <= max(0, width)
    assert len(spark(view, width)) == len(spark(view, width, ascii=True)) == max(0, width)
    assert spark(view, width, ascii=True).isascii()
    assert shape(view)
    assert change("w", view, before).startswith("w = ")


@given(timeline=timelines(), size=sizes, palette=palettes, data=st.data())
@settings(max_examples=60)
def test_the_panes_of_a_moment_are_as_wide_as_asked(
    timeline: Timeline, size: tuple[int, int], palette: str, data: st.DataObject
) -> None:
    width, _ = size
    step = data.draw(st.integers(0, len(timeline)))
    moment = timeline.at(step)
    rows = draw_tensors(
        moment, width, PALETTES[palette], selected=data.draw(st.sampled_from(NAMES))
    )
    check(rows, width)
    assert len(rows) == max(1, len(listed(moment)))
    check(draw_gradients(moment, width, PALETTES[palette]), width)
    bar = draw_timeline(timeline, step, width, PALETTES[palette], error=data.draw(st.booleans()))
    check(bar, width)
    assert len(bar) == 2


@given(
    losses=st.lists(st.one_of(st.floats(), st.sampled_from([1e300, -1e300, 5e-324, 0.0, 1.0]))),
    size=sizes,
    log=st.booleans(),
    palette=palettes,
)
@settings(max_examples=60)
def test_a_loss_curve_fills_its_pane(
    losses: list[float], size: tuple[int, int], log: bool, palette: str
) -> None:
    width, height = size
    steps = range(1, len(losses) + 1)
    strips = draw_loss(steps, losses, width, height, PALETTES[palette], log=log, title="loss")
    check(strips, width)
    assert len(strips) == max(0, height)


@given(
    pieces=st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=60))),
    words=st.lists(st.text(alphabet="ab \t\r\n\b\x1b[31m]0;\x07你好é\u0301\u200d\U0001f600\u202e")),
    size=sizes,
    palette=palettes,
)
def test_output_fits_its_pane(
    pieces: list[tuple[int, bytes]],
    words: list[str],
    size: tuple[int, int],
    palette: str,
) -> None:
    width, height = size
    written = [(1, text.encode()) for text in words] + pieces
    strips = draw_output(written, width, height, PALETTES[palette], 5)
    check(strips, width)
    assert len(strips) <= max(0, height)


markdown = st.text(alphabet="ab `*_$[]()#-1.>\n \t|?你好\x1b\u0301\U0001f600~")


@given(title=markdown, prose=markdown, note=markdown, size=sizes, palette=palettes)
def test_notes_are_as_wide_as_asked(
    title: str, prose: str, note: str, size: tuple[int, int], palette: str
) -> None:
    check(draw_note(title, prose, note, size[0], PALETTES[palette]), size[0])


@given(
    source=st.one_of(
        st.text(alphabet="ab=(): \n\t\"'#%你\x0c\x1b@"),
        st.lists(
            st.sampled_from(["# %% A", "for i in x:", "\tw = (", "1)", "# /// script", "'''"])
        ).map("\n".join),
    ),
    marks=st.tuples(*[st.integers(0, 9)] * 3),
    values=st.dictionaries(st.integers(0, 9), st.text(alphabet="a =你\n")),
    width=st.integers(-1, 100),
    palette=palettes,
)
def test_each_source_line_has_a_row(
    source: str, marks: tuple[int, int, int], values: dict[int, str], width: int, palette: str
) -> None:
    done, following, error = marks
    strips = draw_source(
        source,
        width,
        PALETTES[palette],
        done=done,
        next=following,
        values=values,
        error=error,
        ran={1, 2},
    )
    check(strips, width)
    assert len(strips) == max(1, len(source.removesuffix("\n").split("\n")))


@pytest.mark.parametrize("width", [0, 1, 2, 3])
def test_a_wide_character_at_the_edge_keeps_the_width(width: int) -> None:
    palette = palette_for("256")
    check(draw_note("中文", "中文", "中文", width, palette), width)
    check(draw_source("中文 = 1", width, palette, values={1: "中"}), width)
    check(draw_output([(1, "中文".encode())], width, 3, palette), width)
