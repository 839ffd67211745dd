"""Audits: gradients compared with finite differences of the calls that led to them."""

from collections.abc import Callable

import pytest

from tests.conftest import Driver
from tutor.schema.frame import Audit
from tutor.wire.messages import Audited, Ended, Waited

Measure = Callable[..., dict[str, Audit]]

HEAD = "import torch\ntorch.manual_seed(0)\n"


@pytest.fixture
def measure(drive: Callable[..., Driver]) -> Measure:
    """Audit every leaf, or the given names, in the last step of a script."""

    def audits(source: str, *names: str) -> dict[str, Audit]:
        text = HEAD + source.strip("\n") + "\n"
        first = drive(text)
        steps = len(first.to_the_end().frames)
        replay = drive(text, begin=steps - 1, operations=0, audit=names, exact=True)
        replay.run.go(steps)
        found = replay.until(lambda event: isinstance(event, Audited | Ended | Waited))
        while isinstance(found, Waited):
            found = replay.until(lambda event: isinstance(event, Audited | Ended))
        assert isinstance(found, Audited), found
        return {audit.name: audit for audit in found.audits}

    return audits


def agrees(found: dict[str, Audit]) -> bool:
    assert found
    assert not any(audit.problem for audit in found.values()), found
    return all(audit.agrees for audit in found.values())


