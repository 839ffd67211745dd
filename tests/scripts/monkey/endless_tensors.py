import torch

w = torch.tensor([3.0, -1.0], requires_grad=True)
lr = 0.1  # @param {type: "slider", min: 0.01, max: 1.2, step: 0.01}
while True:
    loss = ((w - 1) ** 2).sum()
    loss.backward()
    with torch.no_grad():
        w -= lr * w.grad
    w.grad = None
    print(loss.item())
