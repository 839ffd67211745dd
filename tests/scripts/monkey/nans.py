import torch

w = torch.tensor([1e30, 0.0, float("nan")], requires_grad=True)
for i in range(30):
    loss = (w * w).sum() / 0
    loss.backward()
    with torch.no_grad():
        w -= w.grad * float("inf")
    bad = float("inf") - float("inf")
    big = torch.full((200, 300), float("-inf"))
