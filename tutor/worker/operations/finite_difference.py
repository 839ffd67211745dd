"""Audit a gradient: compare autograd's with a central finite difference in float64.

The difference quotient (f(p+h) - f(p-h)) / 2h is off by h²·f'''/6, and by the rounding of f divided
by h; with h near the cube root of float64's epsilon the two are about as large.
"""

import math
from collections.abc import Iterator

import msgspec
import torch
from torch import Tensor

from tutor.schema.frame import Audit, AuditRow
from tutor.worker.operations import recompute
from tutor.worker.operations.call_log import CallLog

STEP = 2.0**-17
"""h, relative to the parameter where that is above 1: a power of two, so that p + h is exact."""

MOST = 16
"""Elements of a parameter that are audited: the largest of the gradient, and some in between."""

_RELATIVE = {torch.float64: 1e-8, torch.float32: 1e-5}
"""The error that autograd may have, relative to the largest audited element."""
_COARSE = 5e-2
"""The same where something was computed in fewer bits."""
_NOISE = 10
"""Autograd may also be off by this many times its own rounding error."""

_FINE = 1e-5
"""A difference with a larger relative error is repeated with a smaller h."""
_SMALLER = (1.0, 2.0**-7, 2.0**-14, 2.0**-21)
"""The factors of h to try."""

_BEND = 1e-4
"""Slopes to the left and right whose relative difference is larger mark a kink, if they are hardly
further apart with twice the h."""


def audit(log: CallLog, name: str, parameter: Tensor, grad: Tensor, number: int) -> Audit:
    """Audit the gradient that a backward pass computed for a parameter.

    Args:
        name: Its name in the script.
        parameter: The tensor, as it was during the pass.
        grad: The gradient, of the same shape.
        number: The number of the pass in the log.
    """
    shape = tuple(parameter.shape)
    dtype = str(parameter.dtype).removeprefix("torch.")
    problem = log.problem(number)
    if parameter.is_complex():
        problem = "a complex number has no single slope"
    elif not problem and not log.involves(parameter, number):
        problem = "no operation that was noted uses it"
    if not problem:
        try:
            found = _Auditor(log, parameter, grad, number).audit(name)
        except Exception as error:  # whatever the calls raise in another precision
            reason = str(error).partition("\n")[0]
            problem = f"it cannot be recomputed in float64 ({type(error).__name__}: {reason})"
        else:
            if found.agrees or not log.has_unseen_input(number):
                return found
            problem = "the loss depends on it through an operation that was not noted"
    return Audit(name, shape, dtype, problem=problem)


