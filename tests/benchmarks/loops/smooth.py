"""A script that changes every pane at every step: all but `noise` smoothly."""

import torch

row = torch.arange(64.0)
target = torch.sin(row[:, None] / 9 + 1) * torch.cos(row / 7)
w = torch.zeros(64, 64, requires_grad=True)
loss = torch.tensor(0.0)
noise = torch.zeros(64, 64)


def train(step):
    global loss, noise
    noise = torch.randn(64, 64)
    w.grad = None
    loss = ((w - target) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w.sub_(40 * w.grad)
    print(f"step {step:3d}: the loss is {loss.item():.6f}")


for i in range(200):
    # Forth: the loss is {loss.item():.6f}, and w in the middle {w[32, 32].item():.6f}.
    train(2 * i)
    # And again: the loss is {loss.item():.6f}, and w in the middle {w[32, 32].item():.6f}.
    train(2 * i + 1)
