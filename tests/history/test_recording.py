"""Recordings: runs open as they were saved, and damaged or hostile files are refused."""

import io
import os
import signal
import struct
import subprocess
import sys
import tempfile
import tracemalloc
import zlib
from copy import deepcopy
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutor.commands import export
from tutor.commands import run as headless
from tutor.history.budget import Budget
from tutor.history.recording.file import MAGIC, VERSION, RecordingError, is_recording
from tutor.history.recording.messages import Footer, RunHeader
from tutor.history.recording.reader import Reader
from tutor.history.recording.tree import RecordedRun, Recording, open_, save
from tutor.history.recording.writer import writing
from tutor.history.timeline import Timeline
from tutor.schema import values
from tutor.schema.frame import BINS, Frame, Summary, TensorView
from tutor.wire.messages import Completed, Edit, Ended, Launch, Printed, Started, Waited

SOURCE = "import torch\n# Now {lr:g}.\nlr = 0.1\nfor i in range(3):\n    w = w - lr\n"
LAUNCH = Launch("script.py", SOURCE, show=("lr * 2",), slots={3: (("lr", "g"),)}, knobs={3: 0.5})


def number(value: float) -> TensorView:
    return TensorView("number", (), "float", "cpu", False, "text", repr(value).encode())


def tensor(*elements: float) -> TensorView:
    data = struct.pack(f"<{len(elements)}f", *elements)
    return TensorView("tensor", (len(elements),), "float32", "cuda:0", True, "<f4", data)


def large(mean: float, summary: bool = True) -> TensorView:
    block = struct.pack("<4f", mean, 0, 1, 2)
    content = Summary(-1.0, 1.0, float(mean), 0.5, 9.0, 0, (8,) * BINS, 2, 2, block)
    kept = content if summary else None
    return TensorView("tensor", (100, 100), "float32", "cpu", False, "<f4", None, kept)


def frame(step: int, changed: dict, **fields) -> Frame:
    made = Frame(step, 5, 4, step, "update", 0.5 * step, True, changed, shown=([0.2, None],))
    return msgspec.structs.replace(made, **fields)


def main_run() -> RecordedRun:
    timeline = Timeline([1])
    timeline.output_log.append(1, [(1, b"before\n"), (2, b"\x1b[31mwarned\n")])
    first = Frame(1, 3, 0, None, "data", None, False, {"lr": number(0.1), "w": tensor(1, 2)})
    timeline.append(msgspec.structs.replace(first, slots=("0.1",), shown=(0.2,)))
    for step in range(2, 9):
        changed = {"w": tensor(step, -step), "big": large(step, summary=step != 4)}
        timeline.append(frame(step, changed | ({"lr": None} if step == 8 else {})))
    timeline.digests[5] = b"0123456789abcdef"
    timeline.output_log.append(9, [(1, b"torn")])
    ended = Ended("raised", "script.py:5: ValueError: no", 5, "Traceback …\n")
    return RecordedRun("main", LAUNCH, timeline, environment={"device": "cpu"}, ended=ended)


def branch_of(parent: RecordedRun, step: int, name: str) -> RecordedRun:
    timeline = parent.timeline.fork(step)
    timeline.edit(step, {"lr": number(9.0), "w": tensor(7, 7)})
    launch = msgspec.structs.replace(parent.launch, edits=(Edit(step, "lr", 9.0),))
    for at in range(step + 1, step + 4):
        timeline.append(frame(at, {"w": tensor(at, at)}))
    return RecordedRun(name, launch, timeline, parent, step, parent.environment, None, 5)


def tree() -> Recording:
    main = main_run()
    branch = branch_of(main, 3, "lr = 9.0")
    return Recording(
        [main, branch, branch_of(branch, 5, "w @ 5"), branch_of(main, 8, "late")], 1, 4
    )


def contents(run: RecordedRun) -> list:
    timeline = run.timeline
    frames = [timeline.frame(step) for step in range(1, len(timeline) + 1)]
    return [frames, timeline.digests, timeline.edited, timeline.output(99), run.launch, run.ended,
            run.waits_at, run.environment, run.step, run.name]  # fmt: skip


@pytest.fixture
def saved(tmp_path) -> Path:
    save(tmp_path / "run.tutor", tree())
    return tmp_path / "run.tutor"


def test_all_branches_open_as_saved_and_save_to_the_same_bytes(saved, tmp_path):
    original, opened = tree(), open_(saved)
    assert [contents(run) for run in opened.runs] == [contents(run) for run in original.runs]
    assert [opened.runs.index(run.parent) if run.parent else None for run in opened.runs] == [
        None,
        0,
        1,
        0,
    ]
    assert (opened.shown, opened.cursor) == (1, 4)
    save(tmp_path / "again.tutor", opened)
    assert (tmp_path / "again.tutor").read_bytes() == saved.read_bytes()


