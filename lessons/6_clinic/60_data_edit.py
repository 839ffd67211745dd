# %% [markdown]
# # Behind torch's back
# An edit through `.data` is hidden from torch: no error comes, and the gradient is wrong.
#
# You need the lesson `in_place`: nodes keep values for the way back, torch counts how often a
# tensor was changed, and refuses where the counts differ. Here somebody wants the same numbers
# doubled, only to look at them, and knows a way to be left in peace.

# %% What is right
import torch

factor = 2.0  # @param {type: "slider", min: 0.5, max: 4, step: 0.5}
x = torch.tensor([0.0, 1.0], requires_grad=True)
s = torch.sigmoid(x)
# The slope of the sigmoid is s · (1 - s), here {by_hand[0].item():.6f} and
# {by_hand[1].item():.6f}. Keep these two in mind.
by_hand = (s * (1 - s)).detach()

# %% The broken run
# The loss has been computed, {loss.item():.6f}. Nothing that happens to s from here on changes it.
loss = s.sum()
# @ask s is multiplied in place, through `.data`. How many changes of s has torch counted then?
#   -> s._version | 0 | 1 | 2
# It has counted {s._version}, and yet s holds {s[0]:g} and {s[1]:.6f} now: `.data` is the same
# memory without the counter.
s.data.mul_(factor)
# @ask For the first number the true slope is 0.25. What will autograd find for it?
#   -> "right" if x.grad[0] == by_hand[0] else "too small" | too small | right | too large
# The node kept s itself, not a copy, and works out s · (1 - s) with the numbers that lie there now:
# {x.grad[0].item():.6f} and {x.grad[1].item():.6f}. No error and no warning.
loss.backward()
silent = x.grad.clone()
# How to find it: compare with a second opinion. Here that is the derivative on paper, and the two
# are up to {off.item():.2g} apart. The next lines to read are those with `.data`.
off = (silent - by_hand).abs().max()

# %% The same through detach
x.grad = None
s = torch.sigmoid(x)
loss = s.sum()
# Also the same memory under a second name: s holds {s[0]:g} and {s[1]:.6f}. But the two share the
# counter, which says {s._version}.
s.detach().mul_(factor)
try:
    # @ask `detach` gives the same memory as `.data`. What comes of this `backward()`?
    #   -> "an error" if x.grad is None else "slopes" | slopes | an error | a warning
    # Version {s._version} where 0 was expected, so torch refuses. An error in time is worth more
    # than a slope that is wrong.
    loss.backward()
except RuntimeError as error:
    refusal = str(error)

# %% The cure
s = torch.sigmoid(x)
loss = s.sum()
# Without the underscore, out of place: {shown[0]:g} and {shown[1]:.6f} are in new memory, to print
# or to plot, and s keeps {s[0]:g} and {s[1]:.6f}.
shown = s.detach() * factor
# The slopes are {x.grad[0].item():.6f} and {x.grad[1].item():.6f}, as on paper.
loss.backward()
assert torch.allclose(x.grad, by_hand)
with torch.no_grad():
    # Old scripts write this step as `x.data -= ...`. Written like this, torch knows of it: the
    # counter of x says {x._version}.
    x -= 0.1 * x.grad
print(f"silently {silent.tolist()}, and right {x.grad.tolist()}")

# %% [markdown]
# ## Try it
# With factor = 1 the edit through `.data` changes no number and does no harm, but `detach` refuses
# all the same: torch counts changes, not differences. With factor = 4 look at the signs of the
# silent slopes: descent would walk uphill.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["in_place"]
# covers = ["P6"]
# compare = [["x.grad", "by_hand"]]
#
# [[tool.tutor.raises]]
# cell = "The same through detach"
# error = "RuntimeError: one of the variables needed for gradient computation has been modified by"
#
# [[tool.tutor.plot]]
# title = "The slope that the node makes of s[0]"
# of = "u * (1 - u)"
# over = { u = [0, 2] }
# at = ["s[0]"]
#
# [[tool.tutor.expect]]
# of = "silent.tolist()"
# is = [0.0, -0.675669]
# source = "s · (1 - s) with the doubled s"
#
# [[tool.tutor.expect]]
# of = "x.grad.tolist()"
# is = [0.25, 0.196612]
# atol = 1e-6
# source = "the derivative of the sigmoid at 0 and 1, by hand"
#
# [[tool.tutor.expect]]
# of = '"output 0 of Sigmoid, is at version 1; expected version 0" in refusal'
# is = true
# source = "torch's own words"
# ///
