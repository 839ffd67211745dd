"""Every rule gives the same gradient as torch's autograd."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tutor.insight.calculus.calls import parse
from tutor.insight.calculus.derivatives import RULES, derive
from tutor.insight.calculus.formula import Formula
from tutor.insight.calculus.local import Derivative, Operand
from tutor.insight.calculus.rearrange import CASTS, JOINS, PUT_BACK, REARRANGING
from tutor.schema.frame import Operation, TensorView

NAMES = "abcd"


def view(value: Tensor) -> TensorView:
    value = value.detach()
    kept = value.numpy()
    return TensorView(
        "tensor",
        tuple(value.shape),
        str(value.dtype).removeprefix("torch."),
        "cpu",
        False,
        kept.dtype.str,
        np.ascontiguousarray(kept).tobytes(),
    )


FUNCTIONS = {
    "torch": torch,
    "slice": slice,
    "dropout": functional.dropout,
    "relu": functional.relu,
    "softmax": functional.softmax,
    "index": lambda x, at: x[at],
    "sub": lambda x, y, **how: torch.sub(torch.as_tensor(x), y, **how),
    "div": lambda x, y, **how: torch.div(torch.as_tensor(x), y, **how),
    "where": lambda x, y, z: x.where(y, z) if y.dtype == torch.bool else torch.where(x, y, z),
    "pow": torch.pow,
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "vector_norm": torch.linalg.vector_norm,
    "linalg_vector_norm": torch.linalg.vector_norm,
    "BinaryCrossEntropy": functional.binary_cross_entropy,
    "BinaryCrossEntropyWithLogits": functional.binary_cross_entropy_with_logits,
    "CrossEntropy": functional.cross_entropy,
    "HuberLoss": functional.huber_loss,
    "L1Loss": functional.l1_loss,
    "LeakyRelu": functional.leaky_relu,
    "LogSigmoid": functional.logsigmoid,
    "LogSoftmax": functional.log_softmax,
    "MseLoss": functional.mse_loss,
    "NllLoss": functional.nll_loss,
    "SmoothL1Loss": functional.smooth_l1_loss,
}


class Torch(dict):
    """Finds the torch functions that a call's text names, so that the test runs what it derives."""

    def __missing__(self, name):
        places = (torch.Tensor, torch, functional)
        return FUNCTIONS.get(name) or next(
            getattr(place, name) for place in places if hasattr(place, name)
        )


def run(call: str, inputs: list[Tensor]) -> tuple[Operation, list[Tensor]]:
    found = eval(call, Torch({f"_{i}": one for i, one in enumerate(inputs)}))
    outputs = found if isinstance(found, tuple | list) else [found]
    name = call.partition("(")[0]
    ids = tuple(range(1, len(inputs) + 1))
    made = Operation(9, "operation", name, 1, "", ids, call, tuple(map(view, outputs)))
    return made, outputs


def derived(call: str, inputs: list[Tensor], index: int = 0) -> tuple[Derivative | None, list]:
    operation, outputs = run(call, inputs)
    operands = [Operand(Formula(name), view(one)) for name, one in zip(NAMES, inputs, strict=False)]
    return derive(operation, index, operands), outputs


