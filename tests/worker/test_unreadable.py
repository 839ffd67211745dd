"""Values that cannot be read are shown as that, and the script runs as under Python."""

import pytest
import torch

from tutor.schema.frame import Frame

DTYPES = sorted({str(one) for one in vars(torch).values() if isinstance(one, torch.dtype)})

OF_EVERY_DTYPE = """
    import warnings
    import torch
    warnings.simplefilter("ignore")

    def attempt(make):
        try:
            return make()
        except Exception:
            return None

    for dtype in DTYPES:
        plain = attempt(lambda: torch.zeros(4, dtype=dtype))
        raw = attempt(lambda: torch.zeros(32, dtype=torch.uint8).view(dtype))
        part = attempt(lambda: plain[1:])
        large = attempt(lambda: torch.empty(70, 70, dtype=dtype))
        parameter = attempt(lambda: torch.nn.Parameter(torch.zeros(3, dtype=dtype), False))
        model = torch.nn.Module()
        model.register_buffer("kept", attempt(lambda: torch.zeros(3, dtype=dtype)))
        with_grad = torch.ones(4, requires_grad=True)
        attempt(lambda: setattr(with_grad, "grad", raw))
        within = [plain, {"a": raw}]
        for _ in range(4):
            attempt(lambda: plain.fill_(1))
    print("the end")
    """

KINDS = """
    import tempfile
    import warnings
    import numpy as np
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode
    warnings.simplefilter("ignore")

    layouts = {name: torch.eye(4) for name in ("to_sparse", "to_sparse_csr", "to_sparse_csc")}
    coo, csr, csc = (getattr(value, name)() for name, value in layouts.items())
    bsr, bsc = torch.eye(4).to_sparse_bsr((2, 2)), torch.eye(4).to_sparse_bsc((2, 2))
    vast = torch.sparse_coo_tensor(torch.zeros(2, 1, dtype=int), torch.ones(1), (10**5, 10**5))
    parts = [torch.ones(2), torch.ones(3)]
    nested = torch.nested.nested_tensor(parts)
    jagged = torch.nested.nested_tensor(parts, layout=torch.jagged)
    meta = torch.empty(10**6, 1000, device="meta")
    with FakeTensorMode():
        fake = torch.ones(3) * 2
    leaked = []
    torch.vmap(lambda one: leaked.append(one) or one * 2)(torch.ones(3, 2))
    mapped = leaked[0]
    torch.func.grad(lambda one: leaked.append(one) or one.sum())(torch.ones(3))
    tracked = leaked[1]
    mkldnn = torch.ones(3).to_mkldnn()
    lazy = torch.nn.LazyLinear(2)
    freed = torch.ones(5)
    freed.untyped_storage().resize_(0)
    leaf = torch.ones(3, requires_grad=True)
    leaf.grad = torch.ones(3).to_sparse()
    packed = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint4x2)

    objects = np.array([object(), None])
    records = np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")])
    days, void = np.array(["2020-01-01"], dtype="datetime64[D]"), np.array(b"abc", dtype="V3")
    long = np.array([1.0], dtype=np.longdouble)
    mapping = np.memmap(tempfile.NamedTemporaryFile(), dtype="f4", mode="w+", shape=(10,))
    broadcast = np.broadcast_to(np.float64(1.0), (10**6, 10**5))

    class Unfinished(torch.nn.Module):
        def __init__(self):
            pass

    unfinished = Unfinished()
    strange = torch.nn.Module()
    strange._parameters["no tensor"] = 5
    strange._buffers[7] = torch.ones(2)
    globals()["\\ud800"] = globals()[5] = 1.0
    for number in range(55):
        pass
    print("the end")
    """

