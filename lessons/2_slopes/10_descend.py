# %% [markdown]
# # Downhill by hand
# The slope of the loss says which way is down, and that alone is enough to learn a weight.
#
# Three points lie on the line y = 2x. We fit y = wx from a wrong guess, with no autograd: every
# derivative here was worked out on paper, so that later you know what autograd does for you.

# %% A question with a known answer
import torch

lr = 0.01  # @param {type: "slider", min: 0.005, max: 0.25, step: 0.005}
passes = 100  # @param {type: "slider", min: 1, max: 200, step: 1}
x = torch.tensor([1.0, 2.0, 3.0])
# The targets {y.tolist()} are what w = 2 makes of x, so every step can be judged.
y = 2 * x
# A wrong guess on purpose: for x = 4 it says {4 * w:g}, and the line says {4 * y[0]:g}.
w = torch.tensor(1.0)

# %% Walk downhill
for step in range(passes):
    # How far each prediction lies above its target; a minus sign means below.
    residual = w * x - y
    # Squaring makes every miss count as positive, and big ones count more: {loss:.6g}.
    loss = (residual**2).mean()
    # d loss / dw by the chain rule: the square gives 2 · residual, and w·x gives x. The
    # slope {slope:.6g} is negative where a bigger w would lower the loss.
    slope = (2 * residual * x).mean()
    # Against the slope is down. The step shrinks with the slope all by itself: now w = {w:.7g}.
    w = w - lr * slope
    print(f"{step:3d}  loss {loss:.6f}  w {w:.6f}")

# %% Why it works, and when it does not
# For each 1 that w moves, the slope grows by {curvature:.5g}, the same wherever w is.
curvature = 2 * (x**2).mean()
# @ask A bolder rate takes bigger steps. Would lr = 0.22 still get to w = 2?
#   -> abs(1 - 0.22 * curvature).item() < 1 | True | False
# So each pass multiplies the distance to 2 by the same factor, {factor:.6g}. Below 0 it steps
# over the bottom to the far side; below -1 it lands farther away than it was, pass after pass.
factor = 1 - lr * curvature
# All {passes} passes in one formula: the loop could not have ended anywhere else.
assert torch.isclose(w, 2 - factor**passes, rtol=1e-4)
# What the learned weight makes of x = 4: {4 * w:.7g}.
print(f"w = {w:.7f}, and x = 4 gives {4 * w:.7f}")

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
#
# [[tool.tutor.expect]]
# at = 0
# of = "w.item()"
# is = 1.0
# source = "003_7eac1f8e59c11a0f.txt, section 3"
#
# [[tool.tutor.expect]]
# at = 1
# of = "[loss.item(), slope.item(), w.item()]"
# is = [4.6666667, -9.3333333, 1.0933333]
# source = "003_7eac1f8e59c11a0f.txt, section 3, in float64"
#
# [[tool.tutor.expect]]
# at = 2
# of = "w.item()"
# is = 1.1779556
# source = "003_7eac1f8e59c11a0f.txt, section 3, in float64"
#
# [[tool.tutor.expect]]
# at = 100
# of = "[loss.item(), w.item(), (4 * w).item()]"
# is = [1.752433e-8, 1.9999444396553, 7.9997778]
# source = "003_7eac1f8e59c11a0f.txt, section 3, in float64"
#
# [[tool.tutor.expect]]
# of = "[curvature.item(), factor.item(), 1 - 0.22 * curvature.item()]"
# is = [9.3333333, 0.9066667, -1.0533333]
# source = "w after k passes is 2 - (1 - 28/3 lr)^k"
# ///