def test_branches_share_large_values_and_one_budget(saved):
    budget = Budget(2**20)
    opened = open_(saved, budget)
    main, branch = opened.runs[:2]
    assert branch.timeline.view("big", 3) is main.timeline.view("big", 3)
    assert main.timeline.budget is branch.timeline.budget is budget


def test_content_that_arrives_late_completes_its_step(tmp_path):
    with writing(tmp_path / "run.tutor") as writer:
        writer.begin("main", LAUNCH)
        writer.take(Started(123, {"device": "cpu"}))
        writer.take(Waited(0, 3))
        for step in range(1, 4):
            writer.take(frame(step, {"big": large(step, summary=False)}))
        writer.take(Completed(2, {"big": large(2)}))
        writer.take(Waited(3, 5))
    opened = open_(tmp_path / "run.tutor")
    [run] = opened.runs
    assert [run.timeline.incomplete(step) for step in (1, 2, 3)] == [["big"], [], ["big"]]
    assert (run.waits_at, run.ended, opened.cursor) == (5, None, 3)


def test_control_characters_are_escaped(tmp_path):
    run = RecordedRun("main", msgspec.structs.replace(LAUNCH, show=("t",)), Timeline())
    weird = {"a\x1b[2J": number(1.0)}
    run.timeline.append(frame(1, weird, shown=(["\x1b]0;title\x07", "two\nlines"],)))
    run.ended = Ended("raised", "script.py:1: E: \x9b31m", 1)
    save(tmp_path / "run.tutor", Recording([run]))
    [opened] = open_(tmp_path / "run.tutor").runs
    assert [*opened.timeline.values(1)] == ["a\\x1b[2J"]
    assert opened.timeline.frame(1).shown == (["\\x1b]0;title\\x07", "two\nlines"],)
    assert opened.ended.message == "script.py:1: E: \\u009b31m"


def test_many_small_steps_take_less_than_a_hundred_bytes_each(tmp_path):
    timeline = Timeline()
    for step in range(1, 20_001):
        changed = {"w" if step % 3 else "loss": tensor(step / 7)}
        timeline.append(frame(step, changed, shown=()))
    launch = msgspec.structs.replace(LAUNCH, show=())
    save(tmp_path / "run.tutor", Recording([RecordedRun("main", launch, timeline)]))
    assert (tmp_path / "run.tutor").stat().st_size < 100 * 20_000
    opened = open_(tmp_path / "run.tutor").runs[0].timeline
    assert len(opened) == 20_000
    assert opened.frame(17_777) == timeline.frame(17_777)


# Saving


