"""Everything that is hard to follow: hooks, double backward, views, checkpoints, functions."""

import torch
from torch.utils.checkpoint import checkpoint


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * 3 * x**2


w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
twice = (w * w + w).sum()
twice.backward(retain_graph=True)
twice.backward()
vector = w * 2
vector.backward(torch.tensor([1.0, 10.0, 100.0]))
edited = w * 1
edited[0] = 5.0
edited[1:].mul_(w[1:])
edited.sum().backward()
cubed = Cube.apply(w).sum()
(slope,) = torch.autograd.grad(cubed, w, create_graph=True)
slope.pow(2).sum().backward()
parts = torch.stack(w.unbind())
top, where = (parts * parts).max(dim=0)
top.backward()
kept = checkpoint(lambda t: torch.sin(t) * t, w, use_reentrant=False).sum()
kept.backward()
nested = checkpoint(lambda t: torch.cos(t) * t, w, use_reentrant=True).sum()
nested.backward()
hooked = w * 3
hooked.register_hook(lambda grad: grad * 2)
hooked.sum().backward()
with torch.no_grad():
    w -= 0.01 * w.grad
w.data = w.data * 0.5
half = w.detach() * w
half.sum().backward()
table = torch.nn.Embedding(4, 3)
table.weight.data = torch.arange(12.0).view(4, 3)
table(torch.tensor([1, 3, 1])).sum().backward()
print(w.grad.tolist(), table.weight.grad.tolist())
