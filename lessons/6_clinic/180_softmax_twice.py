# %% [markdown]
# # Softmax, twice
# `cross_entropy` does its own softmax, and a second one makes every answer look unsure.
#
# You need the lesson `cross_entropy`: logits are any three numbers, one for each class, and softmax
# makes probabilities of them. Somebody was tidy and gave the loss probabilities. You learn how to
# notice it, and two messages about targets. Class 0 is a cat, 1 a dog and 2 a bird.

# %% The broken loss
import torch
from torch.nn.functional import cross_entropy, softmax

cat = 2.0  # @param {type: "slider", min: -8, max: 8, step: 0.5}
lr = 1.0  # @param {type: "slider", min: 0.1, max: 10, step: 0.1}
logits = torch.tensor([cat, 1.0, 0.1])
target = torch.tensor(0)
# The loss of these logits, as it should be, is {right.item():.6f}.
right = cross_entropy(logits, target)
# Softmax first, by hand: {probabilities[0]:.4f}, {probabilities[1]:.4f} and {probabilities[2]:.4f}.
probabilities = softmax(logits, dim=0)
# The loss takes these for logits and does its softmax on them: {wrong.item():.6f}, and no message.
# Numbers between 0 and 1 are close together, and as logits they make every class rather likely.
wrong = cross_entropy(probabilities, target)

# %% A floor
# The best answer there is: all probability on the right class.
perfect = torch.tensor([1.0, 0.0, 0.0])
# @ask A model is perfectly sure, and right. What is its loss when it is taken of probabilities?
#   -> round(floor.item(), 4) | 0 | 0.5514 | 1.0986
# It is {floor.item():.6f}. A softmax of (1, 0, 0) gives the right class only
# {softmax(perfect, dim=0)[0].item():.4f}. No training can bring this loss any lower.
floor = cross_entropy(perfect, target)


def pulled_harder():
    # Which loss has the steeper slope along the first logit.
    slope = torch.func.grad
    twice = slope(lambda z: cross_entropy(softmax(z, dim=0), target))(hopeless.detach())[0]
    once = slope(lambda z: cross_entropy(z, target))(cured.detach())[0]
    return "softmax twice" if abs(twice) > abs(once) else "logits"


# %% Does it still learn?
hopeless = torch.tensor([-6.0, 1.0, 0.1], requires_grad=True)
cured = torch.tensor([-6.0, 1.0, 0.1], requires_grad=True)
optimizer = torch.optim.SGD([hopeless, cured], lr=lr)
# @ask Both begin with a very wrong answer. At which of them does the loss pull harder at first?
#   -> pulled_harder() | softmax twice | logits | both alike
# The pull is the slope along the cat's logit. Watch it in the next passes.
wrong_losses, losses = [], []
for _ in range(100):
    # With softmax twice the loss is {wrong_loss.item():.6f}.
    wrong_loss = cross_entropy(softmax(hopeless, dim=0), target)
    # With logits it is {loss.item():.6f}.
    loss = cross_entropy(cured, target)
    optimizer.zero_grad()
    # They share nothing, so one way back serves both. The right class is pulled up with
    # {-hopeless.grad[0].item():.2g} with softmax twice and {-cured.grad[0].item():.2g} with logits.
    (wrong_loss + loss).backward()
    # Its logit is now {hopeless[0].item():.4f} with softmax twice, {cured[0].item():.4f} with
    # logits.
    optimizer.step()
    wrong_losses.append(wrong_loss.item())
    losses.append(loss.item())
# The cat now gets {sure[0]:.4f} with softmax twice, {sure[1]:.4f} with logits. On the way back the
# extra softmax multiplies by its own slope, which is almost 0 where an answer is sure, right or
# wrong.
sure = [softmax(hopeless.detach(), dim=0)[0].item(), softmax(cured.detach(), dim=0)[0].item()]
print(f"twice {wrong_losses[-1]:.6f}, logits {losses[-1]:.6f}")

# %% Targets of the wrong kind
try:
    # The class was read from a file as a decimal number, 0.0.
    price = cross_entropy(logits, torch.tensor(0.0))
except RuntimeError as error:
    # Torch says: {kind}
    kind = str(error)
# How to read it: the number of a class is a whole number, so `long()` on the targets is the cure.
# (One decimal number for each class would be accepted: as the probabilities of the classes.)
print(kind)

# %% Targets that count from 1
try:
    # @ask Somebody counts the three classes as 1, 2 and 3. Is 3 accepted as the class of a bird?
    #   -> 3 in range(len(logits)) | True | False
    # A bird, the third of the three.
    price = cross_entropy(logits, torch.tensor(3))
except IndexError as error:
    # Torch says: {bounds}
    bounds = str(error)
# How to read it: three classes are numbered 0, 1 and 2, and 3 is beyond them. Be glad of the bird:
# only the last class is refused, while a cat counted as 1 silently becomes a dog.
print(bounds)
# The cure for both: whole numbers that count from 0. The bird's loss is {price.item():.6f}.
price = cross_entropy(logits, torch.tensor(3) - 1)

# %% [markdown]
# ## Try it
# Set `cat` to 8: the right loss goes to almost nothing, the wrong one stays above its floor. With
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
# title = "softmax twice: the loss over the logit of the cat"
# of = "-torch.log_softmax(torch.softmax(torch.stack([u, logits[1], logits[2]]), 0), 0)[0]"
# over = { u = [-8, 12] }
# at = ["hopeless[0]"]
#
# [[tool.tutor.plot]]
# title = "both losses, pass by pass"
# lines = [
#   ["list(range(len(wrong_losses)))", "wrong_losses", "softmax twice"],
#   ["list(range(len(losses)))", "losses", "logits"],
# ]
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
