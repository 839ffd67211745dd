# %% [markdown]
# # A map of the loss
# With a weight and a bias the loss is a landscape over a plane, and it has a valley.
#
# You should have done the lesson `search`. Now the line may be shifted too: y = wx + b. We try
# every pair (w, b) of a grid and draw the loss as a map. The valley in it will explain many things
# later, when something walks downhill.

# %% Six points of a grid
import torch

reach = 2.0  # @param {type: "slider", min: 0.5, max: 4, step: 0.5}
left = 0.0  # @param {type: "slider", min: 0, max: 3, step: 0.5}
count = 21  # @param {type: "slider", min: 5, max: 41, step: 1}
# Three places along and two up make six points. `meshgrid` gives the x of each point,
# {X.tolist()}, and the y of each, {Y.tolist()}.
X, Y = torch.meshgrid(torch.arange(3), torch.arange(2), indexing="xy")
# @ask `X[row, column]` and `Y[row, column]` belong to one point. Which is at row 0, column 1?
#   -> point | (0, 1) | (1, 0) | (1, 1)
# {point}: x comes first in a point, but the row, which is y, comes first in an index. (Without
# `indexing="xy"` torch lets the rows count x.)
point = (X[0, 1].item(), Y[0, 1].item())
# A larger one from the same recipe: 20 by 20 points, the last at ({wide[-1, -1].item():g},
# {high[-1, -1].item():g}).
wide, high = torch.meshgrid(torch.linspace(0, 1000, 20), torch.linspace(0, 500, 20), indexing="xy")

# %% The loss at every point
x = torch.tensor([1.0, 2.0, 3.0])
y = 2 * x
# {count} numbers at equal distances, from 0 to 1.
part = torch.arange(count) / (count - 1)
# Stretched to weights from {left:g} to {left + 4:g} along, and to biases from {-reach:g} to
# {reach:g} up: {W.numel()} pairs.
W, B = torch.meshgrid(left + 4 * part, reach * (2 * part - 1), indexing="xy")
# Every pair tries all three points at once. The losses are a table of the grid's shape, the highest
# {losses.max().item():.5g} and the lowest {losses.min().item():.5g}.
losses = ((W[..., None] * x + B[..., None] - y) ** 2).mean(dim=-1)

# %% Along the valley
valley = []
# @ask Let b be fixed at 1, which is 1 too high. With which w is the loss lowest then?
#   -> lean | 1.571429 | 2 | 2.428571
# With a smaller one, {lean:.4g}. A line that starts too high does best if it rises less: the two
# mistakes make up for each other, and that is why there is a valley.
lean = ((y - 1) * x).mean().item() / (x**2).mean().item()
for row in range(count):
    # One row of the map has one bias, here b = {b:.3g}.
    b = B[row, 0].item()
    # In this row the loss is lowest at w = {w:.3g}.
    w = W[row, losses[row].argmin()].item()
    # That low it is there: {loss:.4g}.
    loss = losses[row].min().item()
    valley.append((loss, w, b))
    print(f"b {b:6.3f}  best w {w:.3f}  loss {loss:.5f}")

# %% The lowest point, and the way there
# Of all pairs w = {best_w:.4g}, b = {best_b:.4g} is the best, with a loss of {lowest:.4g}. The
# points lie on y = 2x + 0; the grid finds that only if it has such a point.
lowest, best_w, best_b = min(valley)
# Wrong by half in both: w = 2.5, b = 0.5. The loss is {across:.5g}.
across = ((2.5 * x + 0.5 - y) ** 2).mean().item()
# @ask Now w = 2.5 and b = -0.5. Is that just as bad?
#   -> "better" if along < across else "worse" | just as bad | better | worse
# Its loss is {across / along:.2g} times lower, {along:.5g}. Across the valley the loss rises
# steeply, along it hardly at all. So a low loss does not yet mean that w and b are right.
along = ((2.5 * x - 0.5 - y) ** 2).mean().item()
print(f"best pair: w = {best_w:g}, b = {best_b:g}, loss {lowest:g}")

# %% [markdown]
# ## Try it
# Set `count` to 20: the grid then has no point at the bottom, and the best pair is only near it.
# Set `left` to 3 and the search breaks: the best pair lies at the edge of the map, so the lowest
# point of the valley must be outside.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["search"]
# covers = ["E3"]
#
# [[tool.tutor.plot]]
# title = "the loss over w and b, and the best w for each b"
# of = "((w * x + b - y) ** 2).mean()"
# over = { w = [0, 4], b = [-2, 2] }
# at = ["w", "b"]
#
# [[tool.tutor.plot]]
# title = "the points and the best line of this row"
# points = ["x", "y"]
# lines = [["x", "w * x + b", "this row"], ["x", "2 * x", "the truth"]]
#
# [[tool.tutor.expect]]
# of = "[X.tolist(), Y.tolist(), list(point)]"
# is = [[[0, 1, 2], [0, 1, 2]], [[0, 0, 0], [1, 1, 1]], [1, 0]]
# source = "004_0c04da73283ced71.txt, section 3: the matrices, which put B at (1, 0)"
#
# [[tool.tutor.expect]]
# of = "[list(wide.shape), list(high.shape), wide[-1, -1].item(), high[-1, -1].item()]"
# is = [[20, 20], [20, 20], 1000.0, 500.0]
# source = "004_0c04da73283ced71.txt, section 3: 20 by 20 points"
#
# [[tool.tutor.expect]]
# of = "[lowest, best_w, best_b]"
# is = [0.0, 2.0, 0.0]
# source = "the points lie on y = 2x"
#
# [[tool.tutor.expect]]
# of = "[lean, across, along]"
# is = [1.5714286, 2.4166667, 0.4166667]
# source = "by hand: 2 - 3/7, and the means of 1, 9/4, 4 and of 0, 1/4, 1"
# ///
