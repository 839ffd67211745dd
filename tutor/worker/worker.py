"""Run one script in a process of its own, from its first statement to its end."""

import builtins
import contextlib
import importlib.machinery
import linecache
import os
import random
import sys
import traceback
import types
from collections.abc import Iterator

import msgspec
import numpy as np
import torch

from tutor.script.lines import with_ends
from tutor.wire.messages import Ended, Job, Launch, Started
from tutor.wire.shared_page import Page, Sender
from tutor.wire.stream import read_job
from tutor.worker import (
    autograd_calls,
    device,
    endings,
    interrupts,
    process,
    surroundings,
    terminal,
)
from tutor.worker.cpu_random import DrawOnCpu
from tutor.worker.instrument import Program, instrument
from tutor.worker.recorder import Recorder
from tutor.worker.sandbox import Sandbox

TORCH = str(torch.__version__)


def work(commands: int, events: int, shared: int, job_file: int, stdout: int, stderr: int) -> None:
    """Run one script, then end this process.

    Args:
        commands: The pipe to read commands from.
        events: The pipe to write events to.
        shared: The page shared with the client.
        job_file: A file that holds the `Job`.
        stdout: A file to take the place of descriptor 1.
        stderr: A file to take the place of descriptor 2.
    """
    try:
        process.forget_exit_handlers()
        process.prefer_for_oom_kill()
        for descriptor in (commands, events, shared):
            # Children of the script must not keep the pipes open when the run is over.
            os.set_inheritable(descriptor, False)
        os.environ["MPLBACKEND"] = "agg"
        job = read_job(job_file)
        sender = Sender(Page(shared), events)
        try:
            _run(job, sender, commands, (stdout, stderr))
        except Exception as error:
            fault = "".join(traceback.format_exception(error))
            reason = f"{job.launch.path}: the engine failed: {error!r}"
            sender.append(Ended("died", reason, 0, fault))
        sender.flush()
    finally:
        # Threads and child processes that are still alive end with the run.
        os._exit(0)


def _run(job: Job, sender: Sender, commands: int, files: tuple[int, int]) -> None:
    launch = job.launch
    try:
        program = instrument(launch.source, _absolute(launch.path), launch.knobs)
    except (SyntaxError, ValueError) as error:
        sender.append(endings.unreadable(launch.path, error))
        return
    if launch.device and (problem := device.problem(launch.device)):
        sender.append(Ended("refused", problem))
        return
    module = _main_module(launch)
    if not isinstance(launch.terminals, int):
        terminal.imitate(launch.terminals, files)
    recorder = Recorder(program, module.__dict__, job, sender, commands, files)
    recorder.install()
    sandbox = Sandbox(job.guard, lambda: recorder.steps.line) if job.guard else None
    interrupts.handle(program.code.co_filename, recorder.commands.postpone_interrupt)
    os.register_at_fork(after_in_child=recorder.leave)
    _make_exact(launch.seed)
    autograd_calls.observe(recorder.frames, recorder.operations)
    sender.append(Started(os.getpid(), device.describe(launch.device)))
    operations = recorder.operations or contextlib.nullcontext()
    if recorder.operations is not None:
        recorder.operations.hide()
    with _default_device(launch.device), operations:
        ended = _execute(program, module, recorder, job)
    note = endings.run_exit_handlers()
    if note and not ended.message:
        ended = msgspec.structs.replace(ended, message=f"{launch.path}: {note}")
    inside = recorder.close()
    for trespass in sandbox.trespasses() if sandbox else ():
        sender.append(trespass)
    sender.append(msgspec.structs.replace(ended, inside=inside))


@contextlib.contextmanager
def _default_device(name: str | None) -> Iterator[None]:
    """Make `name` the default device, and draw random numbers on the CPU."""
    if name is None or name == "cpu":
        yield
        return
    torch.set_default_device(name)
    with DrawOnCpu(name):
        yield


def _execute(program: Program, module: types.ModuleType, recorder: Recorder, job: Job) -> Ended:
    path = job.launch.path
    try:
        try:
            surroundings.imitate([path])
            exec(program.code, module.__dict__)
            if job.waits_at_end:
                recorder.wait_at_end()
        except SystemExit as error:
            return endings.exited(error, path, recorder.steps.line)
        except Exception as error:
            return endings.raised(error, program.code.co_filename, path, recorder.steps.line)
    except KeyboardInterrupt:  # also while the text of an exception is asked for
        return endings.interrupted(path, recorder.steps.line)
    except BaseException as error:
        return endings.raised(error, program.code.co_filename, path, recorder.steps.line)
    return Ended("finished")


def _main_module(launch: Launch) -> types.ModuleType:
    """Return a `__main__` module like that of `python launch.path`."""
    path = _absolute(launch.path)
    module = types.ModuleType("__main__")
    module.__file__ = path
    module.__loader__ = importlib.machinery.SourceFileLoader("__main__", path)
    vars(module).update(__builtins__=builtins, __cached__=None, __annotations__={})
    sys.modules["__main__"] = module
    folder = os.path.dirname(os.path.realpath(path))
    sys.path[:] = [folder, *sys.path]
    # Tracebacks must quote the text that runs, even if the file has changed since.
    linecache.cache[path] = (len(launch.source), None, with_ends(launch.source), path)
    return module


def _absolute(path: str) -> str:
    return os.path.join(os.getcwd(), path)


def _make_exact(seed: int) -> None:
    """Seed all generators, and choose deterministic algorithms where a backend has them."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.set_num_threads(1)
    # Hooks for gradients then run in the thread that calls backward().
    torch.autograd.set_multithreading_enabled(False)
    if torch.cuda.is_available():
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.benchmark = False