RIGHT = {
    "matmul, tanh and a mean": """
w = torch.randn(3, 2, requires_grad=True)
(torch.randn(4, 3) @ w).tanh().pow(2).mean().backward()
""",
    "a corner of relu": """
w = torch.tensor([0.0, 1.0, -1.0], requires_grad=True)
torch.relu(w).sum().backward()
""",
    "corners of abs and clamp": """
w = torch.tensor([0.0, 1.0, -1.0], requires_grad=True)
(w.abs() + w.clamp(-1, 1)).sum().backward()
""",
    "a tie of max": """
w = torch.tensor([1.0, 1.0, 0.0], requires_grad=True)
w.max().backward()
""",
    "edits in place and views": """
w = torch.ones(3, requires_grad=True)
y = w * 2
y[0] = 5
y += w
v = y[1:]
v.mul_(w[1:])
y.sum().backward()
""",
    "operations of several outputs": """
w = torch.arange(6.0).reshape(2, 3).requires_grad_()
a, b = w.unbind()
((a * b).sum() + w.max(1).values.sum() + torch.std_mean(w)[0]).backward()
""",
    "float64": """
w = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
(w.sin() @ w.T.cos()).sum().backward()
""",
    "bfloat16": """
m = torch.nn.Linear(3, 1).to(torch.bfloat16)
(m(torch.randn(5, 3, dtype=torch.bfloat16)) ** 2).mean().backward()
""",
    "float16": """
w = torch.randn(4, dtype=torch.float16, requires_grad=True)
(w.float().sin() * 3).sum().backward()
""",
    "an embedding with a sparse gradient": """
e = torch.nn.Embedding(10, 2, sparse=True)
(e(torch.tensor([1, 2, 2])) ** 2).sum().backward()
""",
    "dropout, the same mask again": """
m = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1))
(m(torch.randn(3, 4)) ** 2).mean().backward()
""",
    "an LSTM": """
m = torch.nn.LSTM(3, 2, batch_first=True)
m(torch.randn(2, 3, 3))[0].pow(2).sum().backward()
""",
    "weights that roots come with": """
w = torch.tensor([1.0, 2.0], requires_grad=True)
(w ** 2).backward(torch.tensor([1.0, 0.5]))
""",
    "autograd.grad": """
w = torch.tensor([1.0, 2.0], requires_grad=True)
g, = torch.autograd.grad((w ** 3).sum(), w)
""",
    "a second pass over the same graph": """
w = torch.tensor([1.0, 2.0], requires_grad=True)
y = (w ** 3).sum()
y.backward(retain_graph=True)
y.backward()
""",
    "detached on purpose": """
w = torch.tensor([1.0, 2.0], requires_grad=True)
(w.detach() * w ** 2).sum().backward()
""",
    "a draw from the parameter's own distribution": """
mu = torch.zeros(2, requires_grad=True)
sigma = torch.ones(2, requires_grad=True)
((torch.distributions.Normal(mu, sigma.exp()).rsample() - 1) ** 2).sum().backward()
""",
    "large and small values": """
w = torch.tensor([1e8, 2e8], requires_grad=True)
v = torch.tensor([1e-8, 2e-10], requires_grad=True)
(((w * 3) ** 2).sum() + (v ** 3 * 1e12).sum()).backward()
""",
    "a Function of the script's own that is right": """
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 2
    @staticmethod
    def backward(ctx, g):
        return g * 2 * ctx.saved_tensors[0]
w = torch.tensor([1.0, 2.0], requires_grad=True)
Square.apply(w).sum().backward()
""",
    "shared parameters": """
a, b = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)
b.weight = a.weight
(b(a(torch.ones(3))) ** 2).sum().backward()
""",
    "batches that were normed": """
m = torch.nn.BatchNorm1d(3)
m(torch.randn(5, 3)).pow(3).sum().backward()
""",
    "recomputed without reentering": """
from torch.utils.checkpoint import checkpoint
m = torch.nn.Linear(2, 2)
(checkpoint(m, torch.ones(2), use_reentrant=False) ** 2).sum().backward()
""",
    "edited in place by an argument": """
m = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(inplace=True), torch.nn.Linear(4, 2))
(m(torch.randn(5, 3)) ** 2).mean().backward()
""",
    "dropout in place": """
m = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.5, inplace=True))
(m(torch.randn(3, 4)) ** 2).mean().backward()
""",
    "autocast": """
m = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
x = torch.randn(5, 3)
with torch.autocast("cpu", dtype=torch.bfloat16):
    loss = (m(x).float() ** 2).mean()
loss.backward()
""",
    "a gradient that is nothing but rounding": """
m = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))
m(torch.randn(6, 3)).tanh().pow(2).mean().backward()
""",
    "a saturated cross entropy": """
w = torch.tensor([[20.0, -20.0, 0.0]], requires_grad=True)
torch.nn.functional.cross_entropy(w, torch.tensor([0])).backward()
""",
    "a run that has converged": """
m = torch.nn.Linear(2, 1)
x = torch.randn(10, 2)
t = x @ torch.tensor([[1.0], [2.0]]) + 3
for i in range(300):
    loss = ((m(x) - t) ** 2).mean()
    m.zero_grad()
    loss.backward()
    with torch.no_grad():
        for p in m.parameters():
            _ = p.sub_(0.1 * p.grad)
((m(x) - t) ** 2).mean().backward()
""",
    "a pass after another one that cannot be gone again": """
w = torch.ones(2, requires_grad=True)
torch.nn.functional.gumbel_softmax(w)[0].backward()
with torch.no_grad():
    w -= w.grad
w.grad = None
(w ** 2).sum().backward()
""",
    "a domain that ends nearby": """
w = torch.tensor([1e-6], requires_grad=True)
torch.log(w).sum().backward()
""",
}


def params(scripts: dict[str, str]) -> list[object]:
    return [pytest.param(source, id=name) for name, source in scripts.items()]


@pytest.mark.parametrize("source", params(RIGHT))
def test_a_correct_gradient_passes_its_audit(source: str, measure: Measure) -> None:
    found = measure(source)
    assert agrees(found), {n: [r for r in a.rows if not r.agrees] for n, a in found.items()}


WRONG = {
    "a wrong backward": """
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 2
    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]
w = torch.tensor([1.0, 2.0], requires_grad=True)
Square.apply(w).sum().backward()
""",
    "a reversed gradient": """
class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)
    @staticmethod
    def backward(ctx, g):
        return -g
w = torch.tensor([1.0, 2.0], requires_grad=True)
(Reverse.apply(w) ** 2).sum().backward()
""",
    "an edit behind autograd's back": """
w = torch.tensor([1.0, 2.0], requires_grad=True)
y = w * 3
y.data *= 2
(y ** 2).sum().backward()
""",
    "a hook that scales": """
w = torch.ones(2, requires_grad=True)
w.register_hook(lambda g: g * 2)
(w ** 2).sum().backward()
""",
    "a gradient that is not a number": """
w = torch.tensor([0.0, 1.0], requires_grad=True)
torch.where(w > 0, w / w, torch.zeros(2)).sum().backward()
""",
}


