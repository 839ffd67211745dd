"""(a) scalar gradient descent: f(x) = (x - 2)², as in the lesson `bowl`."""

from time import process_time

import torch

x = torch.tensor([5.0], requires_grad=True)
began = process_time()
for i in range(3000):
    y = (x - 2) ** 2
    y.backward()
    with torch.no_grad():
        x -= 0.25 * x.grad
        x.grad.zero_()
print(process_time() - began)
