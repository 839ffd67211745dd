# %% [markdown]
# # Too far, too far back, farther
# Above a certain rate each step lands higher than it started, and the loss grows until it is nan.
#
# You need the lessons `fifteen_points`, where lr = 0.001 took a line slowly to its place, and
# `stability`, which tells how fast is too fast. Here somebody has no patience. You learn to see it
# in the first losses, and two cures.

# %% The broken run
import torch

lr = 0.025  # @param {type: "slider", min: 0.005, max: 0.03, step: 0.001}
# Pairs of x and y.
table = """
3.3   1.7     4.4   2.76     5.5  2.09    6.71   3.19     6.93   1.694
4.168 1.573   9.779 3.366  6.182 2.596    7.59   2.53    2.167   1.221
7.042 2.827  10.791 3.465  5.313 1.65    7.997  2.904    3.1     1.3
"""
points = torch.tensor([float(number) for number in table.split()]).view(-1, 2)
x, y = points[:, :1], points[:, 1:]
mse = torch.nn.functional.mse_loss


def flat_line(lr):
    model = torch.nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    return model, torch.optim.SGD(model.parameters(), lr=lr)


def walk(model, optimizer, x, y, passes, reduction="mean"):
    # The five lines of every training, and the loss before each step.
    losses = []
    for _ in range(passes):
        loss = mse(model(x), y, reduction=reduction)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


model, optimizer = flat_line(lr)
# The flat line misses by {loss.item():.7g} in the mean of the squares.
loss = mse(model(x), y)
# The slope along w is {model.weight.grad.item():.6g}: steep, and it says that w must grow.
loss.backward()
# @ask The best w is about 0.26. Is the loss lower after one step from w = 0 at this rate?
#   -> bool(mse(model(x), y) < loss) | True | False
# The step leads to w = {model.weight.item():.6f}, where the loss is {mse(model(x), y).item():.7g}.
# It went the right way. What counts is where it ends.
optimizer.step()
losses = [loss.item()]
for _ in range(59):
    # Now the loss is {loss.item():.7g}.
    loss = mse(model(x), y)
    optimizer.zero_grad()
    # The slope along w is {model.weight.grad.item():.4g}. Compare its sign with the last one's.
    loss.backward()
    # The step leads to w = {model.weight.item():.4g}.
    optimizer.step()
    losses.append(loss.item())
# After 60 steps the loss is {after_60:.4g}. From one pass to the next it was multiplied by
# {losses[-1] / losses[-2]:.5g} in the end.
after_60 = mse(model(x), y).item()

# %% On and on
# @ask The run goes on for 640 passes, and nobody looks. What will the loss be?
#   -> "a number" if abs(losses[-1]) < float("inf") else str(losses[-1]) | a number | inf | nan
# It is {losses[-1]:.4g}. Squares that are too large for float32 become inf; when the weights are
# inf too, inf minus inf is nan, and nothing that is added to nan makes it a number again. So read a
# log from its beginning: what matters is the first loss that is larger than the one before.
losses += walk(model, optimizer, x, y, 640)
end = losses[-1]
# The curvature of the loss comes from the inputs. A column of ones stands beside x, for b.
columns = torch.cat([x, torch.ones_like(x)], dim=1).cpu()
steep = torch.linalg.eigvalsh(2 * columns.T @ columns / len(x))[-1].item()
# Along the steepest direction the curvature is {steep:.4f}, so the limit is {limit:.7f}.
limit = 2 / steep
# Each step multiplies the distance in that direction by {1 - lr * steep:.4f}, and the loss, a
# square, by the square of that, {ratio:.5g}.
ratio = (1 - lr * steep) ** 2

# %% Another way to get there
few = torch.tensor([[1.0], [2.0], [3.0]])
other, optimizer = flat_line(0.1)
with torch.no_grad():
    other.weight.fill_(1.0)
# @ask In `three_points` lr = 0.1 was good, with the mean. What will the loss do with the sum?
#   -> "rise" if summed[-1] > summed[0] else "fall" | fall | rise
# The sum of three squares is three times as steep as their mean. The losses: {summed[0]:.5g},
# {summed[1]:.5g}, {summed[2]:.5g}, {summed[3]:.5g}. A rate belongs to one loss on one set of data.
summed = walk(other, optimizer, few, 2 * few, 4, reduction="sum")

# %% The cure
# Measured from their mean, in units of their spread, the inputs make the curvature 2 in every
# direction.
centred = (x - x.mean()) / x.std(correction=0)
# @ask `fifteen_points` got to 0.23 in 60 steps; the best line has 0.1689. Where will lr = 0.1 get?
#   -> round(walk(*flat_line(0.1), centred, y, 60)[-1], 2) | 0.23 | 0.2 | 0.17
# The same start, and a rate that is far too high for the raw inputs.
cured, optimizer = flat_line(0.1)
for _ in range(60):
    # The loss is {loss.item():.7g}.
    loss = mse(cured(centred), y)
    optimizer.zero_grad()
    # The slopes along w and b, {cured.weight.grad.item():.4g} and {cured.bias.grad.item():.4g},
    # shrink together.
    loss.backward()
    optimizer.step()
# It has got to {loss.item():.6f}, as good as the best line. Where the data cannot be changed, a
# rate below the limit of {limit:.4f} is the other cure.
assert loss < 0.17
print(f"broken {after_60:.4g}, then {end:.4g}; cured {loss.item():.6f}")

# %% [markdown]
# ## Try it
# Set lr to 0.023, just below the limit, and to 0.024, just above: watch the sign of the slope and
# the first losses. The rate 0.03 breaks the run fastest.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["fifteen_points", "stability"]
# covers = ["P9"]
#
# [[tool.tutor.plot]]
# title = "The walk on raw inputs"
# of = "((u * x + v - y) ** 2).mean()"
# over = { u = [-1.5, 2], v = [-1, 2] }
# at = ["model.weight[0, 0]", "model.bias[0]"]
# log = true
#
# [[tool.tutor.plot]]
# title = "The walk on centred inputs"
# of = "((u * (x - x.mean()) / x.std(correction=0) + v - y) ** 2).mean()"
# over = { u = [-1.5, 2], v = [0, 4] }
# at = ["cured.weight[0, 0]", "cured.bias[0]"]
# log = true
#
# [[tool.tutor.expect]]
# of = "losses[:2]"
# is = [5.946703, 7.919454]
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0, with lr = 0.025"
#
# [[tool.tutor.expect]]
# of = "[after_60, end]"
# is = [3.07e8, nan]
# rtol = 2e-3
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0, with lr = 0.025"
#
# [[tool.tutor.expect]]
# of = "[limit, losses[59] / losses[58], ratio]"
# is = [0.0231492, 1.34537, 1.34537]
# source = "w after k steps goes with (1 - lr · curvature)^k, the loss with its square"
#
# [[tool.tutor.expect]]
# of = "summed"
# is = [14.0, 75.6, 409.4, 2218.6]
# rtol = 2e-4
# source = "003_7eac1f8e59c11a0f.txt, section 5.2.2, from w = 1 and b = 0, with lr = 0.1"
#
# [[tool.tutor.expect]]
# of = "loss.item()"
# is = 0.16891526
# source = "least squares over the points of 001_b89a922598a8289e.txt, section 2"
# ///