def test_a_file_that_is_no_recording_is_not_overwritten(tmp_path):
    for name, content in (("notes.txt", b"mine"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RecordingError, match="is no recording, so it is not written over"):
            save(tmp_path / name, tree())
        assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize("path", ["missing/run.tutor", "file/run.tutor", "x" * 300 + ".tutor"])
def test_a_path_that_cannot_be_written_gives_one_line(tmp_path, path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError) as found:
        save(tmp_path / path, tree())
    assert str(found.value).startswith(f"{tmp_path / path} cannot be saved: ")
    assert "\n" not in str(found.value)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_keeps_the_old_recording_and_leaves_nothing_else(saved):
    before = saved.read_bytes()
    done = subprocess.run([sys.executable, "-c", FULL, str(saved)], capture_output=True, check=True)
    assert done.stdout.decode().startswith(f"{saved} cannot be saved: file too large")
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


FULL = """
import resource, signal, sys
from pathlib import Path
from tutor.history.recording.tree import RecordingError, open_, save
recording = open_(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    save(sys.argv[1], recording)
except RecordingError as error:
    print(error)
"""


def test_a_process_killed_while_saving_keeps_the_old_recording(saved):
    before = saved.read_bytes()
    process = subprocess.Popen([sys.executable, "-c", ENDLESS, str(saved)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"writing\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert saved.read_bytes() == before
    assert len(open_(saved).runs) == 4


ENDLESS = """
import sys
from itertools import count
from tutor.wire.messages import Launch
from tutor.schema.frame import Frame
from tutor.history.recording.writer import writing
with writing(sys.argv[1]) as writer:
    writer.begin("main", Launch("script.py", "x = 1"))
    for step in count(1):
        writer.take(Frame(step, 1, 0, None, "other", None, False, {}))
        if step == 10_000:
            print("writing", flush=True)
"""


def test_an_exception_while_writing_leaves_no_file(tmp_path):
    def write() -> None:
        with writing(tmp_path / "run.tutor") as writer:
            writer.begin("main", LAUNCH)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert not list(tmp_path.iterdir())


def test_a_link_stays_a_link(saved):
    link = saved.with_name("link.tutor")
    link.symlink_to(saved)
    save(link, Recording([main_run()]))
    assert link.is_symlink() and len(open_(saved).runs) == 1


# Damaged and hostile files


def use(path: Path) -> None:
    """Use a recording in every way; nothing may fail after it has opened."""
    for run in open_(path).runs:
        timeline = run.timeline
        for step in range(1, len(timeline) + 1):
            moment = timeline.at(step)
            for name in moment.values:
                view = moment.view(name)
                values.plain(view)
                values.statistics(view)
                if view.summary:
                    values.block(view.summary)
        timeline.past(len(timeline))
        timeline.iterations.window(len(timeline))
    reader = Reader(path)
    for count in range(len(reader.runs)):
        list(export._rows(reader, count))
    for as_json in (True, False):
        headless.replay(str(path), (), 2**62, as_json, io.BytesIO())


def refused(content: bytes, path: Path) -> str:
    """Return the error for a file, "" if it opens and can be used."""
    path.write_bytes(content)
    try:
        use(path)
    except RecordingError as error:
        message = str(error)
        assert message.isprintable() and len(message) < 300
        return message
    return ""


SCRATCH = Path(tempfile.mkdtemp()) / "hostile.tutor"

ONCE = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def block(payload: bytes) -> bytes:
    return struct.pack("<II", len(payload), zlib.crc32(payload)) + payload


def packed(messages: list) -> bytes:
    """Return a recording of these messages with correct checksums."""
    bodies = [m if isinstance(m, bytes) else msgspec.msgpack.encode(m) for m in messages]
    payload = b"".join(struct.pack("<I", len(body)) + body for body in bodies)
    return struct.pack("<8sI", MAGIC, VERSION) + block(payload)


def unpacked(path: Path) -> list:
    """Return the messages of a recording as lists."""
    payload, found = path.read_bytes()[20:], []
    while payload:
        size = int.from_bytes(payload[:4], "little")
        found.append(msgspec.msgpack.decode(payload[4 : 4 + size]))
        payload = payload[4 + size :]
    return found


def test_a_file_cut_off_anywhere_is_refused(saved, tmp_path):
    content = saved.read_bytes()
    for size in range(0, len(content), 7):
        message = refused(content[:size], SCRATCH)
        assert message.startswith(str(SCRATCH))
        assert "is no recording" in message if size < 8 else "cut off" in message
    assert "something after the end" in refused(
        packed([*unpacked(saved), ["waited", 8, 5]]), SCRATCH
    )


@ONCE
@given(data=st.data())
def test_a_flipped_bit_is_refused(saved, data):
    content = bytearray(saved.read_bytes())
    place = data.draw(st.integers(0, 8 * len(content) - 1))
    content[place // 8] ^= 1 << place % 8
    assert refused(bytes(content), SCRATCH)


@ONCE
@given(noise=st.binary(max_size=300), is_start_right=st.booleans(), is_block_right=st.booleans())
def test_noise_is_refused(noise, is_start_right, is_block_right):
    start = struct.pack("<8sI", MAGIC, VERSION) if is_start_right else b""
    assert refused(start + (block(noise) if is_block_right else noise), SCRATCH)


HOSTILE = [None, True, -1, 0, 1, 3, 2**31, 2**63, 2**64 - 1, 1.5, float("nan"), float("inf"), "",
           "x", "\x1b[2J", "text", "|O", "<f8", "<U4", "x" * 5000, b"", b"\0", b"9" * 5000, [],
           [[]], [-1], [2**40, 2**40], [0, 2**62, 2**62], [1] * 70, {}, {"x": None}, {"\x1b": None},
           {1: 2}, ["frame"], [None] * 40, [[[[[]]]]], {"device": "cpu"}]  # fmt: skip


@settings(ONCE, max_examples=600)
@given(data=st.data())
def test_wrong_types_and_values_are_refused_or_harmless(saved, data):
    messages = unpacked(saved)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(messages) - 1))
        owner, key = messages, place
        while isinstance(owner[key], list | dict) and owner[key] and data.draw(st.integers(0, 5)):
            owner = owner[key]
            keys = sorted(owner, key=str) if isinstance(owner, dict) else range(len(owner))
            key = data.draw(st.sampled_from(list(keys)))
        owner[key] = deepcopy(data.draw(st.sampled_from(HOSTILE)))
    refused(packed(messages), SCRATCH)


@settings(ONCE, max_examples=200)
@given(data=st.data())
def test_messages_out_of_order_are_refused_or_harmless(saved, data):
    messages = unpacked(saved)
    for _ in range(data.draw(st.integers(1, 4))):
        one = messages[data.draw(st.integers(0, len(messages) - 1))]
        place = data.draw(st.integers(0, len(messages) - 1))
        messages[place : place + data.draw(st.integers(0, 1))] = [one]
    refused(packed(messages), SCRATCH)


def view(**fields) -> list:
    form = {"kind": "tensor", "shape": [2], "dtype": "float32", "device": "cpu",
            "requires_grad": False, "stored": "<f4", "data": bytes(8), "summary": None}  # fmt: skip
    return list((form | fields).values())


def summarized(**fields) -> list:
    numbers = {"min": 0.0, "max": 1.0, "mean": 0.5, "std": 0.1, "norm": 1.0, "nonfinite": 0,
               "histogram": [1] * BINS, "rows": 1, "cols": 1, "block": bytes(4)}  # fmt: skip
    summary = list((numbers | fields).values())
    return view(shape=[100, 100], data=None, summary=summary)


@pytest.mark.parametrize(
    "wrong",
    [
        view(shape=[3]),
        view(shape=[-1, -2]),
        view(shape=[0, 2**50, 2**50], data=b""),
        view(shape=[1] * 63 + [2]),
        view(shape=[5000], data=bytes(20000)),
        view(stored="|O", data=bytes(16)),
        view(stored="<U1"),
        view(stored="(2,)<f4", shape=[1]),
        view(stored="text", data=b"1"),
        view(kind="spoon"),
        view(device="\x1b[2J"),
        view(dtype="x" * 100),
        view(kind="number", shape=[], dtype="int", stored="text", data=b"1" * 5000),
        view(kind="number", shape=[], dtype="int", stored="text", data=None),
        view(kind="number", shape=[], dtype="int", stored="text", data=b"1_0"),
        view(kind="number", shape=[], dtype="int", stored="text", data=b"\xff"),
        view(kind="number", shape=[], dtype="float", stored="text", data=b"one"),
        view(kind="number", shape=[], dtype="complex", stored="text", data=b"1j"),
        summarized(rows=65, block=bytes(4 * 65)),
        summarized(rows=-1, cols=-1),
        summarized(block=bytes(5)),
        summarized(histogram=[1] * 31),
        summarized(histogram=[0] * BINS),
        summarized(histogram=[-1] * BINS),
        summarized(nonfinite=-1),
    ],
    ids=lambda wrong: str(wrong)[:60],
)
def test_a_value_that_could_not_be_drawn_is_refused(saved, wrong):
    messages = unpacked(saved)
    place = next(n for n, message in enumerate(messages) if message[0] == "frame")
    messages[place][8]["w"] = wrong
    assert "damaged at its beginning" in refused(packed(messages), SCRATCH)


def test_the_error_for_a_damaged_file_says_up_to_where_it_is_valid(saved):
    messages = unpacked(saved)
    place = next(n for n, message in enumerate(messages) if message[:2] == ["frame", 6])
    message = refused(packed([*messages[:place], ["frame", "no"]]), SCRATCH)
    assert message.startswith(f"{SCRATCH}: damaged after step 5 (no message: ")
    assert message.endswith("): copy it again, or save it again")


def test_a_newer_format_is_not_called_damaged(saved):
    newer = MAGIC + struct.pack("<I", VERSION + 2) + b"whatever comes then"
    problem = f"was saved by a newer tutor (format {VERSION + 2}, this one reads {VERSION})"
    assert refused(newer, SCRATCH) == f"{SCRATCH} {problem}: update tutor"
    assert is_recording(SCRATCH)


DEEP, MANY = b"\x91" * 10**6, b"\xdd\xff\xff\xff\xff"


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<8sIII", MAGIC, VERSION, 2**32 - 1, 0) + b"short",
        struct.pack("<8sI", MAGIC, VERSION) + block(struct.pack("<I", 2**32 - 1) + b"short"),
        packed([MANY]),
        packed([b"\x96\xa5began\xa1x" + MANY]),
        packed([DEEP]),
        packed([b"\x92\xa5began" + DEEP]),
        packed([b"\x92\xa5frame" + b"\x81" * 10**6]),
        packed([b"\x92\xa5began\xdd" + struct.pack(">I", 2**22) + b"\x90" * 2**22]),
    ],
    ids=["block", "message", "array", "field", "deep", "deep field", "deep map", "many values"],
)
def test_false_lengths_and_deep_nesting_take_little_memory(content):
    SCRATCH.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(RecordingError):
        open_(SCRATCH)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(content) + 2**20


