# %% [markdown]
# # The cut graph
# Around a part of the model, `no_grad` and `detach` cut the way back, and no gradient gets through.
#
# You need the lesson `graph`, where every number that is computed gets a trail. `no_grad` and
# `detach` are the right tools for a step and for a measurement. Around the model they are a pair of
# scissors. You learn to find where the cut is.

# %% The broken run
import torch

start = 1.0  # @param {type: "slider", min: -3, max: 3, step: 0.5}
x, y = 1.0, 2.0
w = torch.tensor(start, requires_grad=True)
with torch.no_grad():
    # @ask In this block torch does not watch. Is the prediction as it would be without the block?
    #   -> prediction.item() == w.item() * x | True | False
    # The number is right, {prediction:g}. But the node that made it is {prediction.grad_fn}.
    prediction = w * x
# @ask Here torch watches again. How far back does the trail of this loss lead?
#   -> "nowhere" if loss.grad_fn is None else "to w" | to w | to the prediction | nowhere
# Torch watches, but there is nothing to see: the prediction looks like plain data.
loss = (prediction - y) ** 2
try:
    # So there is no way back, and torch says so.
    loss.backward()
except RuntimeError as error:
    refusal = str(error)
# How to read it: "element 0 of tensors" is the loss itself. It has no trail at all.
print(refusal)

# %% Where to look
values = {"w": w, "prediction": prediction, "loss": loss}
# Does torch watch them? {watched}. Go from the loss backwards to the first one that it watches: the
# cut was made on the way from there to the next.
watched = {name: value.requires_grad for name, value in values.items()}
print(watched)

# %% A cut that makes no noise
first = torch.tensor(start, requires_grad=True)
second = torch.tensor(start, requires_grad=True)
# A network of two weights. Somebody wanted to look at what lies between, and detached it.
between = (first * x).detach()
loss = (second * between - y) ** 2
# @ask One way back is cut, the other is not. Will torch refuse this `backward()`?
#   -> second.grad is None | True | False
# Not a word. The second weight has its slope, {second.grad:g}. The first has {first.grad} and will
# never learn, while the loss may fall all the same.
loss.backward()
assert first.grad is None and second.grad is not None

# %% The cure
# The model is watched, from the weight to the loss.
prediction = w * x
loss = (prediction - y) ** 2
by_hand = 2 * (start * x - y) * x
# And the slope is there: {w.grad:g}.
loss.backward()
# What is only looked at is taken off afterwards, under a name of its own: {shown:g}.
shown = prediction.detach()
with torch.no_grad():
    # This is the place for the block: only the step goes unwatched. w is now {w:g}.
    w -= 0.1 * w.grad
print(f"prediction {shown:g}  gradient {w.grad:g}  w {w:g}")

# %% [markdown]
# ## Try it
# Turn start to 0. Then the slope of the second weight is 0 as well, since nothing comes out of the
# first. Look at the two gradients: 0 and None are two different findings.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["graph"]
# covers = ["P8"]
# compare = [["w.grad", "by_hand"]]
#
# [[tool.tutor.raises]]
# cell = "The broken run"
# error = "RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn"
#
# [[tool.tutor.plot]]
# title = "The loss, and where w is on it"
# of = "(u * x - y) ** 2"
# over = { u = [-3, 5] }
# at = ["w"]
#
# [[tool.tutor.expect]]
# of = "[loss.item(), w.grad.item(), by_hand, w.item()]"
# is = [1.0, -2.0, -2.0, 1.2]
# source = "004_0c04da73283ced71.txt, section 4: x = 1, y = 2, w = 1"
#
# [[tool.tutor.expect]]
# of = "list(watched.values())"
# is = [true, false, false]
# source = "only what is computed under watch is watched"
# ///
