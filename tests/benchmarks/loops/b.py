"""(b) linear regression on 15 points with a Module and SGD."""

from time import process_time

import torch

STATEMENTS = 3

inputs = torch.linspace(2.0, 11.0, 15).unsqueeze(1)
targets = 0.25 * inputs + 0.75
model = torch.nn.Linear(1, 1)
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.001)


def find_gradients(loss):
    optimizer.zero_grad()
    loss.backward()


def train():
    loss = criterion(model(inputs), targets)
    find_gradients(loss)
    optimizer.step()
    return loss


began = process_time()
if STATEMENTS == 1:
    for epoch in range(1500):
        loss = train()
elif STATEMENTS == 3:
    for epoch in range(1500):
        loss = criterion(model(inputs), targets)
        find_gradients(loss)
        optimizer.step()
else:
    for epoch in range(1500):
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(process_time() - began)
