"""(c) a two-layer network, N = 64, D = 1000, H = 100, with its update by hand."""

from time import process_time

import torch

STATEMENTS = 3

x, y = torch.randn(64, 1000), torch.randn(64, 10)
w1 = torch.randn(1000, 100, requires_grad=True)
w2 = torch.randn(100, 10, requires_grad=True)


def find_loss():
    return (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()


def descend():
    with torch.no_grad():
        for w in (w1, w2):
            w -= 1e-6 * w.grad
            w.grad.zero_()


def iterate():
    loss = find_loss()
    loss.backward()
    descend()
    return loss


began = process_time()
if STATEMENTS == 1:
    for t in range(1000):
        loss = iterate()
elif STATEMENTS == 3:
    for t in range(1000):
        loss = find_loss()
        loss.backward()
        descend()
else:
    for t in range(1000):
        y_pred = x.mm(w1).clamp(min=0).mm(w2)
        loss = (y_pred - y).pow(2).sum()
        loss.backward()
        with torch.no_grad():
            w1 -= 1e-6 * w1.grad
            w2 -= 1e-6 * w2.grad
            w1.grad.zero_()
            w2.grad.zero_()
print(process_time() - began)
