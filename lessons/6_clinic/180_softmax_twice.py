# %% [markdown]
# # Softmax, twice
# Cross-entropy does its own softmax, and a second one flattens every answer.
#
# You need the lesson `cross_entropy`: logits are any three numbers, one for each class, and softmax
# makes probabilities of them. Somebody was tidy and gave the loss probabilities.

# %% The broken loss
import torch
from torch.nn.functional import cross_entropy, softmax

cat = 2.0  # @param {type: "slider", min: -8, max: 8, step: 0.5}
lr = 1.0  # @param {type: "slider", min: 0.1, max: 10, step: 0.1}
logits = torch.tensor([cat, 1.0, 0.1])
target = torch.tensor(0)
# The right price of these logits is {right.item():.6f}.
right = cross_entropy(logits, target)
# Softmax first, by hand: {probabilities[0]:.4f}, {probabilities[1]:.4f} and {probabilities[2]:.4f}.
probabilities = softmax(logits, dim=0)
# The loss takes these for logits and does its softmax on them: {wrong.item():.6f}, and no message.
# They lie between 0 and 1, so close together that every class seems almost as likely.
wrong = cross_entropy(probabilities, target)

# %% A floor
# The best answer there is: all probability on the right class.
perfect = torch.tensor([1.0, 0.0, 0.0])
# @ask A model that is perfectly sure, and right. What does this loss charge it?
#   -> round(floor.item(), 4) | 0 | 0.5514 | 1.0986
# {floor.item():.6f}. A softmax of (1, 0, 0) gives the right class only
# {softmax(perfect, dim=0)[0].item():.4f}. No training can bring this loss any lower.
floor = cross_entropy(perfect, target)

# %% Does it still learn?
hopeless = torch.tensor([-6.0, 1.0, 0.1], requires_grad=True)
cured = torch.tensor([-6.0, 1.0, 0.1], requires_grad=True)
optimizer = torch.optim.SGD([hopeless, cured], lr=lr)
wrong_losses, losses = [], []
for _ in range(100):
    # With softmax twice the loss is {wrong_loss.item():.6f}.
    wrong_loss = cross_entropy(softmax(hopeless, dim=0), target)
    # With logits it is {loss.item():.6f}.
    loss = cross_entropy(cured, target)
    optimizer.zero_grad()
    # They share nothing, so one way back serves both. The right class is pulled up with
    # {-hopeless.grad[0].item():.2g} here and with {-cured.grad[0].item():.2g} there.
    (wrong_loss + loss).backward()
    # Its logit is now {hopeless[0].item():.4f} here and {cured[0].item():.4f} there.
    optimizer.step()
    wrong_losses.append(wrong_loss.item())
    losses.append(loss.item())
# @ask Both began with a very wrong answer. Which of the two now gives the cat more than a half?
#   -> {(0, 0): "neither", (0, 1): "the one with logits"}.get(tuple(p > 0.5 for p in sure), "both")
#   | the one with logits | both | neither
# {sure[0]:.4f} with softmax twice, {sure[1]:.4f} with logits. On the way back the extra softmax
# multiplies by its own slope, which is almost 0 where an answer is sure, right or wrong.
sure = [softmax(hopeless.detach(), dim=0)[0].item(), softmax(cured.detach(), dim=0)[0].item()]
print(f"twice {wrong_losses[-1]:.6f}, logits {losses[-1]:.6f}")

# %% Targets of the wrong kind
try:
    # A target that was read from a file as a decimal number.
    price = cross_entropy(logits, torch.tensor(0.0))
except RuntimeError as error:
    # Torch says: {kind}
    kind = str(error)
# How to read it: a class is a number of its own, a whole one, so `long()` on the targets is the
# cure. (As many decimals as classes would pass: they are taken for probabilities.)
print(kind)

# %% Targets that count from 1
try:
    # @ask Somebody counts the three classes as 1, 2 and 3. Does the third get a price?
    #   -> 3 in range(len(logits)) | True | False
    # A bird, the third of the three.
    price = cross_entropy(logits, torch.tensor(3))
except IndexError as error:
    # Torch says: {bounds}
    bounds = str(error)
# How to read it: three classes are numbered 0, 1 and 2, and 3 is beyond them. Be glad of a bird:
# only the last class is refused, while a cat counted as 1 silently becomes a dog.
print(bounds)
# The cure for both: whole numbers that count from 0. The bird's price is {price.item():.6f}.
price = cross_entropy(logits, torch.tensor(3) - 1)

# %% [markdown]
# ## Try it
# Set `cat` to 8: the right price goes to almost nothing, the wrong one stays above its floor. With
# `lr` at 10 even the wrong loss learns in the end, and a floor is all that it comes to.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["cross_entropy"]
# covers = ["P18"]
#
# [[tool.tutor.raises]]
# cell = "Targets of the wrong kind"
# error = "RuntimeError: expected target dtype to be Long or Byte, but got Float"
#
# [[tool.tutor.raises]]
# cell = "Targets that count from 1"
# error = "IndexError: Target 3 is out of bounds."
#
# [[tool.tutor.plot]]
# title = "both losses, pass by pass"
# lines = [
#   ["list(range(len(wrong_losses)))", "wrong_losses", "softmax twice"],
#   ["list(range(len(losses)))", "losses", "logits"],
# ]
#
# [[tool.tutor.plot]]
# title = "the broken loss over the right logit"
# of = "-torch.log_softmax(torch.softmax(torch.stack([u, hopeless[1], hopeless[2]]), 0), 0)[0]"
# over = { u = [-8, 12] }
# at = ["hopeless[0]"]
#
# [[tool.tutor.plot]]
# title = "what the loss makes of the answer"
# bars = "{'once': softmax(logits, 0)[0], 'twice': softmax(probabilities, 0)[0]}"
#
# [[tool.tutor.expect]]
# of = "[right.item(), wrong.item(), floor.item()]"
# is = [0.4170299, 0.802121, 0.551445]
# source = "log(1 + e^-1 + e^-1.9), and the same of its probabilities"
#
# [[tool.tutor.expect]]
# of = "floor.item()"
# is = 0.551445
# source = "log(1 + 2/e), with three classes"
#
# [[tool.tutor.expect]]
# of = "[kind, bounds]"
# is = [
#   "expected target dtype to be Long or Byte, but got Float", "Target 3 is out of bounds.",
# ]
# source = "torch's own words"
# ///
