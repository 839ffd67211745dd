# %% [markdown]
# # A weight and a bias by hand
# Two unknowns have two slopes, and a step follows both at once, even where one is already right.
#
# You should know the lesson `descend`. The three points on y = 2x are the same, but the line may
# now have any height: y = wx + b. Here both partial derivatives come from paper. The lesson
# `three_points` will take the same steps with a model and an optimizer.

# %% Two unknowns
import torch

lr = 0.1  # @param {type: "slider", min: 0.01, max: 0.25, step: 0.01}
x = torch.tensor([1.0, 2.0, 3.0])
y = 2 * x
# A weight that is too small, {w:g} where the points want 2.
w = torch.tensor(1.0)
# And a bias that is right from the start: the line y = 2x has the height {b:g} at x = 0.
b = torch.tensor(0.0)

# %% Before the first step
# How far the line lies above each point: {misses.tolist()}. It lies below all of them.
misses = w * x + b - y
# @ask The bias is already right. Where will the first step take it?
#   -> "up" if pull < 0 else "down" if pull > 0 else "nowhere" | up | down | nowhere
# Up: its slope is {pull:g}. A slope asks about now, with w as it is, and now a higher line would be
# better. It cannot know that w is to blame.
pull = (2 * misses).mean()

# %% Walk down both slopes
for step in range(40):
    # How far the line lies above each point (minus: below). At x = 1 it is {residual[0]:.6g}.
    residual = w * x + b - y
    # The mean of the squares: {loss:.6g}.
    loss = (residual**2).mean()
    # The partial derivative for w: b stands still, and moving w by a little moves each prediction
    # x times as far. So x is in the formula, and the slope is {slope_w:.6g}.
    slope_w = (2 * residual * x).mean()
    # For b, w stands still, and each prediction moves exactly as far as b. So there is no x
    # in the formula, and the slope is {slope_b:.6g}.
    slope_b = (2 * residual).mean()
    # Both slopes were taken at the same place, before either number moves. Now w = {w:.6f}.
    w = w - lr * slope_w
    # And now b = {b:.6f}.
    b = b - lr * slope_b
    print(f"{step:2d}  loss {loss:.6f}  w {w:.6f}  b {b:.6f}")

# %% Steep across, flat along
# A row of x for w, a row of ones for b: each prediction is w times the one plus b times the other.
columns = torch.stack([x, torch.ones_like(x)])
# How much each slope grows for each 1 that a number moves: w's slope by {curvature[0, 0]:.4g} with
# w, b's by {curvature[1, 1]:.4g} with b, and each by {curvature[0, 1]:.4g} with the other one. So w
# and b share the error: each can make up for the other.
curvature = 2 * columns @ columns.t() / len(x)
# `eigvalsh` finds in such a table the flattest direction and the steepest. The loss is a long
# valley: it curves by {across:.4f} across, but only by {along:.4f} along.
along, across = torch.linalg.eigvalsh(curvature.cpu()).tolist()
# A step multiplies the distance across by {1 - lr * across:.4f} and that along by
# {1 - lr * along:.4f}. The closer to 0, the sooner it is gone: forty steps leave
# {left_along:.4g} of the distance along the valley.
left_along = (1 - lr * along) ** 40
# @ask The valley limits the rate. From which rate on does each step land farther away?
#   -> limit | 0.1802949 | 0.2142857 | 2.0
# Where the factor across goes below -1: from lr = {limit:.7f} on. With w alone the limit was
# {2 / curvature[0, 0].item():.7f}: a second unknown has made the steep direction steeper.
limit = 2 / across
print(f"w = {w:.6f}, b = {b:.6f}, and x = 4 gives {4 * w + b:.6f}")

# %% [markdown]
# ## Try it
# Set `lr` to 0.17 and watch the path on the map: it jumps from side to side of the valley, and gets
# to its floor all the same. With 0.19 each jump is longer than the last. With 0.01 there are no
# jumps: how far does b get before it turns back?

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["descend"]
# covers = ["A4"]
#
# [[tool.tutor.plot]]
# title = "the valley of the loss, and the way through it"
# of = "((w * x + b - y) ** 2).mean()"
# over = { w = [0.5, 2.5], b = [-0.8, 1.0] }
# at = ["w", "b"]
# log = true
#
# [[tool.tutor.plot]]
# title = "the line and the points"
# points = ["x", "y"]
# lines = [["x", "w * x + b", "the line"], ["x", "2 * x", "the truth"]]
#
# [[tool.tutor.expect]]
# at = 0
# of = "[w.item(), b.item(), pull.item()]"
# is = [1.0, 0.0, -4.0]
# source = "the mean of 2 · (-1, -2, -3)"
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
# of = "[w.item(), b.item()]"
# is = [1.938739, 0.139258]
# source = "000_882c469dd17d8fe3.txt, section 5, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# of = "[along, across, limit]"
# is = [0.2403931, 11.0929402, 0.1802949]
# source = "the roots of (28/3 - k)(2 - k) = 16, and 2 divided by the larger"
#
# [[tool.tutor.expect]]
# of = "left_along"
# is = 0.3777
# rtol = 1e-3
# source = "(1 - 0.1 · 0.24037)^40"
# ///