HOSTILE = """
    import numpy as np
    import torch

    def no(*args, **kwargs):
        raise ERROR("no")

    METHODS = '''__repr__ __str__ __len__ __eq__ __ne__ __getattr__ __getattribute__ __iter__
        __bool__ __format__ __float__ __int__ __index__ __array__ __call__ __contains__ __getitem__
        __del__ __dir__ __sizeof__ __reduce__ __lt__ __add__ __array_interface__'''.split()
    methods = dict.fromkeys(METHODS, no)

    class Meta(type):
        __eq__ = __hash__ = __repr__ = __instancecheck__ = __subclasscheck__ = no
        __name__ = property(no)

    whole = object.__new__(Meta("Whole", (), methods | {"__class__": property(no)}))
    number = int.__new__(type("Number", (int,), methods), 3)
    fraction = np.float64.__new__(type("Fraction", (np.float64,), methods), 3.0)
    array = np.ones(3).view(type("Array", (np.ndarray,), {"dtype": property(no)}))
    mapping = type("Mapping", (dict,), methods | {"values": no, "keys": no})()
    sequence = type("Sequence", (list,), methods)()

    class TensorMeta(type(torch.Tensor)):
        __eq__ = __hash__ = __repr__ = no
        __name__ = property(no)

    class Hidden(torch.Tensor, metaclass=TensorMeta):
        __torch_function__ = classmethod(no)
        __len__ = __eq__ = __hash__ = numel = size = stride = data_ptr = is_contiguous = detach = no
        shape = dtype = device = layout = grad = is_leaf = requires_grad = property(no)

    class Closed(torch.Tensor):
        __getattribute__ = no

    class Deaf(torch.Tensor):
        __torch_function__ = classmethod(no)

    hidden = torch.Tensor._make_subclass(Hidden, torch.ones(3))
    closed = torch.Tensor._make_subclass(Closed, torch.ones(3))
    deaf = torch.Tensor._make_subclass(Deaf, torch.ones(3), True)
    class Module(torch.nn.Module):
        __getattribute__ = no

    module = Module.__new__(Module)
    model = torch.nn.Linear(2, 2)
    model.__dict__["_parameters"] = mapping

    class Complaint(Exception):
        __str__ = __repr__ = no
        args = __notes__ = property(no)

    try:
        raise Complaint
    except Complaint:
        caught = True
    for number in range(55):
        pass
    print("the end")
    """

BOTH = pytest.mark.parametrize("operations", [None, 0])
"""Without and with the operations inside each step."""


def problems(frames: list[Frame]) -> dict[str, str]:
    """Return why values could not be read, by name."""
    found = [(name, view) for frame in frames for name, view in frame.changed.items()]
    summaries = {name: view.summary for name, view in found if view is not None}
    return {name: kept.problem for name, kept in summaries.items() if kept and kept.problem}


@BOTH
def test_no_dtype_ends_a_run_and_each_is_shown(record, operations):
    source = OF_EVERY_DTYPE.replace("DTYPES", f"[{', '.join(DTYPES)}]")
    recording = record(source, operations=operations)
    assert (recording.ended.outcome, recording.text()) == ("finished", "the end\n")
    shown = {view.dtype for frame in recording.frames for view in frame.changed.values() if view}
    assert {one.removeprefix("torch.") for one in DTYPES} <= shown


def test_a_packed_dtype_is_shown_with_the_reason(record):
    frames = record("import torch\nx = torch.empty(4, dtype=torch.uint4)\n").frames
    view = frames[1].changed["x"]
    assert (view.shape, view.dtype) == ((4,), "uint4")
    assert problems(frames)["x"].startswith("cannot be read: ")


@BOTH
def test_no_kind_of_value_ends_a_run(record, operations):
    recording = record(KINDS, operations=operations)
    assert (recording.ended.outcome, recording.text()) == ("finished", "the end\n")
    assert {"nested", "jagged", "fake", "mapped", "freed"} <= problems(recording.frames).keys()


@BOTH
@pytest.mark.parametrize(
    "error",
    ["ValueError", "BaseException", "KeyboardInterrupt", "RecursionError", "SystemExit"],
)
def test_values_whose_every_method_raises_end_no_run(record, operations, error):
    recording = record(HOSTILE.replace("ERROR", error), operations=operations)
    assert (recording.ended.outcome, recording.text()) == ("finished", "the end\n")
    assert {"hidden", "closed"} <= problems(recording.frames).keys()


