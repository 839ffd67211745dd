# %% [markdown]
# # The price of a guess
# Cross-entropy is minus the logarithm of the probability that the model gives to the right class.
#
# You should know what a loss is and what `backward()` does, from the lesson `three_points`.
#
# A picture shows a cat, a dog or a bird. A model that looks at it gives three numbers, one for each
# class, and a bigger one means "rather this". They are called logits. How wrong is that answer, and
# which way should each logit move?

# %% Three logits
import torch
from torch.nn.functional import cross_entropy, one_hot

cat = 2.0  # @param {type: "slider", min: -8, max: 8, step: 0.5}
shift = 0.0  # @param {type: "slider", min: 0, max: 100, step: 10}
# One logit each for cat, dog and bird. They may be negative, and need not add up to anything.
logits = torch.tensor([cat, 1.0, 0.1], requires_grad=True)
# It is a cat: the target is the number of the right class, a whole number.
target = torch.tensor(0)

# %% From logits to a price
# Softmax makes probabilities of them. `exp` makes each one positive, and division by their sum
# makes them add up to 1: {probabilities[0]:.4f} for cat, {probabilities[1]:.4f} for dog,
# {probabilities[2]:.4f} for bird.
probabilities = torch.softmax(logits.detach(), dim=0)
# The price counts only what the right class got: -log({probabilities[0]:.4f}) = {price:.7f}. It is
# near 0 for a sure and right answer and grows without end for a sure and wrong one.
price = -torch.log(probabilities[0])
# The same in one call, {loss.item():.7f}. It wants the logits: it does the softmax itself.
loss = cross_entropy(logits, target)
assert torch.isclose(loss, price, atol=1e-4)
# @ask A model that knows nothing gives three logits of 0. What does that cost?
#   -> round(clueless.item(), 4) | 0 | 0.3333 | 1.0986
# It cannot tell the classes apart, so each gets a third, and -log(1/3) = log 3 =
# {clueless.item():.6f}. A loss near this one at the start of a training with three classes is
# therefore a good sign.
clueless = cross_entropy(torch.zeros(3), target)

# %% Which way to move
# In `hot` the right class has a 1 and the others have a 0: what the model should have said.
hot = one_hot(target, 3)
# What it said minus what it should have said: {by_hand[0]:.4f}, {by_hand[1]:.4f},
# {by_hand[2]:.4f}.
by_hand = probabilities - hot
# The exponential and the logarithm cancel each other on the way back, and autograd finds just that:
# {logits.grad[0].item():.4f}, {logits.grad[1].item():.4f}, {logits.grad[2].item():.4f}. Only the
# right logit is pulled up, and the others are pushed down by what they took.
loss.backward()
assert torch.allclose(logits.grad, by_hand, atol=1e-6)
hopeless = torch.tensor([-8.0, 1.0, 0.1], requires_grad=True)
# @ask The cat's logit is -8 now, a very wrong answer. About how steep is the loss along it?
#   -> round(-hopeless.grad[0].item()) | 0 | 1 | 9
# {hopeless.grad[0].item():.4f}: a probability is between 0 and 1, so no slope is ever longer than
# 1. A hopeless answer is still told clearly where to go, and never thrown far away.
cross_entropy(hopeless, target).backward()

# %% Only differences count
moved = logits.detach() + shift
# @ask Add 50 to all three logits. What does the loss do?
#   -> "falls" if change < -1e-3 else "rises" if change > 1e-3 else "stays" | falls | rises | stays
# It changes by {change:.1g}: 50 more everywhere multiplies each `exp` by the same number, and the
# division takes it out again.
change = (cross_entropy(logits.detach() + 50, target) - price).item()
# On paper, that is. By hand, with {shift:g} added, softmax gives the cat {naive[0]:.4f}: beyond
# about 88 an `exp` no longer fits into a float32, and infinity by infinity is nan.
naive = moved.exp() / moved.exp().sum()
# `cross_entropy` takes the largest logit away from all of them first, and says
# {safe.item():.6f}. So hand it logits, and never a softmax that you made yourself.
safe = cross_entropy(moved, target)
assert torch.isclose(safe, price, atol=1e-3)

# %% Let the logits learn
for step in range(20):
    probabilities = torch.softmax(logits.detach(), dim=0)
    # The cat has {probabilities[0]:.4f} now, which costs {loss.item():.6f}.
    loss = cross_entropy(logits, target)
    logits.grad = None
    # The cat's slope, {logits.grad[0].item():.4f}, is its probability minus 1.
    loss.backward()
    with torch.no_grad():
        # A step with lr = 1. The surer the answer, the shorter it is.
        logits -= logits.grad
    print(f"{step:2d}  loss {loss.item():.6f}")

# %% A batch
# For many samples: a row of logits each, here for two classes.
rows = torch.tensor([[-1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]])
# And one whole number a row, the place of the right class.
classes = torch.tensor([1, 1, 0])
# All three are right by a lead of 2, so each costs {each[0].item():.6f}. That is not 0: the lead
# would have to grow for ever.
each = cross_entropy(rows, classes, reduction="none")
# Without `reduction` we get their mean, {batch_loss.item():.6f}.
batch_loss = cross_entropy(rows, classes)
print(f"loss {loss.item():.6f}, batch {batch_loss.item():.6f}")

# %% [markdown]
# ## Try it
# Set `cat` to -8: the loss begins high, and the ball rolls down a straight slope before the curve
# bends. Then set `shift` to 90, and compare `naive` with `safe`: the softmax by hand breaks.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["three_points"]
# covers = ["C19"]
# compare = [["logits.grad", "by_hand"]]
#
# [[tool.tutor.plot]]
# title = "what the cat's logit costs"
# of = "torch.logsumexp(torch.stack([z, logits[1], logits[2]]), 0) - z"
# over = { z = [-9, 9] }
# at = ["logits[0]"]
#
# [[tool.tutor.plot]]
# title = "probabilities"
# bars = "dict(zip(['cat', 'dog', 'bird'], torch.softmax(logits, 0).tolist()))"
#
# [[tool.tutor.plot]]
# title = "slopes of the logits"
# bars = "dict(zip(['cat', 'dog', 'bird'], logits.grad.tolist()))"
#
# [[tool.tutor.expect]]
# of = "price.item()"
# is = 0.4170299
# source = "-log softmax([2, 1, 0.1])[0]"
#
# [[tool.tutor.expect]]
# of = "by_hand.tolist()"
# is = [-0.3409989, 0.2424330, 0.0985659]
# source = "softmax([2, 1, 0.1]) - [1, 0, 0]"
#
# [[tool.tutor.expect]]
# of = "clueless.item()"
# is = 1.098612
# source = "log 3"
#
# [[tool.tutor.expect]]
# of = "[torch.tensor(number).exp().isinf().item() for number in (88.0, 89.0)]"
# is = [false, true]
# source = "the largest float32 is about e^88.7"
#
# [[tool.tutor.expect]]
# of = "batch_loss.item()"
# is = 0.1269280
# source = "002_991e0ef1df399e3d.txt, section 19: the notebook that it points to; log(1 + e^-2)"
# ///