def drawn(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def positive(*shape: int) -> Tensor:
    return torch.rand(shape, dtype=torch.float64) * 0.8 + 0.1


KINKS = torch.tensor([-2.0, -1.0, 0.0, 0.0, 1.0, 6.0, 7.0], dtype=torch.float64)
CLASSES = torch.tensor([2, 0, 1])
FLAGS = torch.tensor([True, False, True])

CASES = [
    # Arithmetic, with broadcasting both ways and 0-d tensors
    *[
        (f"{name}(_0, _1)", (drawn(*one), drawn(*other) + 3))
        for name in ("add", "sub", "rsub", "mul", "div", "maximum", "minimum", "max", "min")
        for one, other in [((3,), (3,)), ((1,), (3,)), ((2, 3), (3,)), ((), (2, 1)), ((2, 1), (4,))]
    ],
    ("add(_0, _1, alpha=3)", (drawn(3), drawn(3))),
    ("sub(_0, 2, alpha=0.5)", (drawn(3),)),
    ("add_(_0, 1)", (drawn(3),)),
    ("sub(1, _0)", (drawn(3),)),
    ("mul(_0, 2.5)", (drawn(),)),
    ("div(_0, 4)", (drawn(2, 2),)),
    ("div(3, _0)", (drawn(2, 2),)),
    *[(f"pow(_0, {power})", (drawn(3),)) for power in (0, 1, 2, 3, -1, -2)],
    *[(f"pow(_0, {power})", (positive(3),)) for power in (0.5, -1.5, 2.0)],
    ("pow(_0, 2)", (KINKS,)),
    ("pow(_0, 0)", (KINKS,)),
    ("pow(_0, _1)", (positive(3), drawn(2, 1))),
    ("pow(2, _0)", (drawn(3),)),
    ("reciprocal(_0)", (drawn(3),)),
    ("neg(_0)", (drawn(3),)),
    ("square(_0)", (drawn(),)),
    *[(f"{name}(_0)", (positive(2, 3),)) for name in (
        "exp", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "sin", "cos", "tan",
        "sinh", "cosh", "tanh", "asin", "acos", "atan", "sigmoid", "abs")],
    *[(f"{name}(_0)", (KINKS,)) for name in (
        "abs", "relu", "relu6", "hardtanh", "LeakyRelu", "elu", "sigmoid", "tanh", "softplus",
        "silu", "gelu", "LogSigmoid")],
    ("relu(_0, inplace=False)", (drawn(3),)),
    ("relu_(_0)", (drawn(3),)),
    ("LeakyRelu(_0, negative_slope=0.2, inplace=False)", (KINKS,)),
    ("elu(_0, alpha=0.5)", (KINKS * 200,)),
    ("sigmoid(_0)", (KINKS * 400,)),
    ("hardtanh(_0, -1.0, 6)", (KINKS,)),
    ("softplus(_0, beta=2)", (drawn(4),)),
    ("clamp(_0, min=0)", (KINKS,)),
    ("clamp(_0, 0, 6)", (KINKS,)),
    ("clip(_0, max=1)", (KINKS,)),
    ("clamp(_0, _1, _2)", (drawn(5), drawn(1) - 1, drawn(1) + 2)),
    ("clamp_min(_0, 0)", (KINKS,)),
    ("clamp_max(_0, 1)", (KINKS,)),
    ("maximum(_0, _1)", (KINKS, torch.zeros_like(KINKS))),
    ("where(_0, _1, _2)", (FLAGS, drawn(3), drawn(1))),
    ("where(_0, _1, _2)", (drawn(3), FLAGS, drawn(2, 3))),
    ("where(_0, _1, 0.0)", (FLAGS, drawn(2, 1))),
    ("dropout(_0, p=0.4, training=True, inplace=False)", (drawn(4, 5),)),
    ("dropout(_0, 0.5, False)", (KINKS,)),
    ("softmax(_0, dim=1, _stacklevel=3)", (drawn(2, 3),)),
    ("softmax(_0, -2)", (drawn(2, 3, 2),)),
    ("LogSoftmax(_0, dim=-1)", (drawn(2, 3),)),
    ("log_softmax(_0, 0)", (drawn(3),)),
    # Reductions
    *[
        (f"{name}(_0{how})", (drawn(2, 3, 4),))
        for name in ("sum", "mean", "var", "std", "norm", "amax", "amin")
        for how in ("", ", dim=1", ", dim=-1, keepdim=True", ", dim=(0, 2)")
    ],
    *[(f"{name}(_0)", (drawn(),)) for name in ("sum", "mean", "max", "min", "norm")],
    *[
        (f"{name}(_0{how})", (drawn(2, 3),))
        for name in ("max", "min")
        for how in ("", ", 1", ", dim=-2, keepdim=True")
    ],
    ("max(_0)", (KINKS.clamp(max=1),)),
    ("amax(_0, axis=0)", (KINKS.clamp(max=1),)),
    ("sum(_0, axis=1)", (drawn(2, 3),)),
    ("var(_0, False)", (drawn(5),)),
    ("std(_0, dim=0, unbiased=False)", (drawn(5, 2),)),
    ("var(_0, dim=0, correction=0)", (drawn(5, 2),)),
    ("norm(_0, p='fro', dim=1, keepdim=False)", (drawn(5, 2),)),
    ("norm(_0, 1)", (drawn(5, 2),)),
    ("norm(_0, 2)", (torch.zeros(3, dtype=torch.float64),)),
    ("vector_norm(_0, 2, 0)", (drawn(5, 2),)),
    ("linalg_vector_norm(_0)", (drawn(5, 2),)),
    ("logsumexp(_0, 1)", (drawn(5, 2),)),
    ("logsumexp(_0, dim=0, keepdim=True)", (drawn(5, 2),)),
    # Matrices
    *[
        ("matmul(_0, _1)", (drawn(*one), drawn(*other)))
        for one, other in [
            ((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((5, 2, 3), (3, 4)),
            ((5, 2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2)),
        ]
    ],
    ("mm(_0, _1)", (drawn(2, 3), drawn(3, 4))),
    ("mv(_0, _1)", (drawn(2, 3), drawn(3))),
    ("dot(_0, _1)", (drawn(3), drawn(3))),
    ("bmm(_0, _1)", (drawn(2, 3, 1), drawn(2, 1, 4))),
    ("linear(_0, _1, _2)", (drawn(5, 3), drawn(2, 3), drawn(2))),
    ("linear(_0, _1)", (drawn(4, 5, 3), drawn(2, 3))),
    ("linear(_0, _1, _2)", (drawn(4, 5, 3), drawn(2, 3), drawn(2))),
    ("linear(_0, _1, _2)", (drawn(3), drawn(2, 3), drawn(2))),
    ("linear(_0, _1, bias=_2)", (drawn(1, 3), drawn(2, 3), drawn(2))),
    ("addmm(_0, _1, _2)", (drawn(2, 4), drawn(2, 3), drawn(3, 4))),
    ("addmm(_0, _1, _2, beta=2, alpha=0.5)", (drawn(4), drawn(2, 3), drawn(3, 4))),
    # Losses
    *[
        (f"{name}(_0, _1, reduction='{reduction}')", (drawn(2, 3), drawn(2, 3)))
        for name in ("MseLoss", "L1Loss", "SmoothL1Loss", "HuberLoss")
        for reduction in ("mean", "sum", "none")
    ],
    ("MseLoss(_0, _1)", (drawn(2, 3), drawn(2, 3))),
    ("MseLoss(_0, _1)", (drawn(), drawn())),
    ("SmoothL1Loss(_0, _1, beta=0.3)", (drawn(9), drawn(9))),
    ("HuberLoss(_0, _1, delta=0.3)", (drawn(9), drawn(9))),
    *[
        (f"BinaryCrossEntropy(_0, _1, reduction='{reduction}')", (positive(4), FLAGS_4))
        for FLAGS_4 in [torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.float64)]
        for reduction in ("mean", "sum", "none")
    ],
    *[
        (f"BinaryCrossEntropyWithLogits(_0, _1, reduction='{how}')", (drawn(4), positive(4)))
        for how in ("mean", "sum", "none")
    ],
    *[
        (f"{name}(_0, _1, reduction='{reduction}')", (drawn(3, 4), CLASSES))
        for name in ("CrossEntropy", "NllLoss")
        for reduction in ("mean", "sum", "none")
    ],
    ("CrossEntropy(_0, _1)", (drawn(4), torch.tensor(2))),
    ("CrossEntropy(_0, _1, reduction='none')", (drawn(4), torch.tensor(2))),
    ("CrossEntropy(_0, _1)", (drawn(3, 4, 2), torch.randint(4, (3, 2)))),
    ("CrossEntropy(_0, _1, reduction='none')", (drawn(3, 4, 2), torch.randint(4, (3, 2)))),
    ("CrossEntropy(_0, _1, ignore_index=0, label_smoothing=0.0)", (drawn(3, 4), CLASSES)),
    ("NllLoss(_0, _1, ignore_index=0)", (drawn(3, 4), CLASSES)),
]  # fmt: skip

REARRANGED = [
    *[
        (f"{how}", (drawn(2, 3, 4),))
        for how in (
            "view(_0, 6, 4)", "view(_0, (2, -1))", "reshape(_0, -1)", "flatten(_0)",
            "flatten(_0, start_dim=1)", "ravel(_0)", "unsqueeze(_0, -1)", "squeeze(_0)",
            "transpose(_0, 0, -1)", "swapaxes(_0, 0, 1)", "swapdims(_0, 0, 1)",
            "permute(_0, 2, 0, 1)", "permute(_0, (2, 0, 1))", "mT(_0)", "adjoint(_0)",
            "repeat(_0, 2, 1, 1, 3)", "flip(_0, 0, 2)", "flip(_0, [1])", "clone(_0)",
            "unflatten(_0, 2, (2, 2))", "expand(_0, 5, -1, -1, 4)", "narrow(_0, 1, 1, 2)",
            "select(_0, 2, 1)", "index(_0, 1)", "index(_0, -1)", "index(_0, (..., 0))",
            "index(_0, (slice(None, None, None), slice(0, 2, None)))",
            "index(_0, (None, 1, ...))", "index(_0, ([0, 1], [2, 2]))", "index(_0, ...)",
            "unbind(_0)", "unbind(_0, dim=1)", "split(_0, 2, dim=2)", "split(_0, 3, -1)",
            "split(_0, [1, 3], dim=2)", "chunk(_0, 2, dim=1)",
        )
    ],
    ("contiguous(_0)", (drawn(3, 2).T,)),
    ("to(_0, torch.float64, copy=True)", (drawn(3, 2),)),
    ("double(_0)", (drawn(3, 2),)),
    ("cpu(_0)", (drawn(3, 2),)),
    ("T(_0)", (drawn(3, 2),)),
    ("t(_0)", (drawn(3),)),
    ("squeeze(_0, 1)", (drawn(3, 1, 1),)),
    ("squeeze(_0, dim=(0, 2))", (drawn(3, 1, 1),)),
    ("flatten(_0)", (drawn(),)),
    ("expand(_0, (2, 3))", (drawn(3),)),
    ("expand_as(_0, _1)", (drawn(1, 3), drawn(2, 3))),
    ("view_as(_0, _1)", (drawn(2, 3), drawn(6))),
    ("reshape_as(_0, _1)", (drawn(2, 3), drawn(6))),
    ("cat([_0, _1, _2], dim=1)", (drawn(2, 3), drawn(2, 1), drawn(2, 2))),
    ("concat((_0, _1))", (drawn(2), drawn(3))),
    ("stack([_0, _1], dim=-1)", (drawn(2, 3), drawn(2, 3))),
    ("index(_0, _1)", (drawn(4, 3), torch.tensor([1, 1, 3]))),
    ("index(_0, _1)", (drawn(3, 2), FLAGS)),
    ("index(_0, (_1, _2))", (drawn(3, 4), torch.arange(3), CLASSES)),
    ("index(_0, (slice(None, None, None), _1))", (drawn(3, 4), torch.tensor(2))),
    ("index_select(_0, 0, _1)", (drawn(3, 4), torch.tensor([2, 2]))),
    ("gather(_0, 1, _1)", (drawn(3, 4), torch.tensor([[0, 0], [3, 1]]))),
]  # fmt: skip


def floats(inputs):
    return [i for i, one in enumerate(inputs) if one.is_floating_point()]


NO_RULE = {("BinaryCrossEntropy", 1)}
"""(operation, input) without a derivative here, though torch has one."""


def shapes(inputs):
    return ", ".join("×".join(map(str, one.shape)) or "0-d" for one in inputs)


def cases(listed):
    return pytest.mark.parametrize(
        ("call", "inputs"), listed, ids=[f"{call} of {shapes(inputs)}" for call, inputs in listed]
    )


def passed_back(call, inputs):
    """Yield the gradient of each input by torch, and the derivative that explains it.

    Yields:
        (the derivative or None, the gradients of the outputs, torch's contribution).
    """
    inputs = [one.detach().clone().requires_grad_(one.is_floating_point()) for one in inputs]
    torch.manual_seed(0)
    # An in-place operation needs a tensor that is not a leaf.
    in_place = parse(call).function.endswith("_")
    _, outputs = run(call, [one * 1 if in_place else one for one in inputs])
    outputs = [one for one in outputs if one.requires_grad]
    incoming = [torch.randn_like(one) for one in outputs]
    wanted = torch.autograd.grad(
        outputs, [inputs[i] for i in floats(inputs)], incoming, allow_unused=True
    )
    for index, expected in zip(floats(inputs), wanted, strict=True):
        if expected is None or (parse(call).function, index) in NO_RULE:
            continue
        torch.manual_seed(0)
        plain = [one.detach().clone() for one in inputs]
        operation, _ = run(call, [one.clone() for one in plain])
        operands = [Operand(Formula(n), view(one)) for n, one in zip(NAMES, plain, strict=False)]
        found = derive(operation, index, operands)
        yield found, [one.numpy() for one in incoming], expected.numpy()


@cases(CASES)
def test_a_rule_gives_the_gradient_that_torch_gives(call, inputs):
    for found, incoming, expected in passed_back(call, inputs):
        assert found is not None
        assert found.text
        contribution = found.contribution(incoming)
        assert contribution is not None
        np.testing.assert_allclose(contribution, expected, rtol=1e-9, atol=1e-12)
        assert contribution.shape == expected.shape
        local = found.local()
        assert (local is not None) == (found.factor is not None)


@cases(REARRANGED)
def test_torch_passes_the_same_numbers_back_through_a_rearranging_operation(call, inputs):
    for found, incoming, expected in passed_back(call, inputs):
        assert found.text == PUT_BACK
        numbers = np.concatenate([one.reshape(-1) for one in incoming])
        if found.keeps_sum:
            np.testing.assert_allclose(expected.sum(), numbers.sum(), rtol=1e-9, atol=1e-12)
        else:
            assert parse(call).key in JOINS
            assert np.isin(expected, numbers).all()


def test_every_operation_with_a_derivative_is_tested():
    tested = {parse(call).key for call, _ in CASES}
    rearranged = {parse(call).key for call, _ in REARRANGED}
    assert tested == {*RULES, "dropout"}
    # Casts round, and not every machine has a GPU.
    assert rearranged | {*CASTS} == REARRANGING


V, M = (3,), (2, 3)


@pytest.mark.parametrize(
    ("call", "shapes", "index", "text"),
    [
        ("mul(_0, _1)", [V, V], 0, "b"),
        ("add(_0, _1)", [V, V], 1, "1"),
        ("sub(_0, _1)", [V, V], 1, "−1"),
        ("sub(1, _0)", [V], 0, "−1"),
        ("div(_0, _1)", [V, V], 0, "1/b"),
        ("div(_0, _1)", [V, V], 1, "−a/b²"),
        ("div(_0, 4)", [V], 0, "1/4"),
        ("pow(_0, 2)", [V], 0, "2·a"),
        ("pow(_0, 3)", [V], 0, "3·a²"),
        ("pow(_0, -1)", [V], 0, "−a⁻²"),
        ("pow(_0, 0.5)", [V], 0, "0.5·a^(−0.5)"),
        ("pow(_0, 0)", [V], 0, "0"),
        ("pow(_0, 1)", [V], 0, "1"),
        ("mean(_0)", [V], 0, "1/3"),
        ("mean(_0, dim=0)", [M], 0, "1/2"),
        ("sum(_0)", [V], 0, "1"),
        ("relu(_0)", [V], 0, "[a > 0]"),
        ("clamp(_0, min=0)", [V], 0, "[0 ≤ a]"),
        ("clamp(_0, -1, 1)", [V], 0, "[−1 ≤ a ≤ 1]"),
        ("tanh(_0)", [V], 0, "1 − tanh(a)²"),
        ("sigmoid(_0)", [V], 0, "σ(a)·(1 − σ(a))"),
        ("exp(_0)", [V], 0, "exp(a)"),
        ("log(_0)", [V], 0, "1/a"),
        ("sqrt(_0)", [V], 0, "1/(2·sqrt(a))"),
        ("sin(_0)", [V], 0, "cos(a)"),
        ("cos(_0)", [V], 0, "−sin(a)"),
        ("abs(_0)", [V], 0, "sign(a)"),
        ("MseLoss(_0, _1)", [V, V], 0, "2·(a − b)/3"),
        ("MseLoss(_0, _1)", [V, V], 1, "−2·(a − b)/3"),
        ("MseLoss(_0, _1, reduction='sum')", [V, V], 0, "2·(a − b)"),
        ("matmul(_0, _1)", [M, (3, 4)], 0, "g @ bᵀ"),
        ("matmul(_0, _1)", [M, (3, 4)], 1, "aᵀ @ g"),
        ("linear(_0, _1, _2)", [(5, 3), M, (2,)], 0, "g @ b"),
        ("linear(_0, _1, _2)", [(5, 3), M, (2,)], 1, "gᵀ @ a"),
        ("linear(_0, _1, _2)", [(5, 3), M, (2,)], 2, "Σ g"),
        ("dot(_0, _1)", [V, V], 0, "b"),
        ("softmax(_0, dim=1)", [M], 0, "softmax(a)·(g − Σ g·softmax(a))"),
        ("LogSoftmax(_0, dim=1)", [M], 0, "g − softmax(a)·(Σ g)"),
        ("reshape(_0, -1)", [M], 0, "the same numbers, put back"),
    ],
)
def test_a_local_derivative_is_written_in_standard_notation(call, shapes, index, text):
    inputs = [drawn(*shape).abs() for shape in shapes]
    assert derived(call, inputs, index)[0].text == text


def test_the_derivative_of_cross_entropy_is_softmax_minus_onehot():
    found, _ = derived("CrossEntropy(_0, _1)", [drawn(3, 4), CLASSES])
    assert found.text == "(softmax(a) − onehot(b))/n"


def test_an_operand_that_is_a_sum_gets_brackets():
    operation, _ = run("pow(_0, 2)", [drawn(3)])
    sum_ = Formula("w·x", 4) - Formula("y")
    assert derive(operation, 0, [Operand(sum_, view(drawn(3)))]).text == "2·(w·x − y)"


def test_a_factor_has_the_shape_that_the_input_is_broadcast_to():
    x = drawn(3)
    found, _ = derived("mul(_0, _1)", [drawn(1), x])
    np.testing.assert_array_equal(found.local(), x.numpy())


@pytest.mark.parametrize(
    ("call", "inputs"),
    [
        ("cumsum(_0, 0)", [drawn(3)]),
        ("div(_0, 2, rounding_mode='floor')", [drawn(3)]),
        ("gelu(_0, approximate='tanh')", [drawn(3)]),
        ("norm(_0, 3)", [drawn(3)]),
        ("CrossEntropy(_0, _1, label_smoothing=0.1)", [drawn(3, 4), CLASSES]),
        ("CrossEntropy(_0, _1)", [drawn(3, 4), positive(3, 4)]),
    ],
)
def test_a_call_without_a_rule_has_no_derivative(call, inputs):
    assert derived(call, inputs)[0] is None


def test_an_input_that_occurs_twice_in_one_call_has_no_derivative():
    operation = Operation(2, "operation", "mul", 1, "", (1,), "mul(_0, _0)", (view(drawn(3)),))
    assert derive(operation, 0, [Operand(Formula("a"), view(drawn(3)))]) is None


@pytest.mark.parametrize("call", ["", "pow(", "pow(_0, 2", "_0 + 1", "f(*_0)", "pow(_5, 2)"])
def test_a_call_that_cannot_be_parsed_has_no_derivative(call):
    operation = Operation(2, "operation", "pow", 1, "", (1,), call, (view(drawn(3)),))
    assert derive(operation, 0, [Operand(Formula("a"), view(drawn(3)))]) is None


def test_a_derivative_has_its_text_even_if_the_numbers_were_not_kept():
    operation, _ = run("mul(_0, _1)", [drawn(3), drawn(3)])
    bare = TensorView("tensor", (3,), "float64", "cpu", False, "<f8", None)
    found = derive(operation, 0, [Operand(Formula("w"), bare), Operand(Formula("x"), bare)])
    assert found.text == "x"
    assert found.local() is None
    assert found.contribution([np.ones(3)]) is None
