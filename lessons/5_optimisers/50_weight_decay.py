# %% [markdown]
# # A price on large weights
# Weight decay pulls every weight towards zero, and training ends where that pull and the loss
# balance.
#
# You should know the lessons `descend` and `adam`. The three points lie exactly on y = 2x, so w = 2
# makes the loss 0. Here you learn where w goes with decay, and that SGD, Adam and AdamW do not all
# mean the same by it.

# %% Three points
import torch

decay = 0.1  # @param ["0.0", "0.1", "1.0", "10.0", "35.0"] {type: "raw"}
lr = 0.05
x = torch.tensor([1.0, 2.0, 3.0])
y = 2 * x
w = torch.tensor(1.0, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=lr, weight_decay=decay)


def loss_of(w):
    return ((w * x - y) ** 2).mean()


# %% Two forces
# @ask The points pull w to 2, decay pulls it to 0. Where do the two pulls cancel?
#   -> "at 2" if decay == 0 else "between 0 and 2" | at 0 | between 0 and 2 | at 2
path = [w.item()]
for _ in range(100):
    # The loss knows nothing of decay: {loss.item():.6g}.
    loss = loss_of(w)
    optimizer.zero_grad()
    # The slope of the loss, the pull of the points, is {w.grad.item():.6g}.
    loss.backward()
    # Decay pulls towards 0: {decay:g} times w is {pull:.6g}. SGD adds it to the slope.
    pull = decay * w.item()
    # A step against the sum of both leads to w = {w.item():.7g}.
    optimizer.step()
    path.append(w.item())

# %% Where they balance
# Both pulls cancel where (28/3)(w - 2) + {decay:g} · w = 0. That is w = {settled:.6f}; the walk
# came to {w.item():.7g}.
settled = (56 / 3) / (28 / 3 + decay)
# @ask Where the pulls cancel, w stands still. Is the slope of the loss 0 there?
#   -> abs(rest) < 1e-4 | True | False
# It is {rest:.6f}, and decay adds {decay * settled:.6f}: it is the sum that is zero. A little of
# the fit is paid for a smaller weight.
rest = (2 * (settled * x - y) * x).mean().item()
# Each step multiplies the distance to that place by {factor:.5g}. Decay makes the bowl steeper. Too
# much of it brings this factor below -1, and breaks a rate that was good.
factor = 1 - lr * (28 / 3 + decay)


# %% Who decays?
def walk(kind, decay, passes):
    w = torch.tensor(1.0, requires_grad=True)
    optimizer = kind([w], lr=0.05, weight_decay=decay)
    path = []
    for _ in range(passes):
        optimizer.zero_grad()
        loss_of(w).backward()
        optimizer.step()
        path.append(w.item())
    return path


# Adam with a decay of 0.1 adds it to the slope too, and divides the sum by its usual size. Zero
# divided by a size is zero, so it settles where SGD does with 0.1: w = {adam:.6f}.
adam = walk(torch.optim.Adam, 0.1, 1000)[-1]

# @ask AdamW with the same decay, 0.1, for 2000 passes. Does it end nearer to 2 than Adam?
#   -> abs(adamw[-1] - 2) < abs(adam - 2) | True | False
# It keeps decay out of the slope: it shrinks w by lr times decay, and then takes Adam's step. After
# 500 passes w was {adamw[499]:.6f}, after 2000 it is {adamw[-1]:.6f}. Decay is weighed against the
# slope divided by its usual size. As that size fades, a smaller slope is enough for a balance, so w
# drifts on. One `decay` means two things in these two classes.
adamw = walk(torch.optim.AdamW, 0.1, 2000)
print(f"SGD {w.item():.6g}  Adam {adam:.6f}  AdamW {adamw[-1]:.6f}")

# %% [markdown]
# ## Try it
# Set `decay` to 1.0 and to 10.0, and watch where the two pulls cancel. With 35.0 decay alone makes
# the bowl too steep for this rate: see `factor`, and how w swings farther in every pass.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["descend", "adam"]
# covers = ["D1"]
#
# [[tool.tutor.plot]]
# title = "the loss, and what SGD really goes down"
# of = "((u * x - y) ** 2).mean() + decay / 2 * u**2"
# over = { u = [-1, 4] }
# at = ["w"]
#
# [[tool.tutor.plot]]
# title = "w, pass by pass"
# lines = [
#   ["list(range(len(path)))", "path", "SGD"],
#   ["list(range(len(path)))", "[2.0] * len(path)", "the points"],
# ]
#
# [[tool.tutor.expect]]
# at = 1
# of = "[loss.item(), w.grad.item(), w.item()]"
# is = [4.6666667, -9.3333333, 1.4616667]
# source = "003_7eac1f8e59c11a0f.txt, section 3: its points and w = 1, with 0.1 · w in the slope"
#
# [[tool.tutor.expect]]
# of = "[settled, w.item(), adam]"
# is = [1.978799, 1.978799, 1.978799]
# atol = 2e-6
# source = "(56/3) / (28/3 + decay)"
#
# [[tool.tutor.expect]]
# of = "[(56 / 3) / (28 / 3 + 1), walk(torch.optim.SGD, 1.0, 100)[-1]]"
# is = [1.806452, 1.806452]
# atol = 2e-6
# source = "(56/3) / (28/3 + decay)"
#
# [[tool.tutor.expect]]
# of = "adamw[-1]"
# is = 1.992028
# atol = 2e-6
# source = "003_7eac1f8e59c11a0f.txt, section 3: its points and w = 1, 2000 steps by AdamW"
# ///
