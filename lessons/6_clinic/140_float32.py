# %% [markdown]
# # Seven digits
# A float32 keeps about seven digits, so what is much smaller than its neighbour is lost.
#
# You need the lessons `per_sample`, where a weight stopped just below 2, and `slope3`, where a
# slope was measured by a small step. Three things go wrong here, all for one reason, and one cure
# helps.

# %% One that disappears
import warnings

import torch

big = 1e8  # @param ["1e6", "1e7", "1e8", "1e10"] {type: "raw"}
gap = 1e-6  # @param ["1e-2", "1e-4", "1e-6", "1e-8"] {type: "raw"}
number = torch.tensor(big)
# @ask A hundred million plus one, minus a hundred million. What is it in float32?
#   -> ((torch.tensor(1e8) + 1) - 1e8).item() | 0 | 1 | 8
# With {big:g} it is {rest.item():g}. The sum has to be rounded to a float32, and what is rounded
# away does not come back.
rest = (number + 1) - number
# From {big:g} the next float32 is {step.item():g} away. Adding less than half of that adds nothing.
step = torch.nextafter(number, torch.tensor(float("inf"))) - number
# The same in float64, which has about sixteen digits: {careful.item():g}.
careful = (torch.tensor(big, dtype=torch.float64, device="cpu") + 1) - big

# %% A weight that stands still
lr, stood_since = 0.01, None
w = torch.tensor(1.0, requires_grad=True)
for epoch in range(100):
    before = w.item()
    for x, y in ((1.0, 2.0), (2.0, 4.0), (3.0, 6.0)):
        loss = (w * x - y) ** 2
        # The slope of this sample is {w.grad.item():.6g}.
        loss.backward()
        with torch.no_grad():
            # The step is {lr * w.grad.item():.3g} long, and w = {w.item():.13f}.
            w -= lr * w.grad
        # Emptied for the next sample. The loss was {loss.item():.3g}.
        w.grad.zero_()
    if w.item() != before:
        stood_since = epoch + 1
(w * 3 - 6).square().backward()
# @ask In the second half of the hundred passes w has not moved at all. Is its step exactly 0?
#   -> short == 0 | True | False
# It is {short:.3g}: small, but not 0.
short = lr * w.grad.item()
# But the next float32 is {gap_above.item():.3g} away from w. The step is less than half of that, so
# w minus the step is rounded back to w. The last pass that moved w was number {stood_since}.
gap_above = torch.nextafter(w.detach(), torch.tensor(2.0)) - w.detach()


# %% A check that fails
def height(x):
    # The slope of (x - 2)² is 2(x - 2): at x = 1 it is -2.
    return (x - 2) ** 2


point = torch.tensor([1.0], requires_grad=True)
agreed, refusal = False, ""
with warnings.catch_warnings(record=True) as heard:
    warnings.simplefilter("always")
    try:
        # @ask `gradcheck` takes a small step and compares. Autograd is right. Will it agree?
        #   -> agreed | True | False
        # A small step to each side, divided by its length, is a slope that needs no autograd.
        agreed = torch.autograd.gradcheck(height, (point,), eps=gap)
    except RuntimeError as error:
        # Torch says: {refusal}
        refusal = str(error)
# How to read this: "numerical" was measured with the step, "analytical" came from autograd. Where
# they differ, one of them is wrong, and this time it is the measurement. A warning had said so:
# "{str(heard[0].message)}"
left, right = height(point.detach() - gap).item(), height(point.detach() + gap).item()
# The two heights are {left:.9f} and {right:.9f}. Of their seven digits those that are the same
# cancel, and the few that are left, divided by {2 * gap:g}, give {measured:.5g}.
measured = (right - left) / (2 * gap)

# %% The cure
# Sixteen digits: as many are lost, but enough are left.
precise = torch.tensor([1.0], dtype=torch.float64, device="cpu", requires_grad=True)
# Now both agree: {passed}.
passed = torch.autograd.gradcheck(height, (precise,))
twin = torch.tensor(1.0, dtype=torch.float64, device="cpu")
for _ in range(100):
    for x, y in ((1.0, 2.0), (2.0, 4.0), (3.0, 6.0)):
        # The same walk in float64, by formula: {twin.item():.14f}.
        twin = twin - lr * 2 * (twin * x - y) * x
# @ask In float32 the weight stopped 0.0000004 below 2. By how much is the prediction for x = 3 off?
#   -> "below 0.001" if abs(3 * w.item() - 6) < 1e-3 else "above 0.001" | above 0.001 | below 0.001
# It is {3 * w.item():.7f}, and should be 6: data are seldom as exact as that. So train in float32,
# and take float64 where you check.
print(f"float32 {w.item():.13f}, float64 {twin.item():.14f}")

# %% [markdown]
# ## Try it
# Set `gap` to 1e-2: with a step so long, float32 passes the check. With 1e-8 the step itself is
# lost, and the measured slope is 0. Set `big` to 1e7, where one still counts.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# after = ["per_sample", "slope3"]
# covers = ["P14", "D5"]
#
# [[tool.tutor.raises]]
# cell = "A check that fails"
# error = "torch.autograd.gradcheck.GradcheckError: Jacobian mismatch for output 0"
#
# [[tool.tutor.plot]]
# title = "(x - 2)² close to x = 1, and what float32 makes of it"
# lines = [
#   ["[i / 10 for i in range(-20, 21)]",
#    "[-2 * i / 10 for i in range(-20, 21)]", "the slope -2"],
#   ["[i / 10 for i in range(-20, 21)]",
#    "[(height(point[0] + gap * i / 10).item() - 1) / gap for i in range(-20, 21)]", "float32"],
# ]
#
# [[tool.tutor.expect]]
# of = "[rest.item(), step.item(), careful.item()]"
# is = [0.0, 8.0, 1.0]
# source = "a float32 has 24 bits: beyond 2^26 its neighbours are 8 apart"
#
# [[tool.tutor.expect]]
# of = "w.item()"
# is = 1.9999996423721
# rtol = 0
# atol = 1.2e-7
# source = "003_7eac1f8e59c11a0f.txt, sections 4.4 and 5.1: where float32 stalls"
#
# [[tool.tutor.expect]]
# of = "[twin.item(), stood_since <= 50]"
# is = [1.99999999999992, true]
# rtol = 0
# atol = 1e-14
# source = "003_7eac1f8e59c11a0f.txt, sections 4.4 and 5.1, in float64"
#
# [[tool.tutor.expect]]
# of = "['tensor([[-1.9073]])' in refusal, measured, passed]"
# is = [true, -1.9073, true]
# rtol = 1e-4
# source = "002_991e0ef1df399e3d.txt, section 7, has -2; float32 sees 2^-18 over 2e-6"
# ///