def test_the_memory_for_branches_of_a_long_run_is_limited(tmp_path):
    launch = Launch("script.py", "x = 1")
    with writing(tmp_path / "run.tutor") as writer:
        writer.begin("main", launch)
        for step in range(1, 2001):
            view = TensorView("tensor", (1000,), "uint8", "cpu", False, "|u1", bytes(1000))
            writer.take(Frame(step, 1, 0, None, "other", None, False, {"x": view}))
        with pytest.raises(RecordingError, match="more branches than its size allows"):
            any(writer.begin(f"branch {count}", launch, 0, 2000) for count in range(999))


def test_a_small_file_cannot_ask_for_much_memory():
    """Branches copy the steps before their fork: a thousand of them would multiply the file."""
    launch, end = Launch("script.py", "x = 1"), Ended("finished")
    steps = [Frame(step, 1, 0, None, "other", None, False, {}) for step in range(1, 9001)]
    branches = [m for n in range(999) for m in (RunHeader(f"b{n}", launch, 0, 9000), end)]
    content = packed([RunHeader("main", launch), *steps, end, *branches, Footer(1000, 9000, 0, 0)])
    SCRATCH.write_bytes(content)
    tracemalloc.start()
    message = refused(content, SCRATCH)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "more branches than its size allows" in message
    assert peak < 2**25 + 64 * len(content)


