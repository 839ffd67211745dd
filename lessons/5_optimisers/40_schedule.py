# %% [markdown]
# # Slower towards the end
# With a learning rate that shrinks, a walk on one point at a time can come to rest.
#
# You should know the lesson `sgd`: a step on one point is right only on average. Near the bottom
# that average is zero, but each single step is not. A schedule is a plan for the rate: here you see
# why one begins with large steps and ends with small ones.

# %% Fifteen points, two walkers
import numpy as np
import torch

lr = 0.2  # @param {type: "slider", min: 0.05, max: 0.6, step: 0.05}
gamma = 0.1  # @param ["0.01", "0.1", "0.5", "1.0"] {type: "raw"}
# Pairs of x and y.
table = """
3.3   1.7     4.4   2.76     5.5  2.09    6.71   3.19     6.93   1.694
4.168 1.573   9.779 3.366  6.182 2.596    7.59   2.53    2.167   1.221
7.042 2.827  10.791 3.465  5.313 1.65    7.997  2.904    3.1     1.3
"""
points = torch.tensor([float(number) for number in table.split()]).view(-1, 2)
x, y = points[:, 0], points[:, 1]
# Measured from their mean, in units of their spread, x makes the loss equally steep in w and b.
x = (x - x.mean()) / x.std(correction=0)
columns = torch.stack([x, torch.ones_like(x)], dim=1).cpu()
# Least squares finds the lowest point at once, at w = {bottom[0].item():.4f} and
# b = {bottom[1].item():.4f}.
bottom = torch.linalg.lstsq(columns.double(), y[:, None].cpu().double()).solution.flatten().to(x)
# @ask Put a walker exactly at this lowest point. Would a step on one single point move it away?
#   -> bool((bottom[0] * x + bottom[1] - y).abs().max() > 0.1) | True | False
# The best line misses single points by up to {missed:.3f}, and such a point pulls the line towards
# itself. At the lowest loss only the mean of all pulls is zero.
missed = (bottom[0] * x + bottom[1] - y).abs().max().item()
steady = torch.zeros(2, requires_grad=True)
slowing = torch.zeros(2, requires_grad=True)
steady_optimizer = torch.optim.SGD([steady], lr=lr)
optimizer = torch.optim.SGD([slowing], lr=lr)
# The scheduler holds the optimizer, and after each 50 passes it multiplies the rate by {gamma:g}.
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=50, gamma=gamma)


def loss_of(line, x, y):
    return ((line[0] * x + line[1] - y) ** 2).mean()


# %% Two hundred steps
# @ask It starts at 0.2 and is multiplied by 0.1 after each 50 passes. What is the rate in pass 190?
#   -> round(0.2 * 0.1 ** (190 // 50), 6) | 0.02 | 0.002 | 0.0002
# The same draws each time. (NumPy has a newer generator, but this lesson's figures are this one's.)
np.random.seed(446)

rates, steady_losses, losses = [], [], []
for _ in range(200):
    # Both walkers see the same point, number {i}.
    i = np.random.randint(len(x))
    steady_loss = loss_of(steady, x[i], y[i])
    # The slowing walker has the rate {scheduler.get_last_lr()[0]:.3g}. Its squared miss of this
    # point is {loss.item():.4g}.
    loss = loss_of(slowing, x[i], y[i])
    steady_optimizer.zero_grad()
    optimizer.zero_grad()
    # One way back through the sum finds the slopes of each.
    (steady_loss + loss).backward()
    steady_optimizer.step()
    optimizer.step()
    rates.append(scheduler.get_last_lr()[0])
    # Now the schedule counts this pass; the rate for the next is {scheduler.get_last_lr()[0]:.3g}.
    scheduler.step()
    # Over all fifteen points the steady walker's loss is {steady_losses[-1]:.6g}.
    steady_losses.append(loss_of(steady.detach(), x, y).item())
    # The slowing walker's is {losses[-1]:.6g}.
    losses.append(loss_of(slowing.detach(), x, y).item())

# %% The final wobble
# No line has a lower loss than {lowest:.6f}.
lowest = loss_of(bottom, x, y).item()

# In its last fifty passes the steady walker's loss was once {late:.6g}. Each point pulls the
# line towards itself, always by the same part of the way, so the line never rests. It ends at
# {steady_losses[-1]:.6g}.
late = max(steady_losses[-50:])
print(f"steady {steady_losses[-1]:.6g}")
# The slowing walker's rate, and with it every pull, was multiplied by {rates[-1] / rates[0]:.3g} on
# the way. It ends at {losses[-1]:.6g}.
print(f"slowing {losses[-1]:.6g}")

# %% Why not small from the start?
np.random.seed(446)
careful = torch.zeros(2)
for _ in range(200):
    i = np.random.randint(len(x))
    miss = careful[0] * x[i] + careful[1] - y[i]
    # The same step by formula, at 0.002: w = {careful[0].item():.4f}, b = {careful[1].item():.4f}.
    careful = careful - 0.002 * 2 * miss * torch.stack([x[i], torch.ones_like(x[i])])
# @ask A rate of 0.002 all the way does not wobble. After 200 steps, is its loss below 1?
#   -> timid < 1 | True | False
# It ends at {timid:.6f}, still on its way: b is {careful[1].item():.4f} and should be
# {bottom[1].item():.4f}. Large steps get there and small ones find the place; a schedule has both.
timid = loss_of(careful, x, y).item()
print(f"careful {timid:.6f}, lowest {lowest:.6f}")

# %% [markdown]
# ## Try it
# Set `gamma` to 1.0, and there is no schedule: both walkers are one. With 0.01 the rate shrinks too
# fast for a bad moment to be made good. With `lr` at 0.6 the first fifty passes throw the line so
# far off that small steps cannot bring it back.

# /// script
# dependencies = ["torch", "numpy"]
#
# [tool.tutor]
# loss = "loss"
# after = ["sgd"]
# covers = ["B4", "C17"]
#
# [[tool.tutor.plot]]
# title = "loss over all fifteen points"
# lines = [
#   ["list(range(len(steady_losses)))", "steady_losses", "steady"],
#   ["list(range(len(losses)))", "losses", "slowing"],
# ]
# log = true
#
# [[tool.tutor.plot]]
# title = "the slowing walk over the loss"
# of = "((u * x + v - y) ** 2).mean()"
# over = { u = [-0.6, 1.6], v = [0, 3.2] }
# at = ["slowing[0]", "slowing[1]"]
#
# [[tool.tutor.plot]]
# title = "the steady walk over the loss"
# of = "((u * x + v - y) ** 2).mean()"
# over = { u = [-0.6, 1.6], v = [0, 3.2] }
# at = ["steady[0]", "steady[1]"]
#
# [[tool.tutor.plot]]
# title = "the rate"
# lines = [["list(range(len(rates)))", "rates"]]
#
# [[tool.tutor.expect]]
# of = "[losses[-1], steady_losses[-1]]"
# is = [0.169026, 0.383282]
# atol = 1e-6
# source = "001_b89a922598a8289e.txt, section 2: its 15 points, drawn as in 002, section 17"
#
# [[tool.tutor.expect]]
# of = "[rates[0], rates[50], rates[100], rates[199]]"
# is = [0.2, 0.02, 0.002, 0.0002]
# source = "0.2 · 0.1^(pass // 50)"
#
# [[tool.tutor.expect]]
# of = "[*bottom.tolist(), lowest]"
# is = [0.6123335, 2.3244, 0.16891526]
# source = "least squares over the points: the spread of x times 0.25998989, and the mean of y"
# ///
