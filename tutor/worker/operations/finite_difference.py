"""Audit a gradient: autograd's beside a central finite difference in float64.

The difference quotient (f(p+h) - f(p-h)) / 2h is off by h²·f'''/6, and by the rounding of f divided
by h; with h near the cube root of float64's epsilon the two are about as large.
"""

import math
from collections.abc import Iterator

import msgspec
import torch
from torch import Tensor

from tutor.schema.frame import Audit, AuditRow
from tutor.worker.operations.tape import Tape

STEP = 2.0**-17
"""h, relative to the parameter where that is above 1: a power of two, so that p + h is exact."""

MOST = 16
"""Elements of a parameter that are audited: the largest of the gradient, and some in between."""

_RELATIVE = {torch.float64: 1e-8, torch.float32: 1e-5}
"""How far autograd may be off, relative to the largest element that is audited."""
_COARSE = 5e-2
"""Where something was computed in fewer bits."""
_NOISE = 10
"""And so many times what rounding did to the gradient when autograd computed it again."""

_FINE = 1e-5
"""A difference that may be off by a larger part of itself is taken again with a smaller h."""
_SMALLER = (1.0, 2.0**-7, 2.0**-14, 2.0**-21)
"""How much smaller."""

_BEND = 1e-4
"""Slopes to the left and to the right that differ by more than this part belong to a kink, if they
differ as much nearer by."""


def audit(tape: Tape, name: str, parameter: Tensor, grad: Tensor, number: int) -> Audit:
    """Audit the gradient that a backward pass brought to a parameter.

    Args:
        name: What the script calls it.
        parameter: The tensor, as the pass found it.
        grad: What the pass brought, of the same shape.
        number: Which pass on the tape, from 0.
    """
    shape = tuple(parameter.shape)
    dtype = str(parameter.dtype).removeprefix("torch.")
    problem = tape.problem(number)
    if parameter.is_complex():
        problem = "a complex number has no one slope"
    elif not problem and not tape.knows(parameter, number):
        problem = "nothing that could be seen led from it"
    if not problem:
        try:
            found = _Auditor(tape, parameter, grad, number).audit(name)
        except Exception as error:  # whatever calls do that are made in another precision
            told = str(error).partition("\n")[0]
            problem = f"its way cannot be gone again in float64 ({type(error).__name__}: {told})"
        else:
            if found.agrees or not tape.strays(number):
                return found
            problem = "something that could not be seen led from it to the loss"
    return Audit(name, shape, dtype, problem=problem)


class _Auditor:
    def __init__(self, tape: Tape, parameter: Tensor, grad: Tensor, number: int) -> None:
        self._tape = tape
        self._parameter = parameter
        self._grad = (grad.to_dense() if grad.layout is not torch.strided else grad).double()
        self._number = number
        self._value = self._at(0, 0.0, False)

    def audit(self, name: str) -> Audit:
        places = list(self._places())
        rows = [self._row(place, False) for place in places]
        rows = self._judged(rows)
        cuts = self._tape.cuts(self._number)
        is_held = False
        if cuts and not all(row.agrees for row in rows):
            # What the script detached is no mistake: the slope with all of it held still.
            held = self._judged([self._row(place, True) for place in places])
            if all(row.agrees for row in held):
                rows, is_held = held, True
        return Audit(
            name,
            tuple(self._parameter.shape),
            str(self._parameter.dtype).removeprefix("torch."),
            self._value,
            tuple(rows),
            tuple(cuts) if is_held or not all(row.agrees for row in rows) else (),
            is_held,
        )

    def _places(self) -> Iterator[int]:
        """The flat indices to audit, in order."""
        count = self._grad.numel()
        if count <= MOST:
            yield from range(count)
            return
        largest = self._grad.abs().flatten().topk(MOST // 2).indices.tolist()
        between = [i * (count - 1) // (MOST // 2 - 1) for i in range(MOST // 2)]
        yield from sorted({*largest, *between})

    def _at(self, place: int, by: float, hold: bool) -> float:
        def nudge(value: Tensor) -> Tensor:
            if by:
                value[_index(place, tuple(value.shape))] += by
            return value

        return self._tape.again(self._number, self._parameter, nudge, hold)

    def _noise(self) -> float:
        """How much of the gradient is rounding: autograd's own, in both precisions."""
        try:
            one, other = (
                self._tape.gradient(self._number, self._parameter, wide) for wide in (False, True)
            )
        except RuntimeError:
            return 0.0
        noise = (one - other).abs().max().item() if one.numel() else 0.0
        return noise if math.isfinite(noise) else 0.0

    def _row(self, place: int, hold: bool) -> AuditRow:
        """One element, with the h at which its difference is surest."""
        index = _index(place, tuple(self._grad.shape))
        size = max(1.0, abs(float(self._parameter.detach()[index])))
        here = self._at(place, 0.0, hold) if hold else self._value
        rows: list[AuditRow] = []
        for smaller in _SMALLER:
            h = 2.0 ** round(math.log2(STEP * size * smaller))
            row = self._measure(place, index, h, here, hold)
            rows.append(row)
            # What is bent so that h is too long for it looks like a corner too.
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
        # There is nothing to one side, as at the square root of 0.
        return msgspec.structs.replace(rows[-1], kink=(-math.inf, math.inf))

    def _measure(
        self, place: int, index: tuple[int, ...], h: float, here: float, hold: bool
    ) -> AuditRow:
        up, down = self._at(place, h, hold), self._at(place, -h, hold)
        far_up, far_down = self._at(place, 2 * h, hold), self._at(place, -2 * h, hold)
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
        """The rows with a verdict each."""
        relative = _RELATIVE.get(self._parameter.dtype, _COARSE)
        if self._tape.is_narrow:
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
