# %% [markdown]
# # A price on large weights
# Weight decay pulls every weight towards zero, so training ends where the loss is not lowest.
#
# You should know the lessons `descend` and `adam`. The three points lie exactly on y = 2x, so
# w = 2 makes the loss 0. With decay, w does not go there, and where it goes depends on who decays.

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
path = [w.item()]
for _ in range(100):
    # The loss knows nothing of decay: {loss.item():.6g}.
    loss = loss_of(w)
    optimizer.zero_grad()
    # The points pull with the slope, {w.grad.item():.6g}.
    loss.backward()
    # Decay pulls the other way: {decay:g} times w is {pull:.6g}. SGD adds it to the slope.
    pull = decay * w.item()
    # A step against the sum of both leads to w = {w.item():.7g}.
    optimizer.step()
    path.append(w.item())

# %% Where they balance
# @ask The points ask for exactly 2. Where is w after a hundred passes?
#   -> "at 2" if abs(w.item() - 2) < 1e-4 else "below 2" if w < 2 else "above 2"
#   | below 2 | at 2 | above 2
# Where (28/3)(w - 2) + {decay:g} · w = 0. That is w = {settled:.6f}; the walk came to
# {w.item():.6f}.
settled = (56 / 3) / (28 / 3 + decay)
# @ask Training has come to rest at this w. Is the slope of the loss 0 there?
#   -> abs(rest) < 1e-4 | True | False
# It is {rest:.6f}, and decay adds {decay * settled:.6f}: only the sum is zero. A little of the fit
# is paid for a smaller weight.
rest = (2 * (settled * x - y) * x).mean().item()
# Each step multiplies the distance to that place by {factor:.5g}. Decay makes the bowl steeper, so
# too much of it breaks a rate that was good.
factor = 1 - lr * (28 / 3 + decay)
if abs(factor) < 0.9:
    assert abs(w.item() - settled) < 1e-4


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


# Adam with a decay of 0.1 adds it to the slope too, and divides the sum by its usual size. Where
# the sum is zero, that changes nothing: w = {adam:.6f}.
adam = walk(torch.optim.Adam, 0.1, 1000)[-1]
# AdamW keeps decay out of the slope. It shrinks w by lr times decay, and then takes Adam's step.
adamw = walk(torch.optim.AdamW, 0.1, 2000)
# @ask AdamW with the same decay, 0.1. Does it end nearer to 2 than Adam?
#   -> abs(adamw[-1] - 2) < abs(adam - 2) | True | False
# After 2000 passes it is at {adamw[-1]:.6f}; after 500 it was at {adamw[499]:.6f}. Here decay is
# weighed against the slope divided by the size that slopes had. As that size fades, a smaller slope
# is enough for a balance, so w drifts on. One `decay` means two things in these two classes.
print(f"SGD {w.item():.6f}  Adam {adam:.6f}  AdamW {adamw[-1]:.6f}")

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
