# %% [markdown]
# # A ball in a ravine
# Momentum adds up slopes that agree and cancels those that do not, and so runs along a valley.
#
# You should know why a steep direction limits the rate for all, from the lesson `stability`.
#
# The fifteen points again. Their loss is a ravine, a narrow valley: steep walls, and a floor that
# is almost flat. Plain descent must take steps small enough for the walls, and then it crawls along
# the floor. Here you see what momentum does about it, and what it is made of.

# %% A ravine
from itertools import pairwise

import torch

lr = 0.02  # @param {type: "slider", min: 0.005, max: 0.045, step: 0.001}
momentum = 0.9  # @param {type: "slider", min: 0, max: 0.99, step: 0.01}
# Pairs of x and y.
table = """
3.3   1.7     4.4   2.76     5.5  2.09    6.71   3.19     6.93   1.694
4.168 1.573   9.779 3.366  6.182 2.596    7.59   2.53    2.167   1.221
7.042 2.827  10.791 3.465  5.313 1.65    7.997  2.904    3.1     1.3
"""
x, y = torch.tensor([float(number) for number in table.split()]).view(-1, 2).T


def loss_of(line):
    return ((line[0] * x + line[1] - y) ** 2).mean()


def walk(lr, momentum, steps=60):
    # Descent with momentum, by formula: all its losses.
    line, velocity, losses = torch.zeros(2), torch.zeros(2), []
    for _ in range(steps):
        miss = line[0] * x + line[1] - y
        losses.append((miss**2).mean().item())
        velocity = momentum * velocity + 2 * torch.stack([(miss * x).mean(), miss.mean()])
        line = line - lr * velocity
    return [*losses, loss_of(line).item()]


def rises(losses):
    return sum(after > before for before, after in pairwise(losses))


columns = torch.stack([x, torch.ones_like(x)], dim=1).cpu()
# As in the lesson `stability`: the second derivatives, and the two directions that stand out.
(flat, steep), directions = torch.linalg.eigh(2 * columns.T @ columns / len(x))
# Across the ravine the loss is {(steep / flat).item():.5g} times as curved as along it.
along, across = directions.T.to(x.device)
# The floor leads to a larger b, so let us look that way.
along = along * along[1].sign()

# %% Two walkers
# Both walkers are lines y = wx + b, and both begin flat, at w = 0 and b = 0.
plain = torch.zeros(2, requires_grad=True)
heavy = torch.zeros(2, requires_grad=True)
# The same rate for both; only the second one remembers where it was going.
plain_optimizer = torch.optim.SGD([plain], lr=lr)
heavy_optimizer = torch.optim.SGD([heavy], lr=lr, momentum=momentum)
# @ask The heavy walker gets momentum 0.9 and lr = 0.02. Will its loss fall in every pass?
#   -> rises(walk(0.02, 0.9)) == 0 | True | False
# You will see. What momentum is made of, by hand beside the optimizer: a velocity, at rest at
# first.
velocity, by_hand = torch.zeros(2), torch.zeros(2)
plain_w, plain_b, losses = [0.0], [0.0], []

# %% Sixty passes
for epoch in range(60):
    # Plain descent has the loss {plain_loss.item():.6g}.
    plain_loss = loss_of(plain)
    # With momentum it is {loss.item():.6g}.
    loss = loss_of(heavy)
    losses.append(loss.item())
    plain_optimizer.zero_grad()
    heavy_optimizer.zero_grad()
    # The walkers share nothing, so one way back through the sum finds the slopes of each.
    (plain_loss + loss).backward()
    # Keep a part of the old velocity and add the new slopes. Across the ravine slopes change sign
    # again and again and cancel; along it most agree and add up. The velocity is
    # {velocity @ across:.4g} across and {velocity @ along:.4g} along.
    velocity = momentum * velocity + heavy.grad
    # The step goes against the velocity, not against the slope.
    by_hand = by_hand - lr * velocity
    # Plain descent: w = {plain[0].item():.5g}, b = {plain[1].item():.5g}.
    plain_optimizer.step()
    # With momentum: w = {heavy[0].item():.5g}, b = {heavy[1].item():.5g}. By hand:
    # w = {by_hand[0].item():.5g}, b = {by_hand[1].item():.5g}.
    heavy_optimizer.step()
    plain_w.append(plain[0].item())
    plain_b.append(plain[1].item())
    print(f"{epoch:2d}  plain {plain_loss.item():.6g}  momentum {loss.item():.6g}")

