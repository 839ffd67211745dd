# %% [markdown]
# # The step that knows no scale
# Adam divides each slope by its usual size, so the scale of a loss does not matter to it.
#
# You should know the lesson `ravine`, where an optimizer first remembered something. The task is
# the old one, y = 2x through three points, from w = 1. Two walkers do it. One gets the loss as it
# is, the other, the loud one, gets it multiplied by `scale`.

# %% Three points, two walkers
import torch

lr = 0.05  # @param {type: "slider", min: 0.01, max: 2, step: 0.01}
scale = 1000.0  # @param ["1e-9", "0.001", "1.0", "1000.0"] {type: "raw"}
x = torch.tensor([1.0, 2.0, 3.0])
y = 2 * x
w = torch.tensor(1.0, requires_grad=True)
loud = torch.tensor(1.0, requires_grad=True)
optimizer = torch.optim.Adam([w], lr=lr)
loud_optimizer = torch.optim.Adam([loud], lr=lr)


def loss_of(w):
    return ((w * x - y) ** 2).mean()


# %% The first step, on paper
# At w = 1 the slope is {slope.item():.6g}.
slope = (2 * (1 * x - y) * x).mean()
# Plain descent steps as far as the slope is long: to w = {1 - lr * slope.item():.5g}. With the loss
# times {scale:g} it would land at w = {plain.item():.6g}, so the rate would have to be chosen anew.
plain = 1 - lr * scale * slope
# @ask Adam divides by the size of the slopes. Loss times 1000, lr = 0.05: w after the first step?
#   -> round(1 + 0.05 * (1000 * slope.abs() / (1000 * size)).item(), 4) | 1.05 | 1.4667 | 467.6667
# The only size that it has seen is the slope's own, {size.item():.6g}. A number divided by its own
# size is 1 or -1: what is left is the direction, and the first step is as long as the rate.
size = slope.square().sqrt()

# %% Sixty passes

beta1, beta2, tiny = 0.9, 0.999, 1e-8
mean = square = 0.0
by_hand = 1.0
path, loud_path = [w.item()], [loud.item()]
for step in range(1, 61):
    # One walker's loss is {loss.item():.6g}, at w = {path[-1]:.6f}.
    loss = loss_of(w)
    # The other's is {loud_loss.item():.6g}, at w = {loud_path[-1]:.6f}.
    loud_loss = scale * loss_of(loud)
    optimizer.zero_grad()
    loud_optimizer.zero_grad()
    # They share nothing, so one way back serves both. The slopes are {w.grad.item():.5g} and
    # {loud.grad.item():.5g}.
    (loss + loud_loss).backward()
    # By hand, first memory: a mean of the last ten slopes or so, as momentum keeps one.
    mean = beta1 * mean + (1 - beta1) * w.grad.item()
    # Second memory: a mean of the last thousand squares or so. Its root is the usual size.
    square = beta2 * square + (1 - beta2) * w.grad.item() ** 2
    # Both began at 0 and are too small at first; dividing by 1 - beta ** {step} makes up for that.
    size = (square / (1 - beta2**step)) ** 0.5
    # Mean over size is {mean / (1 - beta1**step) / (size + tiny):.5f}: so many times lr is the
    # step.
    by_hand = by_hand - lr * mean / (1 - beta1**step) / (size + tiny)
    # The optimizer did the same: w = {w.item():.6f}, and by hand {by_hand:.6f}.
    optimizer.step()
    # The loud walker is at w = {loud.item():.6f}.
    loud_optimizer.step()
    path.append(w.item())
    loud_path.append(loud.item())
assert abs(by_hand - w.item()) < 1e-3

# %% What is the same, what is not

# They were at most {apart:.2g} apart. The scale multiplies mean and size alike, and it cancels.
# Only the 1e-8 that keeps Adam from dividing by zero is not multiplied.
apart = max(abs(here - there) for here, there in zip(path, loud_path, strict=True))

# The first walker went as far as w = {farthest:.5f}. The mean still remembers steep slopes when the
# slope is small already, so Adam can run past 2, like the ball of the lesson `ravine`.
farthest = max(path)

# %% Each weight has its own size
line = torch.tensor([1.0, 0.0], requires_grad=True)
line_optimizer = torch.optim.Adam([line], lr=lr)
# With a bias beside w the slopes are {line.grad[0].item():.5g} and {line.grad[1].item():.5g}.
((line[0] * x + line[1] - y) ** 2).mean().backward()
# @ask The slope along w is more than twice the slope along b. Which of the two moves farther?
#   -> "both alike" if abs(line[0] - 1 - line[1]) < 1e-3 * lr else "w" | w | b | both alike
# w moves by {line[0].item() - 1:.5f}, b by {line[1].item():.5f}: each is divided by its own size.
# So one rate serves steep and flat directions.
line_optimizer.step()
print(f"w {w.item():.6f}, loud {loud.item():.6f}, by hand {by_hand:.6f}")

# %% [markdown]
# ## Try it
# Set `scale` to 1e-9: slopes as small as Adam's 1e-8 are no longer brought to size, and the second
# walker lags behind. Set `lr` to 2: steep or flat, the first step is 2 long, and w swings around 2.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["ravine"]
# covers = ["D1"]
#
# [[tool.tutor.plot]]
# title = "both walkers, pass by pass"
# lines = [
#   ["list(range(len(path)))", "path", "the loss"],
#   ["list(range(len(loud_path)))", "loud_path", "the loss, scaled"],
# ]
#
# [[tool.tutor.plot]]
# title = "the loss over w"
# of = "((u * x - y) ** 2).mean()"
# over = { u = [0, 4] }
# at = ["w"]
#
# [[tool.tutor.expect]]
# at = 1
# of = "[w.item(), loud.item()]"
# is = [1.05, 1.05]
# source = "the first step is lr · slope / (|slope| + 1e-8)"
#
# [[tool.tutor.expect]]
# at = 1
# of = "[loss.item(), w.grad.item(), by_hand]"
# is = [4.6666667, -9.3333333, 1.05]
# source = "003_7eac1f8e59c11a0f.txt, section 3: its three points, w = 1"
#
# [[tool.tutor.expect]]
# of = "[apart, by_hand - w.item()]"
# is = [0.0, 0.0]
# atol = 1e-5
# source = "mean and size grow by the same factor, and it cancels"
#
# [[tool.tutor.expect]]
# of = "line.tolist()"
# is = [1.05, 0.05]
# source = "the first step is lr · slope / (|slope| + 1e-8), for each weight by itself"
# ///
