"""Run one script in a process of its own, from its first statement to its end."""

import builtins
import contextlib
import importlib.machinery
import linecache
import os
import random
import sys
import types

import msgspec
import numpy as np
import numpy.random  # else the first use imports it, once in each worker
import torch

from tutor.script.lines import with_ends
from tutor.wire.messages import Ended, Job, Launch, Started
from tutor.wire.private_descriptor import PrivateDescriptor
from tutor.wire.shared_page import Page, Sender
from tutor.wire.stream import read_job
from tutor.worker import (
    autograd_calls,
    breakpoints,
    device,
    endings,
    own_builtins,
    process,
    script_folder,
    surroundings,
    terminal,
)
from tutor.worker.cpu_random import DrawOnCpu
from tutor.worker.instrument import Program, instrument
from tutor.worker.recorder import Recorder
from tutor.worker.sandbox import Sandbox
from tutor.worker.tracing import hide_from_tracing

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
    process.forget_exit_handlers()
    process.prefer_for_oom_kill()
    page = Page(shared)
    page.protect(shared)
    os.environ["MPLBACKEND"] = "agg"
    job = read_job(job_file)
    for descriptor in (shared, job_file):
        os.close(descriptor)
    sender = Sender(page, PrivateDescriptor(events, os.O_WRONLY))
    try:
        pipe = PrivateDescriptor(commands, os.O_RDONLY)
        ended = _run(job, sender, pipe, (stdout, stderr))
    except BaseException as error:
        page.runs_script = False
        with own_builtins.everywhere():
            ended = endings.failed(error, job.launch.path, page.line)
    process.leave(sender, ended)


def _run(job: Job, sender: Sender, commands: PrivateDescriptor, files: tuple[int, int]) -> Ended:
    launch = job.launch
    try:
        program = instrument(launch.source, _absolute(launch.path), launch.knobs)
    except (SyntaxError, ValueError) as error:
        return endings.unreadable(launch.path, error)
    if launch.device and (problem := device.problem(launch.device)):
        return Ended("refused", problem)
    module = _main_module(launch)
    if not isinstance(launch.terminals, int):
        terminal.imitate(launch.terminals, files)
    recorder = Recorder(program, module.__dict__, job, sender, commands, files)
    recorder.install()
    hide_from_tracing(program.code.co_filename)
    sandbox = Sandbox(job.guard, lambda: recorder.steps.line) if job.guard else None
    breakpoints.install(
        recorder.steps,
        recorder.commands,
        sender,
        program.code.co_filename,
        job.begin,
        job.pauses,
    )
    os.register_at_fork(after_in_child=recorder.leave)
    forked = process.ForkedProcesses()
    _make_exact(launch.seed)
    autograd_calls.observe(recorder.frames, recorder.operations)
    sender.append(Started(os.getpid(), device.describe(launch.device)))
    operations = recorder.operations or contextlib.nullcontext()
    if recorder.operations is not None:
        recorder.operations.hide()
    script_folder.enter(program.code.co_filename, launch.source)
    with _default_device(launch.device), operations:
        ended = _execute(program, module, recorder, job)
    if recorder.is_in_child:
        endings.leave_child(ended, recorder.flush)
    try:
        note = endings.run_exit_handlers(forked)
    except KeyboardInterrupt:
        note, ended = "", endings.interrupted(launch.path, recorder.steps.line)
    recorder.interrupts.is_over = True
    if not program.sites:
        note = note or "it has no statement, so there is nothing to step through"
    if note and not ended.message:
        ended = msgspec.structs.replace(ended, message=f"{launch.path}: {note}")
    with own_builtins.everywhere():
        inside = recorder.close()
    for trespass in sandbox.trespasses() if sandbox else ():
        sender.append(trespass)
    return msgspec.structs.replace(ended, inside=inside)


def _default_device(name: str | None) -> contextlib.AbstractContextManager[object]:
    """Make `name` the default device, and draw random numbers on the CPU."""
    if name is None or name == "cpu":
        return contextlib.nullcontext()
    torch.set_default_device(name)
    return DrawOnCpu(name)


def _execute(program: Program, module: types.ModuleType, recorder: Recorder, job: Job) -> Ended:
    try:
        surroundings.imitate([job.launch.path])
        recorder.begin()
        exec(program.code, module.__dict__)
        if job.waits_at_end:
            recorder.wait_at_end()
    except BaseException as error:
        with own_builtins.everywhere():
            line = recorder.steps.line
            ended = endings.uncaught(error, program.code.co_filename, job.launch.path, line)
        if ended.outcome != "raised":
            return ended
        try:
            has_hook = endings.run_exception_hook(error)
        except SystemExit as end:  # as under Python, that is how the script ends
            return endings.exited(end, job.launch.path, line)
        return msgspec.structs.replace(ended, traceback="") if has_hook else ended
    return Ended("finished")


def _main_module(launch: Launch) -> types.ModuleType:
    """Return a `__main__` module like that of `python launch.path`."""
    path = _absolute(launch.path)
    module = types.ModuleType("__main__")
    module.__file__ = path
    module.__loader__ = importlib.machinery.SourceFileLoader("__main__", path)
    vars(module).update(__builtins__=builtins, __cached__=None, __annotations__={})
    sys.modules["__main__"] = module
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
