"""Explanations of values and gradients, from runs of the engine and from hand-made operations."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.conftest import Recording
from tutor.insight.calculus.local import as_float64
from tutor.insight.explain.explanation import Explanation, Origin
from tutor.insight.explain.why import (
    explain_gradient,
    explain_value,
    expression,
    gradient_formula,
    merge,
)
from tutor.insight.explain.wording import format_value
from tutor.schema import values
from tutor.schema.frame import Edge, Operation, TensorView

Record = Callable[..., Recording]


class Known:
    """The operations of a recording up to its last backward pass."""

    def __init__(self, recording: Recording) -> None:
        assert recording.ended.outcome == "finished", recording.ended.message
        forwards: list[Operation] = []
        self.labels: dict[int, str] = {}
        self.operations: dict[int, Operation] = {}
        for frame in recording.frames:
            if frame.inside is None:
                continue
            forwards += frame.inside.operations
            self.labels.update({id: name for name, id in frame.inside.made.items()})
            if any(one.order is not None for one in frame.inside.operations):
                self.operations = merge(forwards, frame.inside.operations)
                self.walked = [one for one in frame.inside.operations if one.order is not None]
        self.operations = self.operations or merge(forwards)

    def id(self, name: str) -> int:
        """Return the id of the operation that computed a name of the script, or has this name."""
        named = [id for id, label in self.labels.items() if label == name]
        own = [one.id for one in self.operations.values() if one.name == name]
        return [*named, *own][-1]

    def value(self, name: str) -> Explanation:
        return explain_value(self.id(name), self.operations, self.labels)

    def gradient(self, name: str) -> Explanation:
        return explain_gradient(self.id(name), self.operations, self.labels)

    def chain(self, leaf: str, root: str = "loss") -> str | None:
        return gradient_formula(self.id(leaf), self.id(root), self.operations, self.labels)


def explain(origin: Origin, known: Known) -> Explanation:
    """Explain a value or gradient that an earlier explanation leads to."""
    answer = explain_gradient if origin.is_gradient else explain_value
    return answer(origin.id, known.operations, known.labels, origin.number)


@pytest.fixture
def known(record: Record) -> Callable[[str], Known]:
    return lambda source: Known(record(source, operations=0))


LINE = """
    import torch
    x = torch.tensor([1.0, 2.0, 3.0])
    y = 2 * x
    w = torch.tensor(1.0, requires_grad=True)
    b = torch.tensor([0.5], requires_grad=True)
    loss = ((w * x + b - y) ** 2).mean()
    loss.backward()
"""

NETWORK = """
    import torch
    torch.manual_seed(0)
    x, y = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
    net = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3))
    logits = net(x)
    loss = torch.nn.functional.cross_entropy(logits, y)
    loss.backward()
"""

MANY = """
    import torch
    torch.manual_seed(0)
    p = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    a, c = p[:2].unbind()
    m = torch.randn(3, 3) @ p
    s = p.max(dim=0).values * p.std() + torch.softmax(p, 0)[1] + p.norm() + m.sum()
    loss = a * a * c * s
    loss.backward()
