# %% [markdown]
# # How fast is too fast
# The steepest direction of a loss sets a limit to the learning rate, however gentle the others are.
#
# You should know gradient descent on a line with w and b, from the lesson `fifteen_points`.
#
# In the lesson `descend` one weight walked down, and 0.22 was too fast for it. With two parameters
# there are many directions to go. Here you learn to compute the limit before you train.

# %% Three points, two parameters
import torch

lr = 0.17  # @param {type: "slider", min: 0.01, max: 0.25, step: 0.01}
x = torch.tensor([1.0, 2.0, 3.0])
y = 2 * x


def loss_of(line, y):
    return ((line[0] * x + line[1] - y) ** 2).mean()


def steepest(curvature):
    # The largest curvature of all directions.
    return torch.linalg.eigvalsh(curvature.cpu())[-1].item()


# The line y = wx + b, from w = 1 and b = 0; w = 2 and b = 0 would be right.
line = torch.tensor([1.0, 0.0], requires_grad=True)
start = loss_of(line.detach(), y).item()

# %% Walk
for step in range(40):
    # The loss here: {loss.item():.6g}.
    loss = loss_of(line, y)
    line.grad = None
    # The slopes: {line.grad[0].item():.5g} along w, {line.grad[1].item():.5g} along b.
    loss.backward()
    with torch.no_grad():
        # A step against both leads to w = {line[0].item():.5g}, b = {line[1].item():.5g}. On the
        # map you see whether it steps over the floor of the valley.
        line -= lr * line.grad
    print(f"{step:2d}  loss {loss.item():.6g}")

# %% How curved is it?
# Curvature says how fast the slopes change as the line moves. These are the second derivatives of
# the loss, in a table of 2 by 2; on this loss they are the same everywhere.
curvature = torch.func.hessian(loss_of)(line.detach(), y)
# Two directions stand out. Along the valley the curvature is {flat:.4g}, across it {steep:.4g}.
# (These are the eigenvalues; `.cpu()` because not every device can find them.)
flat, steep = torch.linalg.eigvalsh(curvature.cpu()).tolist()
# A step takes away lr · curvature of the distance to the floor. Across, it leaves {factor:.4g} of
# it: with a minus sign it lands on the other side. Beyond -1 it lands farther away than it was.
factor = 1 - lr * steep
# @ask Across the valley the curvature is 11.09. From which rate on does the walk blow up?
#   -> round(limit, 4) | 0.0902 | 0.1803 | 0.3606
# Where 1 - lr · curvature is -1, so at 2 / {steep:.4g} = {limit:.6f}. That the loss is gentle along
# the valley does not help.
limit = 2 / steep
# Below the limit a walk ends lower than it began, above it higher. The one above had lr = {lr:g}:
# it went from {start:.4g} to {loss_of(line.detach(), y).item():.4g}.
assert (loss_of(line.detach(), y).item() < start) == (lr < limit)
# @ask Make all targets ten times as large. The new limit is how many times the old one?
#   -> round(tenfold / limit, 3) | 0.01 | 0.1 | 1 | 10
# The same limit. Targets move the floor of the valley, but they do not bend it: in the second
# derivative there are only the inputs.
tenfold = 2 / steepest(torch.func.hessian(loss_of)(line.detach(), 10 * y))

# %% Five losses
fifteen = torch.tensor(
    [3.3, 4.4, 5.5, 6.71, 6.93, 4.168, 9.779, 6.182, 7.59, 2.167, 7.042, 10.791, 5.313, 7.997, 3.1]
)
# The inputs x1 and x2 of the lesson `three_grads`.
table = """
 -1.3435513  0.72794396  -1.7215605   1.4929489  0.22135527   0.7232564 -0.13489921  0.69149077
 0.20331644 -0.76858217   0.5832011 -0.20352839 -0.87118524 0.026507568  0.03843016 -0.64236397
  0.6992561 -0.13094856  0.34081542 -0.99096185  0.61612076    1.924597  -1.9328907  0.34608272
-0.36835182   -1.670294  -0.3252041 -0.004462193   1.5535592 -0.41171664 -0.30713788  -1.0164897
-0.079570964   1.1246332  0.67806524  0.19588463  -0.4791829 -0.12502228   0.8209693  -0.8692966
 -1.7832628 -0.12879926   1.1959864  0.20743823  -0.2463443   1.0818563  -1.9339998 -0.39289927
  1.3267881  0.10970676   1.2479647  -0.2971931   1.3897849    1.706737  -0.2575852 -0.18652982
  0.8352685  -0.5307579   0.6557587  -1.3803326  -1.5291772  -0.6705246  0.13366278    -1.06527
 -1.8551949   0.7063751   0.9696687  -0.7168242  0.52196485   -2.385287    -1.02573   1.0508281
   0.975705  0.17130211  -0.6672598 -0.09267236 -0.40689847 -0.030241141  -1.6656996  -0.4714548
  1.1775819   0.8689692  -0.9635493   1.2927016   1.4114724  0.02360673  0.39901057  0.08572404
 -0.3672964   1.6424936   0.3357889 -0.056298606  0.17719494 0.061324794 -0.10622957   -1.371214
  1.3029007 -0.14608215   0.7128566   0.5398639
"""
fifty = torch.tensor([float(number) for number in table.split()]).view(-1, 2)


