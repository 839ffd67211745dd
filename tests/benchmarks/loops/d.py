"""(d) an MLP of 16 million parameters."""

from time import process_time

import torch

STATEMENTS = 3

model = torch.nn.Sequential(
    torch.nn.Linear(2000, 2660),
    torch.nn.ReLU(),
    torch.nn.Linear(2660, 2660),
    torch.nn.ReLU(),
    torch.nn.Linear(2660, 1330),
)
inputs, targets = torch.randn(32, 2000), torch.randn(32, 1330)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)


def find_loss():
    return torch.nn.functional.mse_loss(model(inputs), targets)


def find_gradients(loss):
    optimizer.zero_grad()
    loss.backward()


def train():
    loss = find_loss()
    find_gradients(loss)
    optimizer.step()
    return loss


began = process_time()
if STATEMENTS == 1:
    for step in range(30):
        loss = train()
elif STATEMENTS == 3:
    for step in range(30):
        loss = find_loss()
        find_gradients(loss)
        optimizer.step()
else:
    for step in range(30):
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = torch.nn.functional.mse_loss(outputs, targets)
        loss.backward()
        optimizer.step()
print(process_time() - began)
