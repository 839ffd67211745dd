# %% [markdown]
# # One step of an optimizer
# An optimizer holds the parameters and, when told, moves each against its own gradient.
#
# From the lesson `modules` you know where a layer keeps its parameters, and from `loss_fns` what a
# loss makes of a miss. One sample, one step: small enough to check every number.

# %% One neuron, one sample
import torch

lr = 0.01  # @param {type: "slider", min: 0.01, max: 0.6, step: 0.01}
torch.manual_seed(446)
model = torch.nn.Linear(1, 1)
# A layer begins at random. So that the figures are the same everywhere, we set a start that chance
# chose once.
model.load_state_dict(
    {"weight": torch.tensor([[-0.4950225353240967]]), "bias": torch.tensor([-0.12241911888122559])}
)
# One sample: {x.item():g} goes in.
x = torch.tensor([[1.0]])
# And {y.item():g} should come out.
y = torch.tensor([[2.0]])
# It is given the parameters themselves, no copies, and the rate. Do not call it `optim`: that is
# the name of torch's own module, and after `from torch import optim` you would lose it.
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
criterion = torch.nn.MSELoss()

# %% Forward and backward
# The neuron says {prediction.item():.6f}, far too little.
prediction = model(x)
# The miss squared: {loss.item():.6f}.
loss = criterion(prediction, y)
# @ask The way back has not been walked yet. What is in `model.weight.grad` after this line?
#   -> str(model.weight.grad) | None | tensor([[0.]]) | tensor([[-5.2349]])
# It makes sure that nothing old is left. Here nothing was there yet, and it stays so:
# {model.weight.grad}.
optimizer.zero_grad()
# The slope along w is {model.weight.grad.item():.6f}. Since x is 1, b has the same:
# {model.bias.grad.item():.6f}.
loss.backward()
# Nothing has moved so far: w = {before[0]:.7f} and b = {before[1]:.7f}.
before = [model.weight.item(), model.bias.item()]

# %% The step
# @ask The slope along w is negative. Which way does the step move w?
#   -> "up" if model.weight.item() > before[0] else "down" | up | down
# Against the slope, and against minus is plus: w = {model.weight.item():.7f}, and
# b = {model.bias.item():.7f}.
optimizer.step()
# What it did to w, on paper: w - lr · slope = {by_hand:.7f}. There is no more to it than that.
by_hand = before[0] - lr * model.weight.grad.item()
assert abs(by_hand - model.weight.item()) < 1e-5
# The step left the gradient as it was, {model.weight.grad.item():.6f}: it is for the next
# `zero_grad()` to throw away.
print(before, model.weight.item(), model.bias.item())

# %% How far should it have gone?
# The loss was {loss.item():.6f} and is {new_loss.item():.6f} now.
new_loss = criterion(model(x), y)
# w and b both moved by lr · 2 · miss, so of the miss there is 1 - 4 · lr left, {left:g}.
left = 1 - 2 * lr * (x.item() ** 2 + 1)
assert torch.isclose(new_loss, loss * left**2, atol=1e-5)
# @ask Which rate would have brought the loss to 0 in this single step?
#   -> best | 0.1 | 0.25 | 0.5 | 1
# {best:g}. Below it a step is too short, above it too long; at twice that rate it lands just as far
# away on the other side.
best = 1 / (2 * (x.item() ** 2 + 1))
print(f"loss {loss.item():.6f} -> {new_loss.item():.6f}, best rate {best:g}")

# %% [markdown]
# ## Try it
# Set lr to 0.25 and see the loss vanish in one step. Then to 0.5, where it does not change at all,
# and to 0.6, where the step makes it worse.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["modules", "loss_fns"]
# covers = ["C15"]
#
# [[tool.tutor.plot]]
# title = "the loss over weight and bias, and the step"
# of = "((w * x + b - y) ** 2).mean()"
# over = { w = [-1, 3], b = [-1, 3] }
# at = ["model.weight[0, 0]", "model.bias[0]"]
# lines = [["[-1.0, 3.0]", "[3.0, -1.0]", "loss 0"]]
#
# [[tool.tutor.expect]]
# of = "[*before, model.weight.item(), model.bias.item()]"
# is = [-0.4950225, -0.1224191, -0.4426737, -0.0700703]
# source = "002_991e0ef1df399e3d.txt, section 15, drawn with seed 446"
#
# [[tool.tutor.expect]]
# of = "loss.item()"
# is = 6.851001
# source = "002_991e0ef1df399e3d.txt, section 15, drawn with seed 446"
#
# [[tool.tutor.expect]]
# of = "[left, best]"
# is = [0.96, 0.25]
# source = "each of w and b moves by lr · 2 · miss, and x is 1"
# ///
