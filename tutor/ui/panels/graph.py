"""The autograd graph of the step, as boxes and wires."""

from functools import partial
from typing import ClassVar

from textual.binding import Binding
from textual.geometry import Region
from textual.strip import Strip

from tutor.history.timeline import Moment
from tutor.insight import graph
from tutor.script.lesson import Lesson
from tutor.ui.draw.graph.layout import Layout, lay_out
from tutor.ui.draw.graph.paint import paint
from tutor.ui.draw.graph.scene import FULL, NAMES, Scene, draw_scene
from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import fill, line
from tutor.ui.panels.inside_panel import InsidePanel

_SMALL = 24
"""A graph of more boxes is laid out in a thread: that takes longer than a frame."""

_MAX_LAYOUTS = 8
"""Layouts that are kept: a loop repeats the same few graphs."""

_Key = tuple[object, ...]


class GraphPanel(InsidePanel):
    """The view follows the current operation. `j` and `k` pick a box, `enter` folds its module."""

    BINDINGS: ClassVar = [
        Binding("z", "detail", "detail", tooltip="Show more or less in each box"),
        Binding("enter", "open", "open",
                tooltip="Open or fold the picked module, or enlarge this pane"),
        Binding("shift+right,greater_than_sign", "pan(8)", "right", tooltip="Pan right"),
        Binding("shift+left,less_than_sign", "pan(-8)", "left", tooltip="Pan left"),
    ]  # fmt: skip

    def __init__(self, key: str, lesson: Lesson, palette: Palette) -> None:
        super().__init__(key, lesson, palette)
        self.detail = FULL
        self.selected: int | None = None
        self.opened: set[str] = set()
        self.closed: set[str] = set()
        self._left = self._above = 0
        self._scene: Scene | None = None
        self._folded = graph.Graph((), (), ())
        self._known_layouts: dict[_Key, Layout] = {}
        self._being_laid_out: _Key | None = None
        self._followed: object = None
        """What was in view after the last `_follow`."""
        self._version = 0

    def inputs(self, moment: Moment) -> object:
        return self.lens, self._version

    def draw(self, moment: Moment, width: int, height: int) -> list[Strip]:
        lens, palette = self.lens, self.palette
        if not lens.interior.rows:
            return fill([line(lens.note, width, palette.muted)], width, height, palette.text)
        current = lens.current.id if lens.current else 0
        operations = lens.operations
        self._folded = graph.fold(lens.graph, operations, self.opened, self.closed, current)
        scene = draw_scene(lens, self._folded, operations, palette, self.detail, self.selected)
        self._scene = scene
        key = (tuple(scene.sizes.items()), scene.pairs, width)
        layout = self._known_layouts.get(key)
        if layout is None:
            if len(scene.sizes) > _SMALL:
                self._lay_out(key, scene, width)
                return fill([line("laying out…", width, palette.muted)], width, height,
                            palette.text)  # fmt: skip
            layout = self._keep(key, lay_out(scene.sizes, scene.pairs, width))
        self._follow(layout, scene, width, height)
        view = Region(self._left, self._above, width, height)
        return paint(layout, scene.boxes, scene.wires, view, palette)

    def _keep(self, key: _Key, layout: Layout) -> Layout:
        while len(self._known_layouts) >= _MAX_LAYOUTS:
            del self._known_layouts[next(iter(self._known_layouts))]
        self._known_layouts[key] = layout
        return layout

    def _lay_out(self, key: _Key, scene: Scene, width: int) -> None:
        if self._being_laid_out == key:
            return
        self._being_laid_out = key
        self.run_worker(
            partial(self._arrange, key, scene, width), thread=True, exclusive=True, group="layout"
        )

    def _arrange(self, key: _Key, scene: Scene, width: int) -> None:
        """Lay the graph out. Runs in a thread."""
        layout = lay_out(scene.sizes, scene.pairs, width)
        self.call_later(self._arranged, key, layout)

    def _arranged(self, key: _Key, layout: Layout) -> None:
        self._keep(key, layout)
        if self._being_laid_out == key:
            self._being_laid_out = None
        self._redraw()

    def _follow(self, layout: Layout, scene: Scene, width: int, height: int) -> None:
        """Scroll to the picked box, or else the current one, or else the result."""
        target = self.selected if self.selected in layout.places else scene.current
        place = layout.places.get(target) if target else None
        followed = (layout, target, width, height)
        if followed == self._followed:
            # The learner may have panned: only keep the view within the graph.
            self._above = _scrolled(self._above, self._above, self._above, height, layout.height)
            self._left = _scrolled(self._left, self._left, self._left, width, layout.width)
            return
        self._followed = followed
        if place is None:
            self._above = max(0, layout.height - height)
            self._left = (layout.width - width) // 2 if layout.width < width else 0
            return
        # The view does not move while the box is in it with a margin.
        self._above = _scrolled(self._above, place.y - 2, place.bottom + 2, height, layout.height)
        self._left = _scrolled(self._left, place.x - 2, place.right + 2, width, layout.width)

    def _redraw(self) -> None:
        self._version += 1
        self.draw_now()

    # Keys

    def action_scroll(self, by: int) -> None:
        """Pick another box, in the order from top to bottom."""
        layout = self._current_layout()
        if layout is None:
            return
        keys = sorted(layout.places, key=lambda key: (layout.places[key].y, layout.places[key].x))
        if not keys:
            return
        start = self.selected if self.selected in layout.places else self._scene_current()
        at = keys.index(start) + by if start in keys else 0 if by > 0 else len(keys) - 1
        self.selected = keys[max(0, min(at, len(keys) - 1))]
        self._redraw()

    def action_scroll_page(self, by: int) -> None:
        self._above += by * max(1, self.size.height - 2)
        self._redraw()

    def action_pan(self, by: int) -> None:
        self._left += by
        self._redraw()

    def action_detail(self) -> None:
        self.detail = FULL if self.detail == NAMES else self.detail - 1
        self._redraw()

    def _paint(self) -> None:
        super()._paint()
        self.show_step()

    async def action_open(self) -> None:
        """Open or fold the module of the picked box; enlarge the pane if it has none."""
        node = next((n for n in self._folded.nodes if n.key == self.selected), None)
        if node is None:
            await self.screen.run_action("zoom")
            return
        if node.is_folded and node.name in self._folded.modules:
            self.opened.add(node.name)
            self.closed.discard(node.name)
        elif not node.is_folded and (module := self.lens.operations[node.key].module):
            self.closed.add(module)
            self.opened.discard(module)
        else:
            await self.screen.run_action("zoom")
            return
        self.selected = None
        self._redraw()

    def _current_layout(self) -> Layout | None:
        scene = self._scene
        if scene is None:
            return None
        return self._known_layouts.get((tuple(scene.sizes.items()), scene.pairs, self.size.width))

    def _scene_current(self) -> int | None:
        return self._scene.current if self._scene else None


def _scrolled(now: int, low: int, high: int, size: int, whole: int) -> int:
    """Return where a view of `size` starts that shows low to high, moved as little as possible."""
    if whole <= size:
        return (whole - size) // 2
    if low < now:
        now = low
    elif high > now + size:
        now = high - size
    return max(0, min(now, whole - size))
