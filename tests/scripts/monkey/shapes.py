import torch

empty = torch.empty(0, 3)
scalar = torch.tensor(1)
high = torch.zeros(2, 1, 3, 1, 2)
wide = torch.arange(100_000.0).reshape(10, -1)
words = ["长" * 500, "\x1b[2J", "a\nb" * 50, {"k": [1] * 1000}]
big = 10**3000
layer = torch.nn.Sequential(torch.nn.Linear(3, 40), torch.nn.ReLU(), torch.nn.Linear(40, 1))
for i in range(4):
    out = layer(torch.randn(7, 3))
    out.sum().backward()
