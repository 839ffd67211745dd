"""Scripts that end themselves, or turn on the recorder: they end as under python, told truly.

Each script runs under plain python too: the exit status and what it printed have to be the same.
"""

import json
import subprocess
import sys
import textwrap

import pytest

SIGNALS = ("SIGTERM", "SIGKILL", "SIGINT", "SIGHUP", "SIGUSR1", "SIGSEGV", "SIGQUIT", "SIGALRM")

EXITS = {
    "sys.exit with a number": ("import sys\nsys.exit(3)", "sys.exit(3)"),
    "sys.exit with a negative number": ("import sys\nsys.exit(-1)", "sys.exit(-1)"),
    "sys.exit with more than a byte": ("import sys\nsys.exit(300)", "sys.exit(300)"),
    "sys.exit with a text": ("import sys\nsys.exit('no data')", "sys.exit('no data')"),
    "sys.exit with True": ("import sys\nsys.exit(True)", "sys.exit("),
    "sys.exit with nothing": ("import sys\nsys.exit()", None),
    "sys.exit in a finally": (
        "import sys\ntry:\n    sys.exit(3)\nfinally:\n    print('cleaned')",
        "sys.exit(3)",
    ),
    "sys.exit in a signal handler": (
        """
        import os, signal, sys
        signal.signal(signal.SIGUSR1, lambda number, frame: sys.exit(21))
        os.kill(os.getpid(), signal.SIGUSR1)
        """,
        "sys.exit(21)",
    ),
    "sys.exit in an exit handler": ("import atexit, sys\natexit.register(sys.exit, 3)", None),
    "an exception": ("raise ValueError('v')", "ValueError: v"),
    "an exception and a hook": (
        "import sys\nsys.excepthook = lambda *error: print('hooked')\nraise ValueError('v')",
        "ValueError: v",
    ),
    "os._exit": ("import os\nos._exit(5)", "exit status 5"),
    "os._exit with 0": ("import os\nos._exit(0)", "exit status 0"),
    "os._exit in a function": ("import os\ndef f(): os._exit(7)\nf()", "exit status 7"),
    "os._exit in a finally": ("import os\ntry:\n    1 / 0\nfinally:\n    os._exit(9)", "status 9"),
    "os._exit in an exit handler": ("import atexit, os\natexit.register(os._exit, 6)", "status 6"),
    "os._exit in a thread": (
        """
        import os, threading
        thread = threading.Thread(target=os._exit, args=(8,))
        thread.start()
        thread.join()
        """,
        "exit status 8",
    ),
    "os._exit in a __del__": (
        "import os\nclass A:\n    def __del__(self): os._exit(11)\na = A()\ndel a",
        "exit status 11",
    ),
    "os.exec": ("import os\nos.execv('/bin/sh', ['sh', '-c', 'echo other; exit 4'])", "os.exec"),
    "os.abort": ("import os\nos.abort()", "SIGABRT"),
    **{
        f"os.kill with {name}": (
            f"import os, signal\nos.kill(os.getpid(), signal.{name})",
            "interrupted" if name == "SIGINT" else name,
        )
        for name in SIGNALS
    },
}
"""By what it does: a script that ends itself, and words of the line that tells it."""