"""


# Values


def test_a_value_is_explained_by_its_formula(known):
    run = known(LINE)
    assert expression(run.id("loss"), run.operations, run.labels) == "mean((w·x + b − y)²)"


def test_a_formula_stops_at_values_that_have_a_name(known):
    run = known("""
        import torch
        w = torch.ones(2, requires_grad=True)
        miss = w * 3 - 1
        loss = (miss ** 2).sum()
    """)
    assert expression(run.id("loss"), run.operations, run.labels) == "sum(miss²)"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("w - (x - w)", "w − (x − w)"),
        ("w - x + w", "w − x + w"),
        ("(w + x) * (w - x)", "(w + x)·(w − x)"),
        ("w / (x * w)", "w/(x·w)"),
        ("w / x * w", "w/x·w"),
        ("-w ** 2", "−w²"),
        ("(-w) ** 2", "(−w)²"),
        ("w ** 2 ** 2", "w⁴"),
        ("(w ** 2) ** 3", "(w²)³"),
        ("w ** 0.5", "w^0.5"),
        ("2 ** w", "2^w"),
        ("1 - w", "1 − w"),
        ("w * -1", "w·(−1)"),
        ("(w * x) @ w", "(w·x) @ w"),
        ("w @ x * 2", "(w @ x)·2"),
        ("torch.exp(w).sum(dim=0)", "sum(exp(w), dim=0)"),
        ("w[1:] * 2", "w[1:]·2"),
        ("(w >= 0) * w", "(w ≥ 0)·w"),
        ("torch.add(w, x, alpha=2)", "w + 2·x"),
        ("w.view(2, 1).T", "view(w, 2, 1)ᵀ"),
        ("torch.nn.functional.mse_loss(w, x)", "MseLoss(w, x)"),
        ("torch.cat([w, x])", "cat([w, x])"),
    ],
)
def test_a_formula_has_the_brackets_that_it_needs(known, code, text):
    run = known(f"""
        import torch
        x = torch.ones(2)
        w = torch.ones(2, requires_grad=True)
        z = {code}
    """)
    assert expression(run.id("z"), run.operations, run.labels) == text


def test_a_long_formula_leaves_out_the_innermost_operations(known):
    run = known(LINE)
    short = expression(run.id("loss"), run.operations, run.labels, limit=16)
    assert short == "mean((… − y)²)"


def chain(length: int) -> dict[int, Operation]:
    """Return the operations of `x + 1 + 1 …`."""
    made = {1: Operation(1, "leaf", "x", 1, "", (), "", (view(1.0, True),))}
    for id in range(2, length + 2):
        made[id] = Operation(
            id, "operation", "add", 1, "", (id - 1,), "add(_0, 1)", (view(float(id), True),)
        )
    return made


def view(value: object, requires_grad: bool = False, dtype: str = "float32") -> TensorView:
    found = np.array(value, dtype=dtype)
    return TensorView(
        "tensor", found.shape, dtype, "cpu", requires_grad, found.dtype.str, found.tobytes()
    )


def test_a_chain_of_20000_operations_is_explained():
    operations = chain(20_000)
    text = expression(20_001, operations, {})
    assert text.startswith("… + 1 + 1")
    assert len(text) <= 60
    assert explain_value(20_001, operations, {}).inputs[0].id == 20_000
    assert explain_gradient(20_001, operations, {}).note == "no backward pass came here"
    assert gradient_formula(1, 20_001, operations, {}) is None


def test_the_formula_of_a_value_used_twice_at_every_step_stays_short():
    operations = {1: Operation(1, "leaf", "x", 1, "", (), "", (view(1.0, True),))}
    for id in range(2, 60):
        inputs = (id - 1, id - 1)
        operations[id] = Operation(
            id, "operation", "add", 1, "", inputs, "add(_0, _1)", (view(1.0, True),)
        )
    assert len(expression(59, operations, {})) <= 60
    assert gradient_formula(1, 59, operations, {}) is None


def test_a_value_is_explained_with_its_numbers_and_its_inputs(known):
    found = known(LINE).value("loss")
    assert found.formula == "mean((w·x + b − y)²)"
    assert found.numbers == "mean((1·[1, 2, 3] + [0.5] − [2, 4, 6])²)"
    assert [(one.label, format_value(one.view)) for one in found.inputs] == [
        ("(w·x + b − y)²", "[0.25, 2.25, 6.25]")
    ]
    assert found.rows[0].numbers == f"{found.numbers} = 2.91667"


def test_following_a_value_reaches_its_leaves(known):
    run = known(LINE)
    waiting, met = [run.value("loss").of], set()
    while waiting:
        found = explain(waiting.pop(), run)
        met.add(found.of.label)
        waiting += [row.leads_to for row in found.rows if row.leads_to]
    assert {"w", "b", "x", "y", "w·x"} <= met


def test_large_values_are_not_written_into_a_formula(known):
    run = known("""
        import torch
        w = torch.ones(30, requires_grad=True)
        z = w * 2
    """)
    assert run.value("z").numbers == ""
    assert run.value("z").rows[0].numbers == "30, mean 2"


@pytest.mark.parametrize(
    ("kind", "name", "note"),
    [
        ("leaf", "w", "a leaf: the script made it"),
        ("library", "SGD.step", "SGD.step did this"),
        ("unknown", "Mine", "computed where nothing could be recorded (node Mine)"),
        ("data", "x", "data: it needs no gradient, and how it was made was not recorded"),
        ("part", "t", "a node that torch put inside an operation (t)"),
    ],
)
def test_a_value_without_a_call_has_a_note(kind, name, note):
    operations = {1: Operation(1, kind, name, 1, "", (), "", (view(1.0),))}
    assert explain_value(1, operations, {}).note == note


def test_an_operation_that_was_not_recorded_has_a_note():
    assert explain_value(7, {}, {}).note == "not recorded"
    assert explain_gradient(7, {}, {}).note == "not recorded"


# Gradients


@pytest.mark.parametrize("source", [LINE, NETWORK, MANY], ids=["line", "network", "many"])
def test_the_terms_of_every_gradient_add_up_to_it(known, source):
    run = known(source)
    with_terms = 0
    for one in run.walked:
        for number, grad in enumerate(one.grads):
            found = explain_gradient(one.id, run.operations, run.labels, number)
            if not found.terms:
                assert found.note.startswith("backward() began here") or grad is None
                continue
            with_terms += 1
            assert not found.note
            total = sum(as_float64(term.contribution) for term in found.terms)
            np.testing.assert_allclose(total, as_float64(grad), rtol=1e-5)
    assert with_terms > 5


@pytest.mark.parametrize("source", [LINE, NETWORK, MANY], ids=["line", "network", "many"])
def test_every_term_of_these_runs_has_a_derivative(known, source):
    run = known(source)
    for one in run.walked:
        if one.kind == "part":
            continue
        for number in range(len(one.grads)):
            for term in explain_gradient(one.id, run.operations, run.labels, number).terms:
                assert term.derivative, (one.name, term.formula)


def test_a_term_has_its_consumer_and_its_factor(known):
    found = known(LINE).gradient("w")
    (term,) = found.terms
    assert term.consumer.label == "∂loss/∂(w·x)"
    assert term.consumer.is_gradient
    assert term.derivative == "x"
    assert term.formula == "Σ x·∂loss/∂(w·x)"
    assert term.numbers == "Σ [1, 2, 3]·[-0.333333, -1, -1.66667] = -7.33333".replace("-", "−", 3)
    assert [one.label for one in term.inputs] == ["x"]
    np.testing.assert_array_equal(term.local, [1, 2, 3])


def test_following_a_gradient_reaches_the_root_of_the_pass(known):
    run = known(LINE)
    origin = run.gradient("w").of
    labels = []
    while origin is not None:
        found = explain(origin, run)
        labels.append(found.of.label)
        origin = next((one.consumer for one in found.terms), None)
    assert labels[0] == "∂loss/∂w"
    assert labels[-1] == "∂loss/∂loss"
    assert len(labels) == 6
    assert found.note == "backward() began here, with 1"


def test_a_linear_layer_is_explained_as_one_operation(known):
    found = known(NETWORK).gradient("net.2.weight")
    (term,) = found.terms
    assert term.via == ("t",)
    assert term.consumer.label == "∂loss/∂logits"
    assert term.derivative == "gᵀ @ tanh(x @ net.0.weightᵀ + net.0.bias)"


def test_cross_entropy_is_explained_as_one_operation(known):
    (term,) = known(NETWORK).gradient("logits").terms
    assert term.via == ("LogSoftmax",)
    assert term.consumer.label == "∂loss/∂loss"
    assert term.derivative == "(softmax(logits) − onehot(y))/n"


def test_several_outputs_of_one_operation_are_distinguished(known):
    run = known(MANY)
    unbound = run.id("unbind")
    first = explain_gradient(unbound, run.operations, run.labels, 0)
    second = explain_gradient(unbound, run.operations, run.labels, 1)
    assert [len(first.terms), len(second.terms)] == [2, 1]
    assert first.of.label != second.of.label


def test_a_leaf_shows_its_grad_before_the_pass(known):
    run = known("""
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        (w * 2).backward()
        loss = w * w
        loss.backward()
    """)
    found = run.gradient("w")
    assert [row.numbers for row in found.rows if row.label == ".grad"] == ["2 + 6 = 8"]
    assert [term.numbers for term in found.terms] == ["3·1 = 3", "3·1 = 3"]


def test_gradients_of_an_earlier_pass_are_left_out(known):
    run = known("""
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        for _ in range(3):
            loss = w * 2
            loss.backward()
    """)
    assert len(run.gradient("w").terms) == 1


def test_a_hook_that_changes_a_gradient_is_noticed(known):
    run = known("""
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        z = w * 2
        z.register_hook(lambda grad: grad * 10)
        loss = z * 5
        loss.backward()
    """)
    assert "do not add up" in run.gradient("z").note


def test_an_operation_without_a_rule_has_no_derivative(known):
    run = known("""
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        loss = w.cumsum(0).sum()
        loss.backward()
    """)
    (term,) = run.gradient("w").terms
    assert term.derivative is None
    assert "not known" in term.formula
    assert term.numbers == "[2, 1]"
    assert run.chain("w") is None


def test_a_rule_that_torch_contradicts_is_not_shown():
    x = Operation(1, "leaf", "x", 1, "", (), "", (view(3.0, True),), 1, (view(5.0),))
    square = Operation(2, "operation", "pow", 1, "", (1,), "pow(_0, 2)", (view(9.0, True),), 0,
                       (view(1.0),), (Edge(1, 0, view(5.0)),))  # fmt: skip
    found = explain_gradient(1, {1: x, 2: square}, {2: "loss"})
    assert found.terms[0].derivative is None


def test_a_hook_on_a_node_that_changes_what_a_reshape_passes_on_is_noticed(known):
    run = known("""
        import torch
        w = torch.ones(4, requires_grad=True)
        square = w.view(2, 2)
        square.grad_fn.register_hook(lambda passed, arrived: (passed[0] * 10,))
        loss = square.sum()
        loss.backward()
    """)
    (term,) = run.gradient("w").terms
    assert term.derivative is None


def test_a_large_expanded_value_has_a_derivative(known):
    run = known("""
        import torch
        w = torch.ones(1, requires_grad=True)
        loss = w.expand(5000).sum()
        loss.backward()
    """)
    (term,) = run.gradient("w").terms
    assert term.derivative == "the same numbers, put back"


def test_a_weight_that_is_used_thousands_of_times_has_fifty_terms():
    leaf = Operation(1, "leaf", "w", 1, "", (), "", (view(2.0, True),), 9, (view(3e3),))
    operations = {1: leaf}
    for id in range(2, 3002):
        operations[id] = Operation(
            id, "operation", "mul", 1, "", (1,), "mul(_0, 1)", (view(2.0, True),), 0,
            (view(1.0),), (Edge(1, 0, view(1.0)),))  # fmt: skip
    found = explain_gradient(1, operations, {})
    assert found.formula == "Σ of 3,000 terms"
    assert found.note == "and 2,950 more terms"


# The chain rule in a line


def test_the_chain_rule_of_a_linear_fit_is_written_in_standard_notation(known):
    run = known(LINE)
    assert run.chain("w") == "∂loss/∂w = Σ 2·(w·x + b − y)/3·x"
    assert run.chain("b") == "∂loss/∂b = Σ 2·(w·x + b − y)/3"


def test_the_chain_rule_of_matrices_is_a_product_of_matrices(known):
    run = known("""
        import torch
        x, y = torch.randn(6, 4), torch.randn(6, 2)
        w1 = torch.randn(4, 3, requires_grad=True)
        w2 = torch.randn(3, 2, requires_grad=True)
        h = x.mm(w1)
        a = h.clamp(min=0)
        loss = (a.mm(w2) - y).pow(2).sum()
        total = a.mm(w2).sum()
    """)
    assert run.chain("w2") == "∂loss/∂w2 = aᵀ @ (2·(a @ w2 − y))"
    assert run.chain("w1") == "∂loss/∂w1 = xᵀ @ (((2·(a @ w2 − y)) @ w2ᵀ)·[0 ≤ h])"
    assert run.chain("w2", "total") == "∂total/∂w2 = aᵀ @ ones(6×2)"


def test_several_paths_are_added(known):
    run = known("""
        import torch
        w = torch.tensor(3.0, requires_grad=True)
        loss = w * w + w.exp() - w
    """)
    assert run.chain("w") == "∂loss/∂w = w + w + exp(w) − 1"


@pytest.mark.parametrize(
    "code",
    [
        "w.sum() + w.mean() + w.exp().sum() + w.sin().sum() + w.cos().sum()",
        "w * 2",
        "w.detach().sum()",
        "(w * 2)[0]",
        "sum(torch.log(w.exp() * i + w.sin().sum() * 0.25 + i).sum() for i in range(1, 4))",
    ],
)
def test_a_chain_rule_that_does_not_fit_into_a_line_is_left_out(known, code):
    run = known(f"""
        import torch
        w = torch.ones(3, requires_grad=True)
        loss = {code}
    """)
    assert run.chain("w") is None


def test_the_chain_rule_in_numbers_is_torchs_gradient(known):
    run = known(LINE)
    w, b = 1.0, 0.5
    x = np.array([1.0, 2.0, 3.0])
    expected = (2 * (w * x + b - 2 * x) / 3 * x).sum()
    found = run.operations[run.id("w")].grads[0]
    assert values.array(found) == pytest.approx(expected)


# Numbers as text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 / 3, "0.333333"),
        ([1, 2, 3], "[1, 2, 3]"),
        ([[1, 2], [3, 4]], "[[1, 2], [3, 4]]"),
        ([-0.0], "[0]"),
        (np.full((15, 1), 0.3), "15×1, mean 0.3"),
        (np.zeros((0, 3)), "[]"),
    ],
)
def test_a_value_is_formatted_in_few_characters(value, text):
    assert format_value(view(value)) == text


def test_a_value_that_was_not_kept_is_formatted_by_its_shape():
    bare = TensorView("tensor", (5000,), "float32", "cpu", False, "<f4", None)
    assert format_value(bare) == "5000, not kept"
    assert format_value(None) == "not known"
