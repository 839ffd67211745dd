"""Step through the run, and play it."""

from typing import ClassVar

from textual.timer import Timer

from tutor.ui.features.feature import Feature, Key


class Stepping(Feature):
    KEYS: ClassVar = (
        Key("right,space,l", "do('step')", "step",
            "One step forward, run if it is new"),
        Key("left,h", "do('back')", "back", "One step back"),
        Key("right_square_bracket", "do('next_iteration')", "iteration",
            "To the next iteration, or cell"),
        Key("left_square_bracket", "do('previous_iteration')", "iteration",
            "To the previous iteration"),
        Key("right_curly_bracket", "do('next_cell')", "cell", "To the next cell"),
        Key("left_curly_bracket", "do('previous_cell')", "cell", "To the previous cell"),
        Key("home", "do('first')", "first", "To the first recorded step"),
        Key("end", "do('last')", "last", "To the last recorded step"),
        Key("p", "do('toggle_play')", "play/pause", "Play or pause"),
        Key("plus,equals_sign", "speed(1)", "faster", "Play faster"),
        Key("minus", "speed(-1)", "slower", "Play slower"),
        Key("r", "do('run_to_end')", "run", "Run to the end"),
    )  # fmt: skip

    def setup(self) -> None:
        self._player: Timer | None = None
        """Steps on; None while nothing plays."""

    def action_do(self, what: str) -> None:
        """Call the session's method `what`; inside a statement, move between its operations."""
        self.controller.move(what)
        self.show()

    def action_speed(self, by: int) -> None:
        self.controller.session.change_speed(by)
        self._stop()
        self.show()

    def on_redraw(self) -> None:
        session = self.controller.session
        if not session.playing:
            self._stop()
        elif self._player is None:
            self._player = self.screen.set_interval(1 / session.speed, self._tick)

    def _tick(self) -> None:
        self.controller.session.tick()
        self.show()

    def _stop(self) -> None:
        if self._player is not None:
            self._player.stop()
            self._player = None