# %% Who got farther?
# Least squares finds the lowest point at once: w = {bottom[0].item():.5f},
# b = {bottom[1].item():.5f}.
bottom = torch.linalg.lstsq(columns.double(), y[:, None].cpu().double()).solution.flatten().to(x)
# Nobody can get below the loss there, {lowest:.6f}.
lowest = loss_of(bottom).item()
# After sixty steps plain descent has the loss {plain_end:.6g}. Its b is {plain[1].item():.4g} and
# should be {bottom[1].item():.4g}.
plain_end = loss_of(plain.detach()).item()
# The same sixty steps with momentum {momentum:g} have come to {heavy_end:.6g}.
heavy_end = loss_of(heavy.detach()).item()
# On that way the loss rose {climbs} times. A heavy ball does not stop at the floor: it rolls up the
# other wall and comes back. With momentum one judges the end, not every pass.
climbs = rises(losses)

# %% Does a ball need smaller steps?
# The limit for plain descent, 2 by the largest curvature: {limit:.7f}.
limit = 2 / steep.item()
# At 0.03, well above it, plain descent ends with the loss {too_fast:.2g}.
too_fast = walk(0.03, 0)[-1]
# @ask The same lr = 0.03 with momentum 0.9, a ball that is harder to stop: does it reach the floor?
#   -> braver < 1.1 * lowest | True | False
# It does, at {braver:.6f}. The slopes beyond the floor brake the ball: with momentum m the limit is
# 1 + m times as high, here {1.9 * limit:.5f}.
braver = walk(0.03, 0.9)[-1]
# @ask Sixty steps with lr = 0.02: does momentum 0.99 end at a lower loss than momentum 0.9?
#   -> heavier < walk(0.02, 0.9)[-1] | True | False
# It ends at {heavier:.6f}. So heavy a ball remembers about a hundred slopes, and in sixty passes it
# cannot come to rest.
heavier = walk(0.02, 0.99)[-1]
print(f"plain {plain_end:.6g}, momentum {heavy_end:.6g}, lowest {lowest:.6g}")

# %% [markdown]
# ## Try it
# Set `momentum` to 0: both walkers are one. Set it to 0.99 and see the path swing past the floor
# and back. With `lr` at 0.024 the plain walker flies off, and at 0.045 the heavy one does too.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["stability"]
# covers = ["B4"]
#
# [[tool.tutor.plot]]
# title = "two ways through the ravine"
# of = "((u * x + v - y) ** 2).mean()"
# over = { u = [-0.1, 0.9], v = [-0.1, 1.1] }
# at = ["heavy[0]", "heavy[1]"]
# lines = [["plain_w", "plain_b", "plain descent"]]
# log = true
#
# [[tool.tutor.plot]]
# title = "the two lines"
# points = ["x", "y"]
# lines = [["x", "plain[0] * x + plain[1]", "plain"], ["x", "heavy[0] * x + heavy[1]", "momentum"]]
#
# [[tool.tutor.expect]]
# of = "[plain_end, heavy_end]"
# is = [0.203131, 0.169028]
# atol = 1e-6
# source = "001_b89a922598a8289e.txt, section 2: its 15 points, 60 steps with lr 0.02"
#
# [[tool.tutor.expect]]
# of = "limit"
# is = 0.0231492
# source = "2 / largest eigenvalue, as in the lesson stability"
#
# [[tool.tutor.expect]]
# of = "(steep / flat).item()"
# is = 336.4
# rtol = 1e-3
# source = "the eigenvalues of the loss's second derivative"
#
# [[tool.tutor.expect]]
# of = "[walk(0.043, 0.9)[-1] < 1, walk(0.045, 0.9)[-1] < 1]"
# is = [true, false]
# source = "the limit with momentum m is (1 + m) times as high: 0.043983"
#
# [[tool.tutor.expect]]
# of = "[*bottom.tolist(), lowest]"
# is = [0.25998989, 0.74766528, 0.16891526]
# source = "least squares over the same points"
#
# [[tool.tutor.expect]]
# of = "(heavy.detach() - by_hand).tolist()"
# is = [0.0, 0.0]
# atol = 1e-6
# source = "momentum by hand and by torch take the same path"
#
# [[tool.tutor.expect]]
# at = 1
# of = "[loss.item(), *velocity.tolist()]"
# is = [5.946703, -31.07748, -4.648800]
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0: no memory in the first step"
# ///
