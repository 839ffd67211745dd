"""Evaluate the expressions of a plot without an effect on the run.

They are evaluated in a forked child process, so changes of the script's objects and of random
generators end with it. Where a device does not survive a fork, the generators are restored instead,
and a change of the script's state is reported.
"""

import contextlib
import io
import os
import random
import select
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec
import numpy as np
import torch

from tutor.wire.messages import Sample, Sampled
from tutor.worker import torch_private
from tutor.worker.capture.digest import digest
from tutor.worker.expressions import described
from tutor.worker.interrupts import is_from_handler

PATIENCE = 2.0
"""Seconds that the expressions of a plot may take."""

MOST = 1000
"""Numbers that are kept of one expression; more are thinned evenly."""

_answers = msgspec.msgpack.Decoder(Sampled)

_Problems = list[tuple[str, str]]


def sample(wanted: Sample, namespace: dict[str, Any]) -> Sampled:
    """Return the values of a plot's expressions now."""
    if _can_fork():
        return _in_child(wanted, namespace)
    before = digest(namespace)
    output = io.StringIO()
    with (
        _generators_restored(),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        found = evaluate(wanted, namespace)
    if digest(namespace) != before:
        problem = (wanted.of or wanted.expressions[0], "it changes the values of the script")
        return msgspec.structs.replace(found, problems=(*found.problems, problem))
    return found


def evaluate(wanted: Sample, namespace: dict[str, Any]) -> Sampled:
    """Return the values, evaluated in this process."""
    problems: _Problems = []
    names: list[str] = []
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = tuple(
            _try(text, problems, partial(_numbers, text, namespace, names))
            for text in wanted.expressions
        )
        surface = None
        if wanted.of:
            surface = _try(wanted.of, problems, partial(_surface, wanted, namespace))
    return Sampled(wanted, values, tuple(names), surface, tuple(problems))


def _can_fork() -> bool:
    is_initialized = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return hasattr(os, "fork") and not is_initialized and not torch.backends.mps.is_available()


def _in_child(wanted: Sample, namespace: dict[str, Any]) -> Sampled:
    answer, theirs = os.pipe()
    python = random.getstate()
    child = os.fork()
    if child == 0:
        # Nothing of the parent's may run here: no exit handlers, no flushing of its buffers.
        try:
            _silence()
            random.setstate(python)  # a fork reseeds it
            found = msgspec.msgpack.encode(evaluate(wanted, namespace))
            with open(theirs, "wb", closefd=False) as pipe:
                pipe.write(found)
        finally:
            os._exit(0)
    os.close(theirs)
    received = b""
    try:
        while select.select([answer], [], [], PATIENCE)[0]:
            part = os.read(answer, 2**20)
            if not part:
                break
            received += part
    finally:
        os.close(answer)
        # The child may hang. It may be gone already if the script ignores SIGCHLD.
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    try:
        return _answers.decode(received)
    except msgspec.DecodeError:
        # It is unknown which of them it was.
        text = " or ".join([*wanted.expressions, *([wanted.of] if wanted.of else [])])
        problem = f"ended the process, or took longer than {PATIENCE:g} s"
        return Sampled(wanted, (None,) * len(wanted.expressions), (), None, ((text, problem),))


def _silence() -> None:
    """Discard what an expression prints: it is not the script's output."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    sys.stdout = sys.stderr = open(os.devnull, "w")


@contextlib.contextmanager
def _generators_restored() -> Iterator[None]:
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def _try(text: str, problems: _Problems, numbers: Callable[[], bytes]) -> bytes | None:
    try:
        return numbers()
    except BaseException as error:  # whatever the script's objects raise, SystemExit too
        if is_from_handler(error):
            raise
        problems.append((text, described(error).partition("\n")[0]))
        return None


def _numbers(text: str, namespace: dict[str, Any], names: list[str]) -> bytes:
    """Return the numbers of an expression; of a dictionary its values, with its keys in `names`."""
    found = eval(compile(text.strip(), "<plot>", "eval", dont_inherit=True), dict(namespace))
    if isinstance(found, dict):
        kept = {str(key): value for key, value in found.items() if value is not None}
        if several := [key for key, value in kept.items() if _flat(value).numel() != 1]:
            raise ValueError(f"{several[0]!r} is not one number; a bar shows one")
        names.extend(kept)
        found = list(kept.values())
    return _pack(_flat(found))


def _flat(value: Any) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        found = value
    elif isinstance(value, list | tuple) and any(isinstance(one, torch.Tensor) for one in value):
        found = torch.cat([torch.as_tensor(one).to("cpu").reshape(-1) for one in value])
    else:
        array = np.asarray(value)
        if array.dtype.kind not in "fiubc":
            raise ValueError("it is not made of numbers alone")
        found = torch.as_tensor(array, device="cpu")
    flat = found.detach().to("cpu", torch.float64).reshape(-1)
    return flat[:: -(-len(flat) // MOST)] if len(flat) > MOST else flat


def _pack(numbers: torch.Tensor) -> bytes:
    return numbers.to("cpu", torch.float64).numpy().tobytes()


def _surface(wanted: Sample, namespace: dict[str, Any]) -> bytes:
    """Return `of` over the grid; the first varied name runs fastest."""
    code = compile(wanted.of.strip(), "<plot>", "eval", dont_inherit=True)
    axes = [
        torch.linspace(low, high, count)
        for (_, low, high), count in zip(wanted.over, wanted.counts, strict=True)
    ]
    # The last axis first, so that the first one runs fastest.
    grid = torch.meshgrid(*reversed(axes), indexing="ij")
    points = [axis.reshape(-1) for axis in reversed(grid)]
    names = [name for name, _, _ in wanted.over]

    def at(*values: Any) -> Any:
        return eval(code, {**namespace, **dict(zip(names, values, strict=True))})

    def each(*, plain: bool) -> torch.Tensor:
        """Evaluate point by point, with tensors or plain numbers."""
        lists = ([one.item() if plain else one for one in axis] for axis in points)
        return torch.stack([_flat(at(*values)) for values in zip(*lists, strict=True)])

    try:
        with torch_private.unobserved():
            found = torch.vmap(at, randomness="different")(*points)
    except Exception:
        # The expression may call `.item()`, or it is NumPy, which needs plain numbers.
        try:
            found = each(plain=False)
        except Exception as error:
            try:
                found = each(plain=True)
            except Exception:
                raise error from None
    if found.numel() != len(points[0]):
        shape = list(found.shape[1:])
        raise ValueError(f"it gives {shape} numbers at each place; it should give one")
    return _pack(found.detach().reshape(-1))