@pytest.mark.parametrize("source", params(WRONG))
def test_a_wrong_gradient_fails_its_audit(source: str, measure: Measure) -> None:
    assert not agrees(measure(source))


OUT_OF_SIGHT = {
    "scripted": """
w = torch.ones(2, requires_grad=True)
@torch.jit.script
def f(x: torch.Tensor) -> torch.Tensor:
    return x * 3
f(w).sum().backward()
""",
    "another thread": """
import threading
w = torch.ones(2, requires_grad=True)
out = []
t = threading.Thread(target=lambda: out.append(w.sin()))
t.start()
t.join()
out[0].sum().backward()
""",
    "recomputed by reentering": """
from torch.utils.checkpoint import checkpoint
w = torch.ones(2, requires_grad=True)
checkpoint(torch.sin, w, use_reentrant=True).sum().backward()
""",
    "NumPy in a Function": """
import numpy
class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.from_numpy(numpy.exp(x.detach().numpy()))
        ctx.save_for_backward(y)
        return y
    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]
w = torch.ones(2, requires_grad=True)
Exp.apply(w).sum().backward()
""",
    "a parameter edited before the pass": """
w = torch.tensor([1.0, 2.0], requires_grad=True)
y = w ** 2
w.data += 1
y.sum().backward()
""",
    "complex numbers": """
w = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
(w * w.conj()).real.sum().backward()
""",
    "torch.func": """
w = torch.ones(3, requires_grad=True)
torch.vmap(lambda t: t.sin())(w).sum().backward()
""",
    "a gradient of a gradient": """
w = torch.tensor([1.0, 2.0], requires_grad=True)
g, = torch.autograd.grad((w ** 3).sum(), w, create_graph=True)
(g ** 2).sum().backward()
""",
    "draws that cannot be drawn again": """
w = torch.randn(4, requires_grad=True)
torch.nn.functional.gumbel_softmax(w)[0].backward()
""",
}


@pytest.mark.parametrize("source", params(OUT_OF_SIGHT))
def test_a_gradient_through_an_unseen_operation_is_not_called_wrong(
    source: str, measure: Measure
) -> None:
    found = measure(source)["w"]
    assert found.problem or (found.rows and found.agrees)


def test_the_audit_of_a_parameter_without_a_gradient_says_so(measure: Measure) -> None:
    found = measure("w = torch.ones(1, requires_grad=True)\nu = torch.ones(1)\n"
                    "(w * u).sum().backward()", "u", "nothing", "w")  # fmt: skip
    assert found["u"].problem and found["nothing"].problem
    assert found["w"].agrees and not found["w"].problem


def test_a_large_parameter_is_audited_at_its_largest_gradients(measure: Measure) -> None:
    found = measure("m = torch.nn.Linear(100, 30)\n(m(torch.randn(4, 100)) ** 2).mean().backward()")
    rows = found["m.weight"].rows
    assert 8 <= len(rows) <= 16
    assert found["m.weight"].agrees


def test_an_audit_changes_nothing_of_the_run(drive: Callable[..., Driver]) -> None:
    source = HEAD + (
        "w = torch.randn(3, requires_grad=True)\n"
        "torch.nn.functional.dropout(w * 2).sum().backward()\n"
        "print(w.tolist(), w.grad.tolist(), torch.rand(2).tolist())\n"
    )
    plain = drive(source).to_the_end()
    audited = drive(source, begin=3, operations=0, audit=(), exact=True).to_the_end()
    assert any(isinstance(event, Audited) for event in audited.events)
    assert audited.text() == plain.text()
