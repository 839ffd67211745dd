"""(a) gradient descent of f(x) = (x - 2)² with a table of its path: 15 iterations, many times."""

from time import process_time

import torch

STATEMENTS = 3

x = torch.tensor([5.0], requires_grad=True)
step_size = 0.25


def f(x):
    return (x - 2) ** 2


def fp(x):
    return 2 * (x - 2)


def report(i):
    row = i, x.item(), f(x).item(), fp(x).item(), x.grad.item()
    print("{},\t{:.3f},\t{:.3f},\t{:.3f},\t{:.3f}".format(*row))


def update(i):
    report(i)
    x.data = x.data - step_size * x.grad
    x.grad.detach_()
    x.grad.zero_()


def iterate(i):
    y = f(x)
    y.backward()
    update(i)
    return y


began = process_time()
for _ in range(100):
    x.data = torch.tensor([5.0])
    if STATEMENTS == 1:
        for i in range(15):
            y = iterate(i)
    elif STATEMENTS == 3:
        for i in range(15):
            y = f(x)
            y.backward()
            update(i)
    else:
        for i in range(15):
            y = f(x)
            y.backward()
            row = i, x.item(), f(x).item(), fp(x).item(), x.grad.item()
            print("{},\t{:.3f},\t{:.3f},\t{:.3f},\t{:.3f}".format(*row))
            x.data = x.data - step_size * x.grad
            x.grad.detach_()
            x.grad.zero_()
print(process_time() - began)