SURVIVORS = {
    "a fork whose child falls through": """
        import os
        pid = os.fork()
        x = 1
        y = 2
        if pid:
            os.waitpid(pid, 0)
        print("end", pid == 0)
        """,
    "a fork that nobody waits for": """
        import os, time
        pid = os.fork()
        for i in range(10):
            y = i
        if pid == 0:
            time.sleep(0.1)
        print("end", pid == 0)
        """,
    "forks in a loop": """
        import os
        for i in range(3):
            pid = os.fork()
            x = i
        while True:
            try:
                os.wait()
            except ChildProcessError:
                break
        print("bye")
        """,
    "a fork whose child raises": """
        import os
        pid = os.fork()
        if pid == 0:
            raise ValueError("child")
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """,
    "a fork whose child exits": """
        import atexit, os, sys
        atexit.register(print, "handler")
        pid = os.fork()
        if pid == 0:
            sys.exit(3)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """,
    "a fork whose child is killed": """
        import os, signal
        pid = os.fork()
        if pid == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """,
    "a double fork": """
        import os
        if os.fork() == 0:
            if os.fork() == 0:
                print("grandchild")
            else:
                os._exit(0)
        else:
            os.wait()
            print("parent")
        """,
    "a fork in a thread": """
        import os, threading
        def work():
            pid = os.fork()
            if pid == 0:
                print("child", flush=True)
            else:
                os.waitpid(pid, 0)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        """,
    "multiprocessing by fork": """
        import multiprocessing
        def work(queue):
            queue.put(3)
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        process = context.Process(target=work, args=(queue,))
        process.start()
        print(queue.get())
        process.join()
        """,
    "multiprocessing by spawn": """
        import multiprocessing
        def work(queue):
            queue.put(3)
        if __name__ == "__main__":
            context = multiprocessing.get_context("spawn")
            queue = context.Queue()
            process = context.Process(target=work, args=(queue,))
            process.start()
            print(queue.get())
            process.join()
        """,
    "a function to call in a child process": """
        import os, subprocess
        subprocess.run(["echo", "hi"], preexec_fn=lambda: os.nice(1))
        """,
    "no print": "import builtins\nprint('a')\ndel builtins.print\nx = 1",
    "no len": "import builtins\nbuiltins.len = None\nx = [1, 2]\ny = 3",
    "no len in a handler": """
        import builtins
        builtins.len = None
        try:
            raise ValueError("own")
        except ValueError:
            y = 3
        z = 4
        """,
    "no isinstance": "import builtins\nbuiltins.isinstance = lambda *a: 1 / 0\nx = 2.5",
    "no open": "import builtins\nbuiltins.open = lambda *a, **k: 1 / 0\nx = 1\nprint(x)",
    "no import": "import builtins\nbuiltins.__import__ = None\nx = 1\nprint(x)",
    "no builtins but print": """
        import builtins
        write, remove = print, delattr
        for name in [name for name in vars(builtins) if name[0].islower()]:
            remove(builtins, name)
        x = 1
        write("end")
        """,
    "no functions of os": """
        import os
        for name in ("write", "read", "lseek", "pread", "_exit", "ftruncate", "fstat", "close"):
            setattr(os, name, None)
        print("end")
        """,
    "no traceback module": """
        import contextlib, linecache, select, time, traceback
        for module in (contextlib, linecache, select, time, traceback):
            for name in list(vars(module)):
                if not name.startswith("_"):
                    setattr(module, name, None)
        x = 1
        """,
    "a trace function": """
        import sys
        calls = []
        def trace(frame, event, argument):
            calls.append(frame.f_code.co_name)
            return trace
        def work():
            return 1
        sys.settrace(trace)
        x = work()
        y = 2
        sys.settrace(None)
        print(calls)
        """,
    "a trace function that raises": """
        import sys
        def trace(frame, event, argument):
            raise RuntimeError
        sys.settrace(trace)
        x = 1
        print(x, sys.gettrace() is trace)
        """,
    "no modules": "import sys\nsys.modules.clear()\nx = 1\ny = 2.5\nprint('after')",
    "no stdout": "import sys\nsys.stdout = None\nprint('x')\ny = 1",
    "a closed stdout": "import sys\nsys.stdout.close()\ny = 1",
    "a closed range of descriptors": "import os\nos.closerange(3, 1024)\ny = 2\nprint('after')",
    "every descriptor closed": """
        import os
        os.closerange(3, 2**20)
        for i in range(5000):
            y = i
        print("after")
        """,
    "every descriptor closed, within a try": """
        import os
        while True:
            try:
                os.closerange(3, 2**20)
                x = 1
                break
            except BaseException:
                print("caught")
        """,
    "writing to many descriptors": """
        import os
        for number in range(3, 1024):
            try:
                os.write(number, b"xxxxxxxx")
            except OSError:
                pass
        print("after")
        """,
    "every descriptor replaced": """
        import os
        null = os.open("/dev/null", os.O_RDWR)
        for number in os.listdir("/proc/self/fd"):
            if int(number) > 3:
                os.dup2(null, int(number))
        print("after")
        """,
    "a low limit of descriptors": """
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
        x = 1
        print("after")
        """,
    "a low limit of recursion": "import sys\nsys.setrecursionlimit(60)\nx = 1\nprint('after')",
    "a handler of alarms that raises": """
        import signal
        class Ring(Exception):
            pass
        def ring(number, frame):
            raise Ring
        signal.signal(signal.SIGALRM, ring)
        rung = 0
        while rung < 50:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.003)
                while True:
                    x = rung
                    print(end="")
            except Ring:
                rung += 1
        print("rung", rung)
        """,
    "handlers that are asked for": """
        import signal
        def ring(number, frame):
            pass
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        print(signal.signal(signal.SIGALRM, ring), signal.getsignal(signal.SIGALRM) is ring)
        print(signal.signal(signal.SIGALRM, signal.SIG_IGN) is ring)
        """,
    "an exit handler that raises": "import atexit\natexit.register(lambda: 1 / 0)\nprint('x')",
    "a thread at the end": """
        import threading, time
        def work():
            time.sleep(0.1)
            print("thread")
        threading.Thread(target=work).start()
        """,
    "a long line": "print('x' * 5_000_000)\nprint('end')",
    "an open file": """
        import sys
        file = open(sys.argv[0] + ".txt", "w")
        file.write("kept")
        """,
}
"""By what it does: a script that does not end itself, whatever else it does."""


