# %% [markdown]
# # A plateau is not the bottom
# A loss that stands still may lie on a plateau, with a way down behind it.
#
# You should know the lesson `three_points`. A network with two hidden layers is to learn a wave
# that swings faster and faster. The network and a copy of it begin alike. The first walks by plain
# gradient descent, the copy with momentum: each step is the slope and a part of the step before.

# %% A wave
import copy
import math

import torch

momentum = 0.9  # @param ["0.0", "0.5", "0.9", "0.99", "1.0"] {type: "raw"}
optimiser = "SGD"  # @param ["SGD", "Adam", "RMSprop"]


def wave(x):
    return 4 * torch.sin(math.pi * x) * torch.cos(6 * math.pi * x**2)


torch.manual_seed(446)
# {len(X)} places between 0 and 1.
X = torch.rand(200, 1)
# How high the wave is there: from {y.min().item():.3g} to {y.max().item():.3g}.
y = wave(X)
# Places in order, to draw with.
grid = torch.linspace(0, 1, 200).unsqueeze(1)
# Saying the mean of y everywhere has the loss {lazy:.6g}. That much is easy to have.
lazy = y.var(unbiased=False).item()

# %% Two networks, one start
slow = torch.nn.Sequential(
    torch.nn.Linear(1, 32), torch.nn.Tanh(),
    torch.nn.Linear(32, 32), torch.nn.Tanh(),
    torch.nn.Linear(32, 1),
)  # fmt: skip
# A copy, number by number.
quick = copy.deepcopy(slow)
criterion = torch.nn.MSELoss()
plain = torch.optim.SGD(slow.parameters(), lr=0.05)
if optimiser == "SGD":
    # The same rate as the plain one, so momentum is all that differs.
    mover = torch.optim.SGD(quick.parameters(), lr=0.05, momentum=momentum)
else:
    # These two give each number a rate of its own.
    mover = getattr(torch.optim, optimiser)(quick.parameters(), lr=0.01)
# @ask Momentum 0.9, and a slope that stays the same. How many times as long do the steps become?
#   -> round(reach, 6) | 1.9 | 9 | 10
# {reach:.6g} times: the slope, 0.9 of the one before, 0.81 of the one before that, and so on.
reach = sum(0.9**k for k in range(500))
slow_losses, quick_losses = [], []

# %% Three hundred passes
for epoch in range(300):
    # Plain descent: {slow_loss.item():.6g}.
    slow_loss = criterion(slow(X), y)
    plain.zero_grad()
    slow_loss.backward()
    plain.step()
    # The copy: {quick_loss.item():.6g}.
    quick_loss = criterion(quick(X), y)
    mover.zero_grad()
    quick_loss.backward()
    mover.step()
    slow_losses.append(slow_loss.item())
    quick_losses.append(quick_loss.item())
    if epoch % 50 == 49:
        print(f"{epoch:3d}  plain {slow_losses[-1]:.6f}  copy {quick_losses[-1]:.6f}")

# %% Who left the plateau?
# @ask After 300 steps, how much better is plain descent than saying the mean everywhere?
#   -> "hardly" if gain < 0.1 else "much" | hardly | much
# By {gain:.1%}. A flat curve looks like an end, and many would stop here. But the network can do
# more, as the copy may show; the slopes on the plateau are small, and so are the steps.
gain = 1 - slow_losses[-1] / lazy
# @ask The copy had the same start and as many passes. Did it get below half of that loss?
#   -> halved | True | False
# Plain descent ends at {slow_losses[-1]:.6g}, the copy at {quick_losses[-1]:.6g}. Small slopes that
# agree add up: that is how momentum crosses a plateau.
halved = quick_losses[-1] < slow_losses[-1] / 2
print(f"plain {slow_losses[-1]:.6f}, copy {quick_losses[-1]:.6f}, the mean {lazy:.6f}")

# %% [markdown]
# ## Try it
# Set `momentum` to 0.5 and to 0.99, and see which waves are caught first. With 1.0 no step is ever
# forgotten: watch the curve. `optimiser` puts another method in its place.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "quick_loss"
# after = ["three_points"]
# covers = ["C18"]
#
# [[tool.tutor.plot]]
# title = "the wave, and what both networks make of it"
# lines = [
#   ["grid", "wave(grid)", "the wave"],
#   ["grid", "slow(grid)", "plain"],
#   ["grid", "quick(grid)", "copy"],
# ]
#
# [[tool.tutor.plot]]
# title = "both losses"
# lines = [
#   ["range(len(slow_losses))", "slow_losses", "plain"],
#   ["range(len(quick_losses))", "quick_losses", "copy"],
# ]
#
# [[tool.tutor.expect]]
# at = 1
# of = "[slow_loss.item(), quick_loss.item()]"
# is = [4.298641, 4.298641]
# device = "cpu"
# source = "the experiment that 002_991e0ef1df399e3d.txt, sections 17 and 18, points to, seed 446"
#
# [[tool.tutor.expect]]
# at = 100
# of = "[slow_loss.item(), quick_loss.item()]"
# is = [4.215790, 3.345704]
# device = "cpu"
# source = "the experiment that 002_991e0ef1df399e3d.txt, sections 17 and 18, points to, seed 446"
# ///
