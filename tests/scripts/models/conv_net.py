import torch
import torch.nn.functional as F
from torch import nn


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.conv2 = nn.Conv2d(2, 3, 3)
        self.fc1 = nn.Linear(3 * 5 * 5, 6)
        self.fc2 = nn.Linear(6, 4)

    def forward(self, x):
        out = F.relu(self.norm(self.conv1(x)))
        out = F.max_pool2d(out, 2, 2)
        out = F.relu(self.conv2(out))
        out = out.view(x.size(0), -1)
        out = F.dropout(F.relu(self.fc1(out)), 0.5, self.training)
        return F.log_softmax(self.fc2(out), dim=1)


torch.manual_seed(446)
model = ConvNet()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
x, y = torch.randn(2, 1, 16, 16), torch.tensor([1, 3])
for i in range(2):
    loss = F.nll_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
print(loss.item(), [p.sum().item() for p in model.parameters()])
