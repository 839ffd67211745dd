import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def attend(self, x):
        batch, length, width = x.shape
        split = (batch, length, self.heads, width // self.heads)
        q, k, v = (f(x).view(split).transpose(1, 2) for f in (self.query, self.key, self.value))
        score = q @ k.transpose(-2, -1) / (width // self.heads) ** 0.5
        mask = torch.tril(torch.ones(length, length)) == 0
        weight = score.masked_fill(mask, float("-inf")).softmax(-1)
        return self.out((weight @ v).transpose(1, 2).reshape(batch, length, width))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.mlp(self.norm2(x))


torch.manual_seed(446)
block = Block(8, 2)
layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
parameters = [*block.parameters(), *layer.parameters()]
optimizer = torch.optim.AdamW(parameters, lr=0.01)
x, y = torch.randn(2, 4, 8), torch.randn(2, 4, 8)
for i in range(2):
    out = layer(block(x))
    loss = nn.functional.mse_loss(out, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item(), [p.sum().item() for p in parameters])