class _Auditor:
    """Audits one gradient.

    `detach` says whether outputs that the script detached are treated as constants.
    """

    def __init__(self, log: CallLog, parameter: Tensor, grad: Tensor, number: int) -> None:
        self._log = log
        self._parameter = parameter
        self._grad = (grad.to_dense() if grad.layout is not torch.strided else grad).double()
        self._number = number
        self._value = self._at(0, 0.0, False)

    def audit(self, name: str) -> Audit:
        places = list(self._places())
        rows = [self._row(place, False) for place in places]
        rows = self._judged(rows)
        detached_calls = self._log.detached_calls(self._number)
        is_detached = False
        if detached_calls and not all(row.agrees for row in rows):
            # Detaching is no mistake: autograd's slope is the one with these outputs constant.
            rest = self._judged([self._row(place, True) for place in places])
            if all(row.agrees for row in rest):
                rows, is_detached = rest, True
        return Audit(
            name,
            tuple(self._parameter.shape),
            str(self._parameter.dtype).removeprefix("torch."),
            self._value,
            tuple(rows),
            tuple(detached_calls) if is_detached or not all(row.agrees for row in rows) else (),
            is_detached,
        )

    def _places(self) -> Iterator[int]:
        """Yield the flat indices to audit, in order."""
        count = self._grad.numel()
        if count <= MOST:
            yield from range(count)
            return
        largest = self._grad.abs().flatten().topk(MOST // 2).indices.tolist()
        between = [i * (count - 1) // (MOST // 2 - 1) for i in range(MOST // 2)]
        yield from sorted({*largest, *between})

    def _at(self, place: int, by: float, detach: bool) -> float:
        def nudge(value: Tensor) -> Tensor:
            if by:
                value[_index(place, tuple(value.shape))] += by
            return value

        return recompute.loss(self._log, self._number, self._parameter, nudge, detach)

    def _noise(self) -> float:
        """Return the rounding error of autograd: how far its two precisions are apart."""
        try:
            one, other = (
                recompute.gradient(self._log, self._number, self._parameter, wide)
                for wide in (False, True)
            )
        except RuntimeError:
            return 0.0
        noise = (one - other).abs().max().item() if one.numel() else 0.0
        return noise if math.isfinite(noise) else 0.0

    def _row(self, place: int, detach: bool) -> AuditRow:
        """Return the audit of one element, with the h whose difference has the smallest error."""
        index = _index(place, tuple(self._grad.shape))
        size = max(1.0, abs(float(self._parameter.detach()[index])))
        here = self._at(place, 0.0, detach) if detach else self._value
        rows: list[AuditRow] = []
        for smaller in _SMALLER:
            h = 2.0 ** round(math.log2(STEP * size * smaller))
            row = self._measure(place, index, h, here, detach)
            rows.append(row)
            # A strong curve looks like a corner while h is too large.
            slope = max(abs(row.difference), abs(row.autograd))
            if row.kink is None and row.error <= _FINE * slope:
                return row
        sure = [row for row in rows if row.kink is None and row.error <= abs(row.difference) / 100]
        corners = [row for row in rows if row.kink is not None]
        finite = [row for row in rows if math.isfinite(row.difference)]
        if sure or (finite and not corners):
            return min(sure or finite, key=lambda row: row.error)
        if corners or not math.isfinite(here):
            return (corners or rows)[0]
        # One side has no value, as at the square root of 0.
        return msgspec.structs.replace(rows[-1], kink=(-math.inf, math.inf))

    def _measure(
        self, place: int, index: tuple[int, ...], h: float, here: float, detach: bool
    ) -> AuditRow:
        up, down = self._at(place, h, detach), self._at(place, -h, detach)
        far_up, far_down = self._at(place, 2 * h, detach), self._at(place, -2 * h, detach)
        slope, far = (up - down) / (2 * h), (far_up - far_down) / (4 * h)
        rounding = 2.0**-52 * max(abs(up), abs(down), abs(here)) / h
        right, left = (up - here) / h, (here - down) / h
        bend, far_bend = right - left, (far_up - here) / (2 * h) - (here - far_down) / (2 * h)
        size = max(abs(right), abs(left))
        # A curve bends half as much at half the distance, a corner just as much.
        has_kink = abs(bend) > max(_BEND * size, 100 * rounding) and abs(far_bend) < 1.5 * abs(bend)
        return AuditRow(
            index,
            float(self._grad[index]),
            slope,
            h,
            abs(slope - far) / 3 + rounding,
            (min(left, right), max(left, right)) if has_kink else None,
        )

    def _judged(self, rows: list[AuditRow]) -> list[AuditRow]:
        """Return the rows with their verdicts."""
        relative = _RELATIVE.get(self._parameter.dtype, _COARSE)
        if self._log.is_narrow:
            relative = _COARSE
        finite = (x for row in rows for x in (row.autograd, row.difference) if math.isfinite(x))
        scale = max(map(abs, finite), default=0.0)
        allowed = relative * scale + _NOISE * self._noise()
        return [row.judged(allowed) for row in rows]


def _index(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    found = []
    for size in reversed(shape):
        place, at = divmod(place, size)
        found.append(at)
    return tuple(reversed(found))
