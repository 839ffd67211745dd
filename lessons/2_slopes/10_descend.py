# %% [markdown]
# # Downhill by hand
# The slope of the loss says which way is down, and that alone is enough to learn a weight.
#
# You should know the lesson `search`; its points on y = 2x are here again. We fit y = wx without
# autograd: each derivative was worked out on paper, so that later you know what autograd does.

# %% A question with a known answer
import torch

lr = 0.01  # @param {type: "slider", min: 0.005, max: 0.25, step: 0.005}
passes = 100  # @param {type: "slider", min: 1, max: 200, step: 1}
x = torch.tensor([1.0, 2.0, 3.0])
# The targets {y.tolist()} are what w = 2 makes of x, so every step can be judged.
y = 2 * x
# A wrong guess on purpose: for x = 4 it says {4 * w:g} where {4 * y[0]:g} is right.
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
    # Against the slope is down. A small slope makes a small step by itself: now w = {w:.7g}.
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
# All {passes} passes in one formula lead to {foreseen:.6g}, and the loop ended at {w:.6g}.
foreseen = 2 - factor**passes
# What the learned weight makes of x = 4: {4 * w:.7g}.
print(f"w = {w:.7f}, and x = 4 gives {4 * w:.7f}")

# %% Half of what a tensor is
# @ask A tensor has numbers and, in `.grad`, a place for a slope. What is in `w.grad` now?
#   -> str(w.grad) | None | tensor(0.) | the last slope
# {w.grad}: we computed {passes} slopes, but in tensors of our own. Only autograd fills `.grad`, and
# nobody has asked it until now. (Tensors of torch have that place, those of TensorFlow do not.)
assert w.grad is None
# @ask With lr = 0.2 the first step goes from w = 1 past 2. How far beyond 2 does it land?
#   -> bold | 0.2 | 0.8666667 | 1.8666667
# {bold:.4g} beyond, nearly as far as it was before. The next step comes back over 2, a little
# nearer, and so on: it arrives, but from side to side.
bold = 0.2 * curvature.item() - 1

# %% [markdown]
# ## Try it
# Set `lr` to 0.1, which almost arrives in one step, and to 0.2, which jumps from side to side. From
# 0.215 on it breaks: try 0.22 and watch the loss. (This is not Newton's method, which would also
# look at how the slope changes, nor bisection, which halves an interval. It needs only the slope.)

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["search"]
# covers = ["D1", "D4"]
#
# [[tool.tutor.plot]]
# title = "the loss over w, and where the run is"
# of = "((w * x - y) ** 2).mean()"
# over = { w = [-1, 5] }
# at = ["w"]
#
# [[tool.tutor.plot]]
# title = "the points and the line y = wx"
# points = ["x", "y"]
# lines = [["x", "w * x", "learned"], ["x", "2 * x", "the truth"]]
#
# [[tool.tutor.expect]]
# of = "(w - foreseen).abs().item() < 1e-5"
# is = true
# source = "w after k passes is 2 - (1 - 28/3 lr)^k"
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
#
# [[tool.tutor.expect]]
# of = "[bold, 2 / curvature.item()]"
# is = [0.8666667, 0.2142857]
# source = "0.2 · 28/3 - 1; and 2 / (28/3), where the factor is -1"
# ///
