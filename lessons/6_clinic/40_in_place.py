# %% [markdown]
# # Overwritten on the way
# An operation that changes a tensor in place can destroy what the way back still needs.
#
# Torch counts how often a tensor was changed, and on the way back it compares.

# %% The broken run
import torch

factor = 2.0  # @param {type: "slider", min: 1, max: 4, step: 0.5}
x = torch.tensor([0.0, 1.0], requires_grad=True)
# The slope of the sigmoid is s · (1 - s), so its node keeps the result, {s.tolist()}.
s = torch.sigmoid(x)
# @ask The line below writes over s in place. Will torch refuse it?
#   -> s._version == 0 | True | False
# Not a word: s is now {s.tolist()}. Torch only counts: changed {s._version} time since it was made.
# Whether that matters will be seen on the way back.
s.mul_(factor)
loss = s.sum()
try:
    loss.backward()
except RuntimeError as error:
    # Only now does torch say: {refusal}
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
print(x.grad)

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# compare = [["x.grad", "by_hand"]]
#
# [[tool.tutor.expect]]
# of = '["output 0 of Sigmoid" in refusal, "version 1; expected version 0" in refusal]'
# is = [true, true]
# source = "torch's own words"
#
# [[tool.tutor.expect]]
# of = "x.grad.tolist()"
# is = [0.5, 0.39322387]
# source = "the chain rule by hand: 2 · s · (1 - s)"
# ///
