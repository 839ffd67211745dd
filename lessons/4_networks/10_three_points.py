# %% [markdown]
# # A network of one neuron
# Model, loss, optimizer, and five lines in a loop: every training script has this shape.
#
# The task is the old one, three points on y = 2x. What is new is that torch keeps the parameters,
# and an optimizer moves them; and that there are two of them, a weight and a bias.

# %% Three points on a line
import torch

lr = 0.1  # @param {type: "slider", min: 0.01, max: 0.25, step: 0.01}
# Layers expect a row for each sample and a column for each feature, so this is {list(x.shape)}.
x = torch.tensor([[1.0], [2.0], [3.0]])
y = 2 * x


# %% The smallest model
class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        # One input, one output: a weight and a bias, which are the model's parameters.
        self.linear = torch.nn.Linear(1, 1)

    def forward(self, x):
        return self.linear(x)


# Calling `model(x)` will run `forward`; the parameters register themselves.
model = Line()
# A layer begins at random. To walk the same path each time we set a start, w = 1 and b = 0.
with torch.no_grad():
    model.linear.weight.fill_(1.0)
    model.linear.bias.zero_()
# The optimizer holds on to the parameters that it may move.
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
criterion = torch.nn.MSELoss()

# %% Train
for epoch in range(40):
    # Forward: with the parameters as they are, the model makes {prediction[0].item():.4g},
    # {prediction[1].item():.4g} and {prediction[2].item():.4g} of the three inputs.
    prediction = model(x)
    # How wrong that is, in one number: {loss.item():.6g}.
    loss = criterion(prediction, y)
    # Gradients add up, so the last pass's must go before new ones come.
    optimizer.zero_grad()
    # The slopes are {model.linear.weight.grad.item():.6g} along w and
    # {model.linear.bias.grad.item():.6g} along b.
    loss.backward()
    # A step against both: w = {model.linear.weight.item():.6f}, b = {model.linear.bias.item():.6f}.
    optimizer.step()
    print(f"{epoch:2d}  loss {loss.item():.6f}")

# %% Is it done?
w, b = model.linear.weight.item(), model.linear.bias.item()
# @ask The loss is almost zero, and b began at 0, its true value. Is it more than 0.1 off now?
#   -> abs(b) > 0.1 | True | False
# The first step pushed b away, for a higher line was better on the whole, and b comes back slowly:
# a weight too small and a bias too large make up for each other at our three points. Beyond them
# they do not, and for x = 4 the model says {answer:.6f}.
answer = model(torch.tensor([[4.0]])).item()
print(f"w = {w:.6f}, b = {b:.6f}, and x = 4 gives {answer:.6f}")

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
#
# [[tool.tutor.expect]]
# at = 1
# of = "loss.item()"
# is = 4.666667
# source = "000_882c469dd17d8fe3.txt, section 5, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# at = 2
# of = "loss.item()"
# is = 0.0740742
# source = "000_882c469dd17d8fe3.txt, section 5, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# at = 40
# of = "loss.item()"
# is = 0.00292078
# source = "000_882c469dd17d8fe3.txt, section 5, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# of = "[model.linear.weight.item(), model.linear.bias.item()]"
# is = [1.938739, 0.139258]
# source = "000_882c469dd17d8fe3.txt, section 5, from w = 1 and b = 0"
# ///
