"""Run one script in a process of its own, from its first statement to its end."""

import builtins
import contextlib
import functools
import importlib.machinery
import linecache
import os
import random
import signal
import sys
import threading
import traceback
import types
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import torch

from tutor.wire.messages import Ended, Launch, Started, read_launch
from tutor.wire.shared_page import Page, Sender
from tutor.worker import device, process
from tutor.worker.cpu_random import DrawOnCpu
from tutor.worker.instrument import Program, instrument
from tutor.worker.recorder import Recorder
from tutor.worker.sandbox import Guard

TORCH = str(torch.__version__)

LINGER = 1.0
"""Seconds that threads of a finished script get to come to their end."""


def work(commands: int, events: int, shared: int, launch: int, stdout: int, stderr: int) -> None:
    """Run one script, then end this process.

    Args:
        commands: The pipe to read commands from.
        events: The pipe to write events to.
        shared: The page shared with the client.
        launch: A file that holds the `Launch`.
        stdout: A file that stands for descriptor 1.
        stderr: A file that stands for descriptor 2.
    """
    try:
        process.forget_exit_handlers()
        process.be_first_to_die()
        for descriptor in (commands, events, shared):
            # What the script starts must not hold on to the run when it is over.
            os.set_inheritable(descriptor, False)
        os.environ["MPLBACKEND"] = "agg"
        wish = read_launch(launch)
        sender = Sender(Page(shared), events)
        try:
            _run(wish, sender, commands, (stdout, stderr))
        except Exception as error:
            fault = "".join(traceback.format_exception(error))
            sender.append(Ended("died", f"{wish.path}: the engine failed: {error!r}", 0, fault))
        sender.flush()
    finally:
        # Whatever else is alive here, threads and child processes, ends with the run.
        os._exit(0)


def _run(launch: Launch, sender: Sender, commands: int, files: tuple[int, int]) -> None:
    try:
        program = instrument(launch.source, _absolute(launch.path), launch.knobs)
    except (SyntaxError, ValueError) as error:
        sender.append(_unreadable(launch.path, error))
        return
    if launch.device and (problem := device.problem(launch.device)):
        sender.append(Ended("refused", problem))
        return
    module = _main_module(launch)
    recorder = Recorder(program, module.__dict__, launch, sender, commands, files)
    recorder.install()
    guard = Guard(launch.guard, lambda: recorder.line) if launch.guard else None
    signal.signal(signal.SIGINT, functools.partial(_interrupt, recorder, program.code.co_filename))
    os.register_at_fork(after_in_child=functools.partial(_leave, recorder))
    _make_exact(launch.seed)
    _tell_backward(recorder)
    sender.append(Started(os.getpid(), device.describe(launch.device)))
    operations = recorder.operations or contextlib.nullcontext()
    if recorder.operations is not None:
        recorder.operations.hide()
    with _default_device(launch.device), operations:
        ended = _execute(program, module, recorder, launch)
    note = _come_to_an_end()
    if note and not ended.message:
        ended = msgspec.structs.replace(ended, message=f"{launch.path}: {note}")
    inside = recorder.close()
    for trespass in guard.found() if guard else ():
        sender.append(trespass)
    sender.append(msgspec.structs.replace(ended, inside=inside))


def _interrupt(recorder: Recorder, script: str, number: int, frame: types.FrameType | None) -> None:
    """Raise KeyboardInterrupt in the script's code, or after the hook that it is in."""
    while frame is not None and frame.f_code.co_filename != script:
        if frame.f_code in recorder.critical:
            recorder.commands.interrupt()
            return
        if frame.f_code is recorder.waiting:
            break
        frame = frame.f_back
    raise KeyboardInterrupt


def _leave(recorder: Recorder) -> None:
    """A child that the script forks records nothing: the pipes and the page are its parent's."""
    recorder.leave()


@contextlib.contextmanager
def _default_device(name: str | None) -> Iterator[None]:
    """Make `name` the default device, with random draws as on the CPU."""
    if name is None or name == "cpu":
        yield
        return
    torch.set_default_device(name)
    with DrawOnCpu(name):
        yield


def _execute(
    program: Program, module: types.ModuleType, recorder: Recorder, launch: Launch
) -> Ended:
    try:
        exec(program.code, module.__dict__)
        if launch.waits_at_end:
            recorder.wait_at_end()
    except SystemExit as error:
        return _exited(error, f"{launch.path}:{recorder.line}", recorder.line)
    except KeyboardInterrupt:
        return Ended("interrupted", f"{launch.path}:{recorder.line}: interrupted", recorder.line)
    except BaseException as error:
        return _raised(error, program.code.co_filename, launch.path)
    return Ended("finished")


