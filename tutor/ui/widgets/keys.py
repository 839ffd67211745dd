"""The key line: the keys that work now, taken from the bindings."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from textual.binding import Binding
from textual.events import Click
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tutor.ui.draw.text.palette import Palette
from tutor.ui.draw.text.strips import Styled, strip

_NAMES = {
    "right": "→", "left": "←", "up": "↑", "down": "↓", "space": "space", "enter": "enter",
    "right_square_bracket": "]", "left_square_bracket": "[", "right_curly_bracket": "}",
    "left_curly_bracket": "{", "question_mark": "?", "exclamation_mark": "!", "plus": "+",
    "minus": "-", "pageup": "page up", "pagedown": "page down", "greater_than_sign": ">",
    "less_than_sign": "<", "colon": ":", "equals_sign": "=",
}  # fmt: skip


def key_name(key: str) -> str:
    """Return the text on the key of the keyboard."""
    key = key.strip()
    prefix, _, last = key.rpartition("+")
    if prefix in ("ctrl", "shift"):
        return f"{prefix}+{last}"
    return _NAMES.get(key, key)


def described(bindings: Iterable[Binding]) -> list[tuple[list[str], Binding]]:
    """Return each action that has a description, with the names of all its keys."""
    found: dict[str, tuple[list[str], Binding]] = {}
    for binding in bindings:
        if binding.description and not binding.system:
            names, _ = found.setdefault(binding.action, ([], binding))
            names += [n for key in binding.key.split(",") if (n := key_name(key)) not in names]
    return list(found.values())


class KeyLine(Widget):
    """The most important keys, as many as fit; a click on one runs its action."""

    DEFAULT_CSS = "KeyLine { height: 1; }"

    def __init__(self, palette: Palette) -> None:
        super().__init__(id="keys")
        self.palette = palette
        self.actions: tuple[str, ...] = ()

    def show(self, actions: Sequence[str]) -> None:
        """Show the keys of these actions, the most important first."""
        if tuple(actions) != self.actions:
            self.actions = tuple(actions)
            self.refresh()

    def _entries(self) -> list[tuple[str, Binding]]:
        screen: Screen[object] = self.screen
        bindings = [active.binding for active in screen.active_bindings.values()]
        known = {binding.action: (names[0], binding) for names, binding in described(bindings)}
        entries = [known[action] for action in self.actions if action in known]
        while entries and sum(_width(*entry) for entry in entries) > self.size.width:
            # Help, the last one, stays: it lists all others.
            del entries[-2 if len(entries) > 1 else -1]
        return entries

    def render_line(self, y: int) -> Strip:
        accent, muted = self.palette.accent, self.palette.muted
        runs: list[Styled] = []
        for name, binding in self._entries():
            runs += [(f" {name}", accent), (f" {binding.description} ", muted)]
        return strip(runs, self.size.width, self.palette.text)

    async def on_click(self, event: Click) -> None:
        start = 0
        for name, binding in self._entries():
            end = start + _width(name, binding)
            if start <= event.x < end:
                await self.screen.run_action(binding.action)
            start = end


def _width(name: str, binding: Binding) -> int:
    return cell_len(f" {name} {binding.description} ")
