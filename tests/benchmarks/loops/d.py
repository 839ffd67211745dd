"""(d) an MLP of 16 million parameters."""

from time import process_time

import torch

model = torch.nn.Sequential(
    torch.nn.Linear(2000, 2660),
    torch.nn.ReLU(),
    torch.nn.Linear(2660, 2660),
    torch.nn.ReLU(),
    torch.nn.Linear(2660, 1330),
)
inputs, targets = torch.randn(32, 2000), torch.randn(32, 1330)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
began = process_time()
for step in range(30):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(inputs), targets)
    loss.backward()
    optimizer.step()
print(process_time() - began)
