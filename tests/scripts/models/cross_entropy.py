import torch
from torch import nn

logits = torch.tensor([[2.0, 1.0, 0.1]], requires_grad=True)
target = torch.tensor([0])
for i in range(3):
    loss = nn.functional.cross_entropy(logits, target)
    loss.backward()
    with torch.no_grad():
        logits -= 0.5 * logits.grad
    logits.grad = None
print(loss.item(), logits.tolist())
