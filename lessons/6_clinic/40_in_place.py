# %% [markdown]
# # Overwritten on the way
# An operation that changes a tensor in place can destroy what the way back still needs.
#
# You need the lesson `chain`: on the way back each node multiplies by its slope, and some slopes
# are made of numbers that the node kept. Here such a number is written over, and you learn to read
# from the message where.

# %% The broken run
import torch

factor = 2.0  # @param {type: "slider", min: 1, max: 4, step: 0.5}
x = torch.tensor([0.0, 1.0], requires_grad=True)
# The slope of the sigmoid is s · (1 - s), so its node keeps the result, {s[0]:g} and {s[1]:.6f}.
s = torch.sigmoid(x)
# @ask The next line writes over s, which the node still needs. When does torch complain?
#   -> ["never", "in backward()"][s._version] | at once | in backward() | never
# Not yet: s is now {s[0]:g} and {s[1]:.6f}. Torch counts how often a tensor was changed, here
# {s._version} time, and compares only on the way back.
s.mul_(factor)
loss = s.sum()
try:
    # Now torch refuses: the node finds another version of s than it left.
    loss.backward()
except RuntimeError as error:
    refusal = str(error)
# How to read it: "output 0 of Sigmoid" names the node that misses its value, and so the line
# that made it. "is at version 1" says that it was changed once after that. The line to look
# for stands between that one and `backward()`: `mul_` with its underscore.
print(refusal)

# %% Not every change hurts
w = torch.tensor([0.0, 1.0], requires_grad=True)
# The slope of w + 1 is 1 wherever w is; the result is not needed on the way back.
t = w + 1
t.mul_(factor)
# @ask Here t was written over in just the same way. Does this `backward()` go through?
#   -> w.grad is not None | True | False
# It does, and {w.grad.tolist()} is right. Torch refuses only where a value that it needs was
# written over.
t.sum().backward()
assert torch.equal(w.grad, torch.full_like(w, factor))

# %% A step between two walks
first = torch.tensor(3.0, requires_grad=True)
second = torch.tensor(2.0, requires_grad=True)
prediction = second * first
# Two losses of one prediction, {low:g} and {high:g}.
low, high = (prediction - 1) ** 2, (prediction - 4) ** 2
low.backward(retain_graph=True)
with torch.no_grad():
    # A step, in place as it should be. But the product has kept each weight for the other's slope.
    first -= 0.01 * first.grad
    second -= 0.01 * second.grad
held = first.grad.item()
try:
    # @ask Nobody watched the step. Does the second loss still find its way back?
    #   -> first.grad.item() != held | True | False
    # `no_grad` stops watching, not counting. The slopes of this loss belong to the old weights, and
    # these are gone.
    high.backward()
except RuntimeError as error:
    stale = str(error)

# %% The cure
# Out of place: the product is a new tensor, and s keeps its numbers.
s = torch.sigmoid(x)
scaled = s * factor
loss = scaled.sum()
# By hand: factor · s · (1 - s).
by_hand = factor * s.detach() * (1 - s.detach())
# The slopes are {x.grad[0].item():.6f} and {x.grad[1].item():.6f}.
loss.backward()
assert torch.allclose(x.grad, by_hand)
first, second = (torch.tensor(number, requires_grad=True) for number in (3.0, 2.0))
prediction = second * first
# Both walks first: the slopes of the two losses add up.
((prediction - 1) ** 2 + (prediction - 4) ** 2).backward()
with torch.no_grad():
    # And then the step, from 3 to {first:g}.
    first -= 0.01 * first.grad
print(x.grad, first.item())

# %% [markdown]
# ## Try it
# Turn factor to 1: not one number changes, and torch refuses all the same, for it counts changes
# and does not compare numbers.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["chain"]
# covers = ["P4"]
# compare = [["x.grad", "by_hand"]]
#
# [[tool.tutor.raises]]
# cell = "The broken run"
# error = "RuntimeError: one of the variables needed for gradient computation has been modified by"
#
# [[tool.tutor.raises]]
# cell = "A step between two walks"
# error = "RuntimeError: one of the variables needed for gradient computation has been modified by"
#
# [[tool.tutor.expect]]
# of = '"output 0 of Sigmoid, is at version 1; expected version 0 instead" in refusal'
# is = true
# source = "torch's own words"
#
# [[tool.tutor.expect]]
# of = "x.grad.tolist()"
# is = [0.5, 0.39322387]
# source = "the chain rule by hand: 2 · s · (1 - s)"
#
# [[tool.tutor.expect]]
# of = "[low.item(), high.item(), held, first.item()]"
# is = [25.0, 4.0, 20.0, 2.72]
# source = "by hand: 2 · (6 - 1) · 2, and 3 - 0.01 · (20 + 8)"
# ///