def with_ones(x):
    # A column of ones beside x makes b a weight like w.
    return torch.stack([x, torch.ones_like(x)], dim=1)


# Five losses of this course. Each has a column for each parameter, and what the sum of the squares
# is divided by.
losses = {
    "3 points, only w": (x.view(-1, 1), 3),
    "3 points, w and b": (with_ones(x), 3),
    "3 points, sum": (with_ones(x), 1),
    "15 points": (with_ones(fifteen), 15),
    "50 points": (fifty, 50),
}
# From these columns alone come all second derivatives of a squared loss.
curvatures = {name: 2 * c.T @ c / divisor for name, (c, divisor) in losses.items()}
assert torch.allclose(curvatures["3 points, w and b"], curvature)
# @ask Each of the five losses has its own limit. Which loss needs the smallest learning rate?
#   -> min(limits, key=limits.get) | 3 points, sum | 15 points | 50 points
# - only w: {limits["3 points, only w"]:.7f}
# - w and b: {limits["3 points, w and b"]:.7f}
# - their sum, not their mean: {limits["3 points, sum"]:.7f}, a third of that
# - 15 points: {limits["15 points"]:.7f}, for x goes up to {fifteen.max().item():.3g} and is squared
# - 50 points: {limits["50 points"]:.7f}, with many more points, but all of them near 0
limits = {name: 2 / steepest(c) for name, c in curvatures.items()}


def left_over(curvature, lr, steps=400):
    """How long the way to the floor is after so many steps, if it was 1 in each parameter."""
    distance = torch.ones(len(curvature))
    for _ in range(steps):
        distance = distance - lr * curvature @ distance
    return distance.norm().item()


# %% A hair below, a hair above
for name, bound in limits.items():
    # {name}: with a rate 1% below the limit, 400 steps leave {below:.3g} of the way.
    below = left_over(curvatures[name], 0.99 * bound)
    # With 1% above it the way becomes {above:.3g} times as long, and would go on growing.
    above = left_over(curvatures[name], 1.01 * bound)
    assert below < 1.5 < above
    print(f"{name:18s} limit {bound:.7f}  below {below:.2e}  above {above:.2e}")

# %% [markdown]
# ## Try it
# Set `lr` to 0.18 and then to 0.19, one notch below and one above the limit, and watch the path on
# the map. With 0.05 it no longer jumps, but look how slowly it creeps along the valley.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["fifteen_points"]
# covers = ["A4", "B4", "C9", "D1", "D7"]
#
# [[tool.tutor.plot]]
# title = "the walk over the loss"
# of = "((u * x + v - y) ** 2).mean()"
# over = { u = [0, 4], v = [-1, 2] }
# at = ["line[0]", "line[1]"]
# log = true
#
# [[tool.tutor.plot]]
# title = "the limits of five losses"
# bars = "limits"
# log = true
#
# [[tool.tutor.expect]]
# of = "[*limits.values()]"
# is = [0.2142857, 0.1802949, 0.0600983, 0.0231492, 0.976703]
# source = "2 / largest eigenvalue, losses of 003 (3), 000 (5), 003 (5.2.2), 001 (2) and 002 (9)"
#
# [[tool.tutor.expect]]
# of = "steep"
# is = 11.09294
# source = "the larger root of (28/3 - k)(2 - k) = 16"
#
# [[tool.tutor.expect]]
# of = "[limit, tenfold]"
# is = [0.1802949, 0.1802949]
# source = "2 / largest eigenvalue of 000_882c469dd17d8fe3.txt, section 5"
#
# [[tool.tutor.expect]]
# of = "loss_of(line.detach(), y).item() < start"
# is = true
# source = "0.17 is below the limit"
# ///