def test_a_value_that_becomes_readable_is_shown(record):
    frames = record(
        """
        import torch
        layer = torch.nn.LazyLinear(1, bias=False)
        layer(torch.ones(1, 3))
        """
    ).frames
    assert "uninitialized" in problems(frames[:2])["layer.weight"]
    assert frames[2].changed["layer.weight"].data is not None


def test_the_alarm_of_a_script_is_not_taken_for_a_value_that_cannot_be_read(record):
    """The alarm rings while the recorder looks at a value."""
    recording = record(
        """
        import signal
        import torch

        class Slow(torch.Tensor):
            @property
            def shape(self):
                if not rung:
                    signal.raise_signal(signal.SIGALRM)
                return torch.Size([3])

        rung = []

        def ring(number, frame):
            rung.append(number)
            raise TimeoutError("it rang")

        signal.signal(signal.SIGALRM, ring)
        try:
            slow = torch.ones(3).as_subclass(Slow)
        except TimeoutError as error:
            print(error)
        """
    )
    assert recording.text() == "it rang\n"


@pytest.mark.parametrize("error", ["ValueError", "KeyboardInterrupt", "SystemExit"])
@pytest.mark.parametrize("method", ["__repr__", "__str__", "__eq__", "__class__"])
def test_an_exit_with_a_hostile_value_is_an_exit(record, method, error):
    ended = record(
        f"""
        import sys

        def no(*args):
            raise {error}("no")

        method = property(no) if "{method}" == "__class__" else no
        sys.exit(type("Code", (), {{"{method}": method}})())
        """
    ).ended
    assert (ended.outcome, ended.line) == ("raised", 7)
    assert "sys.exit" in ended.message


@pytest.mark.parametrize(
    ("code", "outcome", "written"),
    [
        ("None", "finished", ""),
        ("False", "finished", ""),
        ("True", "raised", ""),
        ("7", "raised", ""),
        ("2.5", "raised", "2.5\n"),
        ("'no data'", "raised", "no data\n"),
        ("['no', 'data']", "raised", "['no', 'data']\n"),
    ],
)
def test_an_exit_writes_its_value_as_python_does(record, code, outcome, written):
    ended = record(f"import sys\nsys.exit({code})\n").ended
    assert (ended.outcome, ended.traceback) == (outcome, written)


@pytest.mark.parametrize("raising", ["raise ValueError(text)", "import sys; sys.exit(text)"])
def test_a_text_of_100_megabytes_is_cut(record, raising):
    ended = record(f"text = 'x' * 10**8\n{raising}\n").ended
    assert ended.outcome == "raised"
    assert len(ended.message) < 10_000
    assert len(ended.traceback) < 2**20


def test_an_exception_that_cannot_be_printed_ends_its_script_with_one_line(record):
    ended = record(
        """
        class Closed(BaseException):
            def __getattribute__(self, name):
                raise KeyError(name)

        raise Closed
        """
    ).ended
    assert (ended.outcome, ended.line) == ("raised", 5)
    assert "script.py:5: Closed: cannot be read" in ended.message


def test_a_tensor_that_cannot_be_read_changes_no_figure(record):
    """A digest of equal runs is equal, and so is everything else."""
    source = """
        import torch
        packed = torch.empty(4, dtype=torch.uint4)
        w = torch.ones(2, requires_grad=True)
        for i in range(30):
            loss = (w * i).sum()
            loss.backward()
        """

    def figures(**options):
        frames = record(source, **options).frames
        return [repr((frame.line, frame.loss, frame.phase, frame.changed)) for frame in frames]

    assert figures() == figures(operations=0)


def test_a_tensor_that_turns_hostile_later_is_shown_as_that(record):
    recording = record(
        """
        import torch

        def no(*args):
            raise ValueError("no more")

        class Hostile(torch.Tensor):
            shape = property(no)
            stride = data_ptr = no

        x = torch.ones(3)
        y = torch.ones(3)
        x.__class__ = Hostile
        y += 1
        print("the end")
        """
    )
    assert recording.text() == "the end\n"
    assert problems(recording.frames) == {"x": "cannot be read: no more"}
    assert "y" in recording.frames[6].changed