@pytest.fixture
def ends(tutor, script):
    """Run a script with `tutor run --json` and under python; return the last row.

    The exit status and the output must be the same.
    """

    def run(source: str) -> dict:
        path = script(textwrap.dedent(source).strip() + "\n")
        ours = tutor("run", path, "--json")
        left = path.with_name("script.py.txt")
        text = left.read_text() if left.exists() else None
        python = subprocess.run([sys.executable, path], capture_output=True, check=False)
        *steps, done = [json.loads(line) for line in ours.stdout.splitlines()]
        # The lines of several processes come in any order.
        printed = "".join(row["out"] for row in steps)
        assert sorted(printed) == sorted(python.stdout.decode())
        status = python.returncode
        assert ours.returncode == (status if status >= 0 else 128 - status)
        assert text == (left.read_text() if left.exists() else None)
        return done

    return run


@pytest.mark.parametrize("name", EXITS)
def test_a_script_that_ends_itself_is_told_so_with_its_exit_status(ends, name):
    source, words = EXITS[name]
    error = ends(source)["error"]
    assert error is None if words is None else words in error


@pytest.mark.parametrize("name", SURVIVORS)
def test_what_python_finishes_is_told_and_recorded_as_finished(ends, name):
    assert ends(SURVIVORS[name])["error"] is None


def test_a_recording_ends_with_the_exit_status_of_its_run(tutor, script, tmp_path):
    path, saved = script("import sys\nsys.exit(3)\n"), tmp_path / "run.tutor"
    assert tutor("run", path, "--save", saved).returncode == 3
    assert tutor("run", saved).returncode == 3


def test_emptied_builtins_are_told_as_what_they_are(tutor, script):
    found = tutor("run", script("import builtins\nvars(builtins).clear()\nx = 1\n"))
    assert found.returncode == 1
    assert "emptied builtins" in found.stderr.decode()


def test_a_forked_process_that_goes_on_is_ended_and_told(tutor, script):
    source = "import os, time\nif os.fork() == 0:\n    time.sleep(100)\nx = 1\n"
    found = tutor("run", script(source))
    assert found.returncode == 0
    assert "a process that it forked was still running" in found.stderr.decode()


def test_damaged_events_end_the_run_in_one_line(tutor, script):
    source = """\
import os
for i in range(5):
    x = i
for name in os.listdir("/proc/self/fd"):
    if int(name) > 200 and "pipe" in os.readlink(f"/proc/self/fd/{name}"):
        try:
            os.write(int(name), b"xxxxxxxx")
        except OSError:
            pass
y = 1
"""
    found = tutor("run", script(source))
    assert found.returncode == 1
    [line] = found.stderr.decode().splitlines()
    assert "the recording is damaged from step " in line
