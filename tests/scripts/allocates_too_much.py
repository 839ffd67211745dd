import torch

x = 1
y = torch.empty(10**15)
