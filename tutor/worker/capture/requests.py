"""Fetch the content of values that could not be compared in place."""

from time import perf_counter

from torch import Tensor

from tutor.schema.frame import TensorView
from tutor.worker import guard
from tutor.worker.capture import transfer
from tutor.worker.capture.array_watch import ArrayWatch
from tutor.worker.capture.tensor_watch import CONTENT, Watch
from tutor.worker.capture.time_budget import TimeBudget

Changes = dict[str, TensorView | None]
"""The new view of each changed value, by name; None for a value that is gone."""


class Requests:
    """Collects the requests of a step's watches, and fetches their content in one transfer."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Watch | ArrayWatch, str]] = []
        """Watches, and what each needs: CONTENT or SAMPLE."""
        self.budget = TimeBudget()

    def fulfil(self, changed: Changes, complete: bool) -> None:
        """Fetch all requests, and add the changes.

        A second transfer is needed only in the rare step in which a large tensor on a device was
        edited without a new version.

        Args:
            complete: Fetch the content of large tensors even if no budget is left.
        """
        began = perf_counter()
        affordable = complete or self.budget.is_left()
        while self.waiting:
            requests, self.waiting = self.waiting, []
            asked, pieces = [], []
            for watch, need in requests:
                if not watch.is_large or affordable:
                    piece = guard.attempt(watch.piece, need, otherwise=watch.give_up)
                    if isinstance(piece, Tensor):
                        asked.append((watch, need))
                        pieces.append(piece)
                    elif piece is not None:
                        changed[watch.name] = piece
                elif need == CONTENT:
                    changed[watch.name] = watch.settle_without()
            for (watch, need), content in zip(asked, transfer.fetch(pieces), strict=True):
                if need == CONTENT:
                    if (view := watch.settle(content)) is not None:
                        changed[watch.name] = view
                elif isinstance(watch, Watch) and watch.differs(content):
                    self.waiting.append((watch, CONTENT))
        self.budget.spend(perf_counter() - began)
