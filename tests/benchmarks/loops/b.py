"""(b) linear regression on 15 points with a Module and SGD, as in the lesson `fifteen_points`."""

from time import process_time

import torch

inputs = torch.linspace(2.0, 11.0, 15).unsqueeze(1)
targets = 0.25 * inputs + 0.75
model = torch.nn.Linear(1, 1)
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
began = process_time()
for epoch in range(2000):
    outputs = model(inputs)
    loss = criterion(outputs, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(process_time() - began)
