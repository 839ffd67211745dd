# %% [markdown]
# # Everyone against everyone
# A column minus a flat row is a table, and a loss over that table teaches the model nothing.
#
# You need the lessons `broadcast` and `fifteen_points`. The points are the same fifteen, and so is
# the line with its weight and its bias. The loss falls, becomes flat and looks like any other. Only
# one shape is wrong, and nothing stops.

# %% Fifteen points
import warnings

import torch

lr = 0.1  # @param {type: "slider", min: 0.05, max: 1.05, step: 0.05}
# Pairs of x and y.
table = """
3.3   1.7     4.4   2.76     5.5  2.09    6.71   3.19     6.93   1.694
4.168 1.573   9.779 3.366  6.182 2.596    7.59   2.53    2.167   1.221
7.042 2.827  10.791 3.465  5.313 1.65    7.997  2.904    3.1     1.3
"""
points = torch.tensor([float(number) for number in table.split()]).view(-1, 2)
# Measured from their mean, in units of their spread, the inputs are quick to train on.
x = (points[:, :1] - points[:, 0].mean()) / points[:, 0].std(correction=0)
# The inputs are a column, {list(x.shape)}. The targets were cut out as a flat row, {list(y.shape)}.
y = points[:, 1]


# %% The broken run
def line():
    # The slope 1 to begin with: it leans the right way from the start.
    model = torch.nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.fill_(1.0)
        model.bias.zero_()
    return model


def nearest(number, **known):
    return min(known, key=lambda name: abs(known[name] - number))


model = line()
# @ask Fifteen predictions in a column, minus fifteen targets in a row: how many numbers is that?
#   -> miss.numel() | 15 | 30 | 225
# Shapes are compared from the right: the column's 1 meets 15, and its 15 meets nothing. Both are
# stretched to {list(miss.shape)}, so that each prediction meets every target.
miss = model(x) - y
# @ask The points rise to the right, and so does the line now. What is the lowest line on this loss?
#   -> "flat" if abs((x * y).mean()) < 1e-4 else "rising" | rising | flat | falling
# Every input meets the same fifteen targets, so no input can say anything about its own.
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
for _ in range(60):
    # The loss, written as on paper: the mean of {miss.numel()} squares is {loss.item():.6g}.
    loss = ((model(x) - y) ** 2).mean()
    optimizer.zero_grad()
    # Each prediction is pulled to all targets alike, so its own target does not count. Along w the
    # slope is {model.weight.grad.item():.4g}, and what it asks for is a flat line.
    loss.backward()
    # Now w = {model.weight.item():.6f} and b = {model.bias.item():.6f}.
    optimizer.step()
w, b = model.weight.item(), model.bias.item()

# %% What was learned
# The line has the slope {w:.2g}, and over the middle of the points it is {b:.5g} high. The mean of
# y is {mean:.5g}: of all flat lines, that one has the smallest loss.
mean = y.mean().item()
# @ask The loss has ended at a number that y alone decides. To which number of y is it nearest?
#   -> nearest(loss, mean=mean, variance=variance, largest=y.max()) | mean | variance | largest
# The loss is {loss.item():.6g}, the variance of y {variance:.6f}: the mean of the squares
# around the mean. A loss that settles there belongs to a model that sees no input.
variance = y.var(correction=0).item()
print(f"w {w:.6f}  b {b:.6f}  loss {loss.item():.6f}  variance {variance:.6f}")

# %% Reading the message
criterion = torch.nn.MSELoss()
with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    # The same mean of the same squares, {same.item():.6g}, by torch's own loss. That one warns.
    same = criterion(model(x), y)
# It says: {message}
#
# How to read it: the input is what the loss was given first, the target what it was given second.
# Where their sizes differ, look at the line that made the smaller one. The formula that we wrote
# ourselves had nobody to say so.
message = str(heard[0].message)
print(message)

# %% The cure
# One target in each row, {list(targets.shape)}, like the predictions.
targets = y.unsqueeze(1)
cured = line()
optimizer = torch.optim.SGD(cured.parameters(), lr=lr)
for _ in range(60):
    # The mean of {targets.numel()} squares: {loss.item():.6g}.
    loss = criterion(cured(x), targets)
    optimizer.zero_grad()
    # Now the slope along w, {cured.weight.grad.item():.4g}, is about this input and this target.
    loss.backward()
    # From the same start: w = {cured.weight.item():.6f} and b = {cured.bias.item():.6f}.
    optimizer.step()
# @ask Judge both lines by the mean of 15 squares. Is the broken line's more than twice the other's?
#   -> bool(honest > 2 * loss) | True | False
# The broken line has {honest.item():.6g}, the cured one {loss.item():.6g}. The two have the same
# height over the middle; only here did the inputs have a say.
honest = criterion(model(x), targets)
print(f"w {cured.weight.item():.6f}  b {cured.bias.item():.6f}  loss {loss.item():.6f}")

# %% [markdown]
# ## Try it
# Set lr to 0.5: the first step already makes the broken line perfectly flat. With lr = 1 neither
# line settles, the wrong one nor the right one, so a wild loss is a sign of the rate and a calm one
# at the variance of y is a sign of the shapes.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["broadcast", "fifteen_points"]
# covers = ["P2"]
#
# [[tool.tutor.plot]]
# title = "What each line says"
# points = ["x.flatten()", "y"]
# lines = [
#   ["x.flatten()", "model(x).flatten()", "y as a row"],
#   ["x.flatten()", "cured(x).flatten()", "y as a column"],
# ]
#
# [[tool.tutor.plot]]
# title = "The loss with y as a row"
# of = "((u * x + v - y) ** 2).mean()"
# over = { u = [-0.5, 1.5], v = [0, 4] }
# at = ["model.weight[0, 0]", "model.bias[0]"]
#
# [[tool.tutor.plot]]
# title = "The loss with y as a column"
# of = "((u * x.flatten() + v - y) ** 2).mean()"
# over = { u = [-0.5, 1.5], v = [0, 4] }
# at = ["cured.weight[0, 0]", "cured.bias[0]"]
#
# [[tool.tutor.expect]]
# of = '[message[:56], "to the input size (torch.Size([15, 1]))" in message]'
# is = ["Using a target size (torch.Size([15])) that is different", true]
# source = "torch's own words"
#
# [[tool.tutor.expect]]
# of = "[w, b, variance]"
# is = [0.0, 2.3244, 0.543868]
# rtol = 1e-5
# atol = 2e-6
# source = "the mean and the variance of 001_b89a922598a8289e.txt's targets, section 2"
#
# [[tool.tutor.expect]]
# of = "honest.item()"
# is = 0.543868
# rtol = 1e-5
# source = "a flat line at the mean misses by the variance"
#
# [[tool.tutor.expect]]
# of = "loss.item()"
# is = 0.16891526
# source = "least squares over the points of 001_b89a922598a8289e.txt, section 2"
# ///
