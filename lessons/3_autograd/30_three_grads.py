# %% [markdown]
# # Check the gradient
# Paper and plain measuring find the slopes that autograd finds, so each can check the others.
#
# You know from the lesson `leaf` how to ask autograd, and from `descend` what a slope on paper
# looks like. A row of numbers times a column of weights is a prediction; no more algebra is needed.
#
# Fifty points lie near the plane y = -x₁ + 2x₂, with a little noise. We stand at a wrong guess and
# ask in three ways which way is down. The third way needs no calculus at all, only the loss.

# %% Fifty points
import torch

# Each triple is x₁, x₂ and y, written out so that the figures are the same on every machine.
table = """
  -1.3435513   0.72794396    2.7591088     -1.7215605    1.4929489    4.6898303
  0.22135527    0.7232564    1.1264926    -0.13489921   0.69149077    1.5295182
  0.20331644  -0.76858217    -1.737903      0.5832011  -0.20352839   -1.0627477
 -0.87118524  0.026507568    1.1540993     0.03843016  -0.64236397   -1.3613973
   0.6992561  -0.13094856   -0.9163644     0.34081542  -0.99096185    -2.390695
  0.61612076     1.924597    3.2210417     -1.9328907   0.34608272    2.6417136
 -0.36835182    -1.670294    -3.010242     -0.3252041 -0.004462193   0.34196702
   1.5535592  -0.41171664    -2.349508    -0.30713788   -1.0164897   -1.7675165
-0.079570964    1.1246332    2.2380269     0.67806524   0.19588463   -0.3192059
  -0.4791829  -0.12502228   0.28897297      0.8209693   -0.8692966   -2.4064224
  -1.7832628  -0.12879926    1.5101377      1.1959864   0.20743823   -1.0137753
  -0.2463443    1.0818563     2.347885     -1.9339998  -0.39289927    1.0877423
   1.3267881   0.10970676   -1.1741749      1.2479647   -0.2971931   -1.8209119
   1.3897849     1.706737    2.0011485     -0.2575852  -0.18652982   -0.2245801
   0.8352685   -0.5307579   -1.9025273      0.6557587   -1.3803326   -3.2028422
  -1.5291772   -0.6705246   0.21912476     0.13366278     -1.06527   -2.2260504
  -1.8551949    0.7063751     3.378709      0.9696687   -0.7168242    -2.448602
  0.52196485    -2.385287   -5.2799854       -1.02573    1.0508281     3.128225
    0.975705   0.17130211   -0.6161978     -0.6672598  -0.09267236    0.5465468
 -0.40689847 -0.030241141   0.23633748     -1.6656996   -0.4714548   0.68311787
   1.1775819    0.8689692   0.40824372     -0.9635493    1.2927016    3.4707413
   1.4114724   0.02360673   -1.3747022     0.39901057   0.08572404  -0.22007337
  -0.3672964    1.6424936    3.5056348      0.3357889 -0.056298606   -0.3770219
  0.17719494  0.061324794 -0.023903893    -0.10622957    -1.371214   -2.5312781
   1.3029007  -0.14608215   -1.6020997      0.7128566    0.5398639   0.38222182
"""
points = torch.tensor([float(number) for number in table.split()]).view(-1, 3)
# Inputs {list(X.shape)} and targets {list(y.shape)}: both keep a second dimension, so that the
# difference of prediction and target pairs each row with its own.
X, y = points[:, :2], points[:, 2:]


def loss_at(w, X, y):
    # The mean of the squared misses of the plane w.
    return ((X @ w - y) ** 2).mean()


# %% Ask autograd
# A wrong guess: a plane that looks at x₁ only.
w = torch.tensor([[1.0], [0.0]], requires_grad=True)
# Going forward leaves a trail: the loss {loss.item():.7g} remembers {type(loss.grad_fn).__name__},
# which made it, and that remembers what it was given.
loss = loss_at(w, X, y)
# Backwards along the trail, with no formula from us: {w.grad[0].item():.7g} along the first weight
# and {w.grad[1].item():.7g} along the second.
loss.backward()