def _main_module(launch: Launch) -> types.ModuleType:
    """A `__main__` as `python launch.path` makes it."""
    path = _absolute(launch.path)
    module = types.ModuleType("__main__")
    module.__file__ = path
    module.__loader__ = importlib.machinery.SourceFileLoader("__main__", path)
    vars(module).update(__builtins__=builtins, __cached__=None, __annotations__={})
    sys.modules["__main__"] = module
    sys.argv = [launch.path]
    folder = os.path.dirname(os.path.realpath(path))
    sys.path[:] = [folder, *sys.path]
    # The file may be gone or saved anew while it runs: tracebacks quote what runs.
    lines = launch.source.splitlines(keepends=True)
    linecache.cache[path] = (len(launch.source), None, lines, path)
    return module


def _absolute(path: str) -> str:
    return os.path.join(os.getcwd(), path)


def _make_exact(seed: int) -> None:
    """Same seed, same figures: in each run, and as far as a backend can, on each device."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.set_num_threads(1)
    # Hooks for gradients then run in the thread that calls backward().
    torch.autograd.set_multithreading_enabled(False)
    if torch.cuda.is_available():
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.benchmark = False


def _tell_backward(recorder: Recorder) -> None:
    """Let the recorder know of every `backward()` and `autograd.grad()`."""

    local = threading.local()

    def told(original: Any, roots: str) -> Any:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            root = args[0] if args else kwargs.get(roots)
            # Anything else that can be iterated may be empty after one look.
            if isinstance(root, list | tuple) and root:
                root = root[0]
            recorder.frames.ran_backward(root if isinstance(root, torch.Tensor) else None)
            if recorder.operations is None:
                return original(*args, **kwargs)
            under_way = local.__dict__.setdefault("under_way", [])
            if any(one is root for one in under_way):
                # torch comes back to itself where a function mode is entered.
                return original(*args, **kwargs)
            under_way.append(root)
            try:
                return recorder.operations.backward(original, args, kwargs)
            finally:
                under_way.pop()

        return call

    torch.autograd.backward = told(torch.autograd.backward, "tensors")
    torch.autograd.grad = told(torch.autograd.grad, "outputs")


# Ends


def _come_to_an_end() -> str:
    """Do what Python does at the end of a script; a line on threads that would not end."""
    others = [
        thread
        for thread in threading.enumerate()
        if not thread.daemon and thread is not threading.main_thread()
    ]
    for thread in others:
        thread.join(LINGER / len(others))
    process.run_exit_handlers()
    if alive := [thread.name for thread in others if thread.is_alive()]:
        return f"finished, but its thread {alive[0]!r} was still running and was ended"
    return ""


def _exited(error: SystemExit, where: str, line: int) -> Ended:
    if error.code is None or error.code == 0:
        return Ended("finished", f"{where}: the script ended itself with sys.exit()", line)
    told = f"{error.code}\n" if isinstance(error.code, str) else ""
    return Ended("raised", f"{where}: the script ended with sys.exit({error.code!r})", line, told)


def _unreadable(path: str, error: SyntaxError | ValueError) -> Ended:
    if isinstance(error, SyntaxError):
        line = error.lineno or 0
        text = "".join(traceback.format_exception_only(error))
        return Ended("raised", f"{path}:{line}: {type(error).__name__}: {error.msg}", line, text)
    return Ended("refused", f"{path}: {error}")


def _raised(error: BaseException, script: str, path: str) -> Ended:
    """The end by an exception, told with the script's own lines only."""
    told = traceback.TracebackException.from_exception(error)
    _keep_own_lines(told, script)
    line = (told.stack[-1].lineno if told.stack else 0) or 0
    reason = next(told.format_exception_only()).strip().partition("\n")[0]
    message = f"{path}:{line}: {reason}"
    if reason == "EOFError: EOF when reading a line":
        message = f"{path}:{line}: input() has no keyboard to read from here (EOFError)"
    return Ended("raised", message, line, "".join(told.format()))


def _keep_own_lines(told: traceback.TracebackException, script: str) -> None:
    seen = set()
    waiting: list[traceback.TracebackException | None] = [told]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        kept = [frame for frame in one.stack if frame.filename == script]
        one.stack = traceback.StackSummary.from_list(kept)
        waiting += [one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or [])]