def test_a_learners_many_branches_at_the_end_of_a_run_open(tmp_path):
    launch = Launch("script.py", "x = 1")
    with writing(tmp_path / "run.tutor") as writer:
        writer.begin("main", launch)
        for step in range(1, 2001):
            writer.take(Frame(step, 1, 0, None, "other", None, False, {"x": number(step)}))
        for count in range(100):
            writer.begin(f"branch {count}", launch, 0, 2000)
            writer.take(Frame(2001, 1, 0, None, "other", None, False, {"x": number(0)}))
    assert len(open_(tmp_path / "run.tutor").runs) == 101


def test_a_file_of_empty_blocks_is_refused_at_once(saved):
    content = saved.read_bytes()
    assert refused(content + bytes(8), SCRATCH) == ""
    assert "damaged" in refused(content[:12] + bytes(16) + content[12:], SCRATCH)


def test_a_script_with_control_characters_in_its_names_is_saved(tmp_path):
    hostile = "a\x1b]0;title\x07\u202e"
    launch = Launch(hostile + ".py", "x = 1", slots={1: ((hostile, hostile),)}, show=(hostile,))
    with writing(tmp_path / "run.tutor") as writer:
        writer.begin(hostile, launch)
        writer.take(Frame(1, 1, 0, None, "other", None, False, {}, (hostile,), (hostile,)))
    opened = open_(tmp_path / "run.tutor").runs[0]
    for text in (opened.name, opened.launch.path, *opened.timeline.frame(1).slots):
        assert "\\x1b]0;title\\x07\\u202e" in text


@pytest.mark.parametrize("kind", ["folder", "pipe", "nothing"])
def test_a_path_that_is_no_file_is_refused(tmp_path, kind):
    path = tmp_path / "x.tutor"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(RecordingError, match="no such file" if kind == "nothing" else "no record"):
        open_(path)


def test_opening_takes_little_more_memory_than_the_file(tmp_path):
    """Compare the peak memory of two processes: one opens a long recording, one a short one."""
    with writing(tmp_path / "long.tutor") as writer:
        writer.begin("main", Launch("script.py", "x = 1"))
        for step in range(1, 50_001):
            writer.take(Frame(step, 1, 0, None, "other", None, False, {}))
            writer.take(Printed(step, ((1, b"x" * 50),)))
    save(tmp_path / "short.tutor", tree())
    code = (
        "import resource, sys; from tutor.history.recording.tree import open_; open_(sys.argv[1]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = [
        int(subprocess.check_output([sys.executable, "-c", code, str(tmp_path / name)]))
        for name in ("short.tutor", "long.tutor")
    ]
    unit = 1024 if sys.platform == "linux" else 1
    assert (peaks[1] - peaks[0]) * unit < 5 * (tmp_path / "long.tutor").stat().st_size + 2**24
