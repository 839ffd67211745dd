import torch
from torch import nn

torch.manual_seed(446)
lstm = nn.LSTM(3, 4, num_layers=2)
head = nn.Linear(4, 1)
parameters = [*lstm.parameters(), *head.parameters()]
optimizer = torch.optim.Adam(parameters, lr=0.01)
x, y = torch.randn(6, 2, 3), torch.randn(2, 1)
state = None
for i in range(2):
    out, state = lstm(x, state)
    state = tuple(s.detach() for s in state)
    loss = (head(out[-1]) - y).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item(), [p.sum().item() for p in parameters])
