# %% [markdown]
# # One sample at a time
# A weight that learns from one sample at a time comes close to the answer, and then stops moving.
#
# You have walked downhill on three points in the lesson `descend`, and know from `leaf` where
# autograd puts a gradient.
#
# The points are the same three on y = 2x. Now autograd finds the slope, and w moves after each
# sample. Beside it walks a twin that does the same sums by hand, with more digits.

# %% Two walkers
import torch

lr = 0.01  # @param {type: "slider", min: 0.005, max: 0.25, step: 0.005}
dtype = "float32"  # @param ["float32", "float64", "float16"]
xs, ys = [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]
# Torch's usual float has 32 bits. In {dtype} the neighbours just below 2 lie
# {torch.finfo(w.dtype).eps:.3g} apart, and there is nothing between them. (Not every device knows
# all these kinds, so w stays on the CPU.)
w = torch.tensor([1.0], dtype=getattr(torch, dtype), device="cpu", requires_grad=True)
# Python's own float has 64 bits, and this one knows its derivative by heart.
twin = 1.0
path, twin_path, slopes = [w.item()], [twin], []

# %% A hundred times through the data
for epoch in range(100):
    for x, y in zip(xs, ys, strict=True):
        # One sample, one loss. It is built from w, so torch can walk back from it.
        loss = ((w * x - y) ** 2).sum()
        # Autograd answers d loss / dw = {w.grad.item():.7g}. It adds to what `w.grad` held before,
        # so the last line of this loop has to empty it.
        loss.backward()
        slopes.append(w.grad.item())
        with torch.no_grad():
            # An update is not part of the model, so torch must not watch it. This sample moves w to
            # {w.item():.8g}, before the next one is even looked at.
            w -= lr * w.grad
        # The same step on paper: {twin:.15g}.
        twin -= lr * 2 * (twin * x - y) * x
        # Only the gradient starts again at zero. The weight keeps all it has learned.
        w.grad.zero_()
    path.append(w.item())
    twin_path.append(twin)
    print(f"{epoch:3d}  loss {loss.item():.3e}  w {w.item():.7f}")

# %% So close
# @ask Compare w after fifty passes with w at the end. Did the last fifty bring it nearer to 2?
#   -> abs(path[-1] - 2) < abs(path[50] - 2) | True | False
# After fifty passes w stood at {path[50]:.13f}, at the end at {w.item():.13f}. The last steps that
# it should have taken are {left[0]:.2g}, {left[1]:.2g} and {left[2]:.2g}. One that is smaller than
# half the way to the next float changes nothing when it is subtracted.
left = [lr * slope for slope in slopes[-3:]]
# The twin's neighbours lie {torch.finfo(torch.float64).eps:.2g} apart: it got to {twin:.15g}.
print(f"w comes to {path[-1]:.13f}, the twin to {twin:.15f}")

# %% What one pass does
# A sample multiplies the distance to 2 by 1 - 2 · lr · x². The three of them here:
# {keeps[0]:.4g}, {keeps[1]:.4g} and {keeps[2]:.4g}.
keeps = [1 - 2 * lr * x**2 for x in xs]
# A pass multiplies by all three, {one_pass:.6g}.
one_pass = keeps[0] * keeps[1] * keeps[2]
# @ask With lr = 0.2 the sample x = 3 alone throws w 2.6 times as far away. Does w still get to 2?
#   -> abs(bold) < 1 | True | False
# The other two bring it nearer by more than that: together they leave {bold:.4g} of the distance.
# Not each step must lead nearer, only each pass.
bold = (1 - 2 * 0.2) * (1 - 2 * 0.2 * 4) * (1 - 2 * 0.2 * 9)
print(f"one pass keeps {one_pass:.6f} of the distance, with lr = 0.2 {bold:.4f}")

# %% [markdown]
# ## Try it
# Set lr to 0.2 and watch w in a single pass: near, over, far away, and still home in the end. Then
# to 0.25, where the three together lead away. And why is it so fast with 0.055? Then give w the
# twin's 64 bits, or only 16, with `dtype`: how far from 2 does it stop now?

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["descend", "leaf"]
# covers = ["D5"]
#
# [[tool.tutor.plot]]
# title = "how far from 2, pass by pass"
# lines = [
#   ["list(range(len(path)))", "[abs(2 - one) for one in path]", "w"],
#   ["list(range(len(twin_path)))", "[abs(2 - one) for one in twin_path]", "the twin"],
# ]
# log = true
#
# [[tool.tutor.plot]]
# title = "the loss of the sample at hand: each has a parabola of its own"
# of = "(w * x - y) ** 2"
# over = { w = [0.5, 3] }
# at = ["w[0]"]
#
# [[tool.tutor.expect]]
# at = 1
# of = "slopes"
# is = [-2.0, -7.84, -16.2288017]
# source = "003_7eac1f8e59c11a0f.txt, sections 4.4 and 5.1"
#
# [[tool.tutor.expect]]
# at = 1
# of = "[loss.item(), w.item()]"
# is = [7.3159437, 1.2606881]
# source = "004_0c04da73283ced71.txt, section 5.1.2, linear regression"
#
# [[tool.tutor.expect]]
# at = 50
# of = "w.item()"
# is = 1.9999996423721
# rtol = 0
# atol = 1.2e-7
# source = "003_7eac1f8e59c11a0f.txt, section 5.1: where float32 stalls"
#
# [[tool.tutor.expect]]
# of = "[w.item() == path[50], w.item() == 2]"
# is = [true, false]
# source = "the stall: fifty more passes move nothing"
#
# [[tool.tutor.expect]]
# of = "[one_pass, bold]"
# is = [0.739312, 0.936]
# source = "the product of the three factors: 0.98 · 0.92 · 0.82, and 0.6 · 0.6 · 2.6"
#
# [[tool.tutor.expect]]
# of = "max(map(abs, left)) < torch.finfo(w.dtype).eps / 2"
# is = true
# source = "a step of less than half the distance to the next float rounds to no step"
#
# [[tool.tutor.expect]]
# of = "twin"
# is = 1.99999999999992
# rtol = 0
# atol = 1e-14
# source = "003_7eac1f8e59c11a0f.txt, section 5.1, in float64"
# ///
