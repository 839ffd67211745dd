# %% [markdown]
# # Three ways to a slope
# A slope can be worked out on paper, by autograd, or by trying two points close together.
#
# You should have done the lesson `bowl`, where the slopes came from paper. Autograd is new here: it
# is asked for a slope and gives it, and the next chapter shows how. Trying two points needs no
# mathematics at all, and it tells whether the other two are right.

# %% The bowl again
import math

import torch

start = 1.0  # @param {type: "slider", min: -1, max: 4, step: 0.25}
h = 0.5  # @param {type: "slider", min: 0.25, max: 2, step: 0.25}
dtype = "float32"  # @param ["float32", "float64"]
kind = getattr(torch, dtype)
# The place where we want the slope. `requires_grad` tells torch to take notes of what we compute
# with x. (float64 is not to be had on every device, so we stay on the CPU.)
x = torch.tensor(start, dtype=kind, requires_grad=True, device="cpu")


def f(x):
    return (x - 2) ** 2


# On paper: the slope of (x - 2)² is 2(x - 2), here {by_hand:g}.
by_hand = 2 * (start - 2)
# By autograd: it goes back through its notes and leaves the slope in `x.grad`, {x.grad.item():g}.
f(x).backward()
with torch.no_grad():
    # By trying: how much higher is f a step of {h:g} to the right, for each 1 of that step?
    # {ahead.item():g}, which is off by {ahead.item() - by_hand:g}.
    ahead = (f(x + h) - f(x)) / h
    # @ask Now from a step of h on the left to a step of h on the right. How far off is that?
    #   -> around.item() - by_hand | 0 | 0.25 | 0.5
    # {around.item() - by_hand:g}. A bowl bends the same way on both sides, so the two errors
    # cancel: {around.item():g} is the slope in the middle.
    around = (f(x + h) - f(x - h)) / (2 * h)
assert x.grad == by_hand == around

# %% Two slopes at once


def g(w):
    return 2 * w[0] * w[1] + w[1] * torch.cos(w[0])


# A function of two numbers has two slopes, at w = (π, 1) as anywhere.
w = torch.tensor([torch.pi, 1.0], dtype=kind, requires_grad=True, device="cpu")
with torch.no_grad():
    # On paper: 2w₁ - w₁·sin w₀ and 2w₀ + cos w₀, so {paper[0].item():.7g} and
    # {paper[1].item():.7g}. (`stack` puts tensors together; `torch.tensor` wants plain numbers.)
    paper = torch.stack([2 * w[1] - w[1] * torch.sin(w[0]), 2 * w[0] + torch.cos(w[0])])
# Autograd: {w.grad[0].item():.7g} and {w.grad[1].item():.7g}, from one call for both.
g(w).backward()
assert torch.allclose(w.grad, paper)


# %% How small should the step be?
def steep(x):
    return f(x) * torch.sin(3 * x)


def quotient(h, kind):
    # The third way once more, for a function that bends differently on both sides of x = 1.
    x = torch.tensor(1.0, dtype=kind, device="cpu")
    return ((steep(x + h) - steep(x - h)) / (2 * h)).item()


def miss(h, kind):
    return abs(quotient(h, kind) / truth - 1)


one = torch.tensor(1.0, dtype=torch.float64, device="cpu")
# The slope of (x - 2)² · sin 3x at x = 1, on paper and with many digits: {truth:.10g}.
truth = (2 * (one - 2) * torch.sin(3 * one) + 3 * f(one) * torch.cos(3 * one)).item()
# @ask Which of these steps comes nearest to the slope, in float32?
#   -> min([0.1, 0.001, 1e-5, 1e-7], key=tries.get) | 0.1 | 0.001 | 1e-05 | 1e-07
# A step of 0.1 misses by {tries[0.1]:.1e} of the slope, 0.001 by {tries[1e-3]:.1e}, and 1e-7 by
# {tries[1e-7]:.1e}. If h is too small, f(x + h) and f(x - h) agree in nearly all of their digits,
# and their difference is made of the few that are left.
tries = {h: miss(h, torch.float32) for h in (0.1, 1e-3, 1e-5, 1e-7)}
powers, digits = [], []
for power in range(1, 13):
    # The step is now {step:.0e}.
    step = 10.0**-power
    # In {dtype} the slope comes out as {quotient(step, kind):.9g}. The miss is {error:.1e} of the
    # true slope.
    error = miss(step, kind)
    # Down to a certain step each smaller one brings more digits, below it fewer.
    powers.append(power)
    digits.append(-math.log10(max(error, 1e-17)))
    print(f"h {step:.0e}  error {error:.1e}")
# The best step in {dtype} is {best:.0e}: small enough for the bend not to matter, and large enough
# for the two values to differ in many digits.
best = 10.0 ** -powers[digits.index(max(digits))]
# @ask In float64, is a step of 1e-6 better than one of 1e-3?
#   -> fine < coarse | True | False
# It is: off by {fine:.0e} against {coarse:.0e}, because float64 has digits to lose.
fine, coarse = miss(1e-6, torch.float64), miss(1e-3, torch.float64)
print(f"paper {by_hand:g}, autograd {x.grad:g}, trying {around:g}; best step {best:.0e}")

# %% [markdown]
# ## Try it
# Set `dtype` to "float64" and find the new best step. In float32 a step of 1e-8 breaks: x + h is
# then the same number as x, so the slope comes out as 0.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "error"
# after = ["bowl"]
# covers = ["C7"]
# compare = [["x.grad", "by_hand"], ["w.grad", "paper"]]
#
# [[tool.tutor.plot]]
# title = "how many digits are right with h = 0.1, 0.01, 0.001, …"
# points = ["powers", "digits"]
# lines = [["powers", "digits"]]
#
# [[tool.tutor.plot]]
# title = "the bowl, and where its slope is taken"
# of = "(x - 2) ** 2"
# over = { x = [-1.5, 4.5] }
# at = ["x"]
#
# [[tool.tutor.expect]]
# of = "[by_hand, x.grad.item(), around.item(), ahead.item()]"
# is = [-2.0, -2.0, -2.0, -1.5]
# source = "002_991e0ef1df399e3d.txt, section 7: f'(1), twice; and (f(1.5) - f(1)) / 0.5"
#
# [[tool.tutor.expect]]
# of = "[paper.tolist(), w.grad.tolist()]"
# is = [[2.0, 5.2831855], [2.0, 5.2831855]]
# source = "002_991e0ef1df399e3d.txt, section 7: the gradient of g at (π, 1), twice"
#
# [[tool.tutor.expect]]
# of = "truth"
# is = -3.2522175
# source = "the slope 2(x - 2) sin 3x + 3(x - 2)² cos 3x at x = 1"
#
# [[tool.tutor.expect]]
# of = "tries[1e-3]"
# is = 4e-5
# rtol = 0
# atol = 5e-6
# source = "the relative error in float32 with h = 1e-3, which moves with the last bit of a sine"
#
# [[tool.tutor.expect]]
# of = "fine"
# is = 8e-11
# rtol = 0
# atol = 1e-11
# source = "the relative error in float64 with h = 1e-6, which moves with the last bit of a sine"
#
# [[tool.tutor.expect]]
# of = "[best, quotient(1e-8, torch.float32)]"
# is = [0.001, 0.0]
# source = "the least of the errors in float32; and 1 + 1e-8 is 1 there"
# ///
