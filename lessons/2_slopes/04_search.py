# %% [markdown]
# # Try every weight
# To learn a weight is to find where the loss is lowest, and the plainest way is to try them all.
#
# You should have done the lesson `broadcast`. What is linear regression? Some points are given, and
# you look for the line that runs through them best. For y = wx a line is one number, the weight w.
# "Best" is a number too, the loss: the mean of the squared misses. So linear regression is a search
# for the w with the lowest loss. Libraries such as scikit-learn have it in one call; here you see
# what such a call has to find.

# %% Three points
import torch

spacing = 0.1  # @param {type: "slider", min: 0.05, max: 1.5, step: 0.05}
start = 0.0  # @param {type: "slider", min: 0, max: 3, step: 0.5}
x = torch.tensor([1.0, 2.0, 3.0])
# The points lie on y = 2x, so we know what the search should find.
y = torch.tensor([2.0, 4.0, 6.0])
# From {start:g} to {start + 4:g} in steps of {spacing:g} there are {count} weights to try.
count = int(4 / spacing + 1e-9) + 1
weights, losses = [], []
# @ask w = 3 is 1 away from 2, and w = 4 is 2 away. How many times the loss of w = 3 has w = 4?
#   -> dearer | 2 | 4 | 8
# {dearer:g} times: every miss is twice as large, and misses are squared.
dearer = ((4 * x - y) ** 2).sum().item() / ((3 * x - y) ** 2).sum().item()

# %% One weight after the other
for i in range(count):
    # This time w = {w:g}.
    w = start + i * spacing
    # What this line says for each x, minus what it should say: the misses are
    # {misses[0].item():.3g}, {misses[1].item():.3g} and {misses[2].item():.3g}.
    misses = w * x - y
    # Squared, so that a miss above and one below do not cancel: {loss:.7g} in the mean.
    loss = (misses**2).mean().item()
    weights.append(w)
    losses.append(loss)
    print(f"w = {w:.2f}  loss {loss:.6f}")

# %% Which one was best?
# The lowest of all {count} losses is {lowest:.6g}.
lowest = min(losses)
# It belongs to w = {best:.6g}. The search knows only the weights that it has tried: where w = 2 is
# not among them, it finds the one that is nearest.
best = weights[losses.index(lowest)]
# @ask With `spacing` at 0.1 the fourth weight is 3 · 0.1. Is that exactly 0.3?
#   -> third == 0.3 | True | False
# It is {third:.17g}. 0.1 has no exact place in a computer, and three times its error shows.
# So never look for a weight in such a list with `==`.
third = 3 * 0.1

# %% All at once
# The weights as a column of {len(column)}, the points as a row: broadcasting tries every weight on
# every point.
column = torch.tensor(weights)[:, None]
# The same losses without a loop; the first is {at_once[0].item():.7g}.
at_once = ((column * x - y) ** 2).mean(dim=1)
assert torch.allclose(at_once, torch.tensor(losses), atol=1e-5)

# %% Why nobody does it this way
# @ask A line y = wx + b has two numbers. How many tries, with 41 values for each?
#   -> 41**2 | 82 | 1681 | 68921
# {two_numbers:,}, because each w has to be tried with each b.
two_numbers = 41**2
# A small network has a thousand numbers. Its count of tries would be a number of
# {digits:,} digits. We need a way that knows where to go.
digits = len(str(41**1000))
print(f"best w = {best:g} of {count}, with loss {lowest:g}")

# %% [markdown]
# ## Try it
# Set `spacing` to 0.3, which steps over w = 2: how low is the lowest loss now? Then set `start` to
# 3, and the search breaks: it finds a best weight at the edge, which means that it looked in the
# wrong place.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["broadcast"]
# covers = ["E1", "E2"]
#
# [[tool.tutor.plot]]
# title = "the loss of each weight that was tried"
# points = ["weights", "losses"]
# of = "((w * x - y) ** 2).mean()"
# over = { w = [0, 4] }
# at = ["w"]
#
# [[tool.tutor.plot]]
# title = "the points and the line y = wx"
# points = ["x", "y"]
# lines = [["x", "w * x", "this w"]]
#
# [[tool.tutor.expect]]
# at = 1
# of = "[w, loss]"
# is = [0.0, 18.66667]
# source = "004_0c04da73283ced71.txt, section 2, first value"
#
# [[tool.tutor.expect]]
# at = 11
# of = "[w, loss]"
# is = [1.0, 4.666667]
# source = "004_0c04da73283ced71.txt, section 2, w = 1"
#
# [[tool.tutor.expect]]
# at = 41
# of = "[w, loss]"
# is = [4.0, 18.66667]
# source = "004_0c04da73283ced71.txt, section 2, last value"
#
# [[tool.tutor.expect]]
# of = "[count, len(losses), best, lowest]"
# is = [41, 41, 2.0, 0.0]
# source = "004_0c04da73283ced71.txt, section 2: 41 values, the smallest at w = 2"
#
# [[tool.tutor.expect]]
# of = "[weights[3], third]"
# is = [0.30000000000000004, 0.30000000000000004]
# rtol = 0
# atol = 0
# source = "004_0c04da73283ced71.txt, section 2, fourth value of arange(0.0, 4.1, 0.1)"
#
# [[tool.tutor.expect]]
# of = "[two_numbers, digits]"
# is = [1681, 1613]
# source = "41², and 1000 · log10(41) = 1612.8"
# ///