# %% Work it out on paper
# @ask Paper and autograd compute the same slopes. Will they agree to the last bit?
#   -> torch.equal(paper, w.grad) | True | False
# The square brings down a 2, and Xᵀ sends each miss back to the weights that caused it:
# {paper[0].item():.7g} and {paper[1].item():.8g}. The last digit may differ, for sums in another
# order round differently.
paper = 2 * X.t() @ (X @ w.detach() - y) / len(X)
assert torch.allclose(paper, w.grad, rtol=1e-5)

# %% Measure it
h = 0.01  # @param ["0.1", "0.01", "0.001", "0.0001", "0.00001", "0.000001"] {type: "raw"}
dtype = "float32"  # @param ["float32", "float64"]


def measured(w, X, y, h):
    # Rise over run, one weight at a time: the loss a little ahead, minus a little behind.
    ways = h * torch.eye(2).to(w)[:, :, None]
    rises = [loss_at(w + way, X, y) - loss_at(w - way, X, y) for way in ways]
    return torch.stack(rises)[:, None] / (2 * h)


# Nobody will walk back from these losses, so we measure at a copy that leaves no trail.
here = w.detach()
kind = getattr(torch, dtype)
# @ask How many times is the loss computed to measure these two slopes?
#   -> 2 * w.numel()
# No formula at all: {slope[0].item():.7g} and {slope[1].item():.7g}. (On the CPU, for not
# every device knows float64.)
slope = measured(here.cpu().to(kind), X.cpu().to(kind), y.cpu().to(kind), h)

# %% How near is near enough?
# With h = 0.01 the measured slope is off by {coarse:.2g}. The loss is a parabola, where rise over
# run is exactly the slope half way between the two points, so this is all rounding.
coarse = (measured(here, X, y, 0.01) - paper).norm().item()
# @ask Now a step ten thousand times smaller, h = 0.000001. Which h gives the better slope?
#   -> 0.000001 if fine < coarse else 0.01 | 0.01 | 0.000001
# It is off by {fine:.2g}. Two losses that close share nearly all the digits that float32 has; the
# difference is made of the few that are left, and dividing by a tiny h makes their error huge.
fine = (measured(here, X, y, 0.000001) - paper).norm().item()
# With twice the digits the same h is good to {(double - paper.cpu()).norm().item():.2g}. That is
# why `torch.autograd.gradcheck` wants float64.
double = measured(here.cpu().double(), X.cpu().double(), y.cpu().double(), 0.000001)
print(w.grad.flatten(), paper.flatten(), slope.flatten(), double.flatten())

# %% [markdown]
# ## Try it
# Make h smaller and smaller, and watch how many digits of the measured slope stay right. With
# 0.000001 it breaks: hardly a digit is right, though on paper a smaller h is a better one.
# Then set `dtype` to float64 and try all of them again.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["leaf", "descend"]
# covers = ["C9"]
# compare = [["w.grad", "paper"]]
#
# [[tool.tutor.expect]]
# of = "points[0].tolist()"
# is = [-1.3435512781143188, 0.7279439568519592, 2.759108781814575]
# source = "002_991e0ef1df399e3d.txt, section 9, drawn with seed 446"
#
# [[tool.tutor.expect]]
# of = "loss.item()"
# is = 7.819466
# source = "002_991e0ef1df399e3d.txt, section 9"
#
# [[tool.tutor.expect]]
# of = "w.grad.flatten().tolist()"
# is = [4.342543, -3.502316]
# source = "002_991e0ef1df399e3d.txt, section 9: PyTorch's gradient"
#
# [[tool.tutor.expect]]
# of = "paper.flatten().tolist()"
# is = [4.342543, -3.5023162]
# source = "002_991e0ef1df399e3d.txt, section 9: analytical gradient"
#
# [[tool.tutor.expect]]
# of = "slope.flatten().tolist()"
# is = [4.342543, -3.502316]
# rtol = 1e-4
# source = "measured with h = 0.01 in float32"
#
# [[tool.tutor.expect]]
# of = "double.flatten().tolist()"
# is = [4.342543, -3.502316]
# source = "measured with h = 0.000001 in float64"
#
# [[tool.tutor.expect]]
# of = "[coarse < 1e-3, fine > 0.01]"
# is = [true, true]
# source = "float32 has 24 bits: a smaller h loses them"
# ///
