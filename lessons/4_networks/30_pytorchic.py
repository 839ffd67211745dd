# %% [markdown]
# # Downhill as PyTorch does it
# Five lines in a fixed order are all of training, and the order keeps old gradients out.
#
# You should know the lessons `double_deposit` and `three_points`. The fifty points near the plane
# y = -x₁ + 2x₂ are here again; now a layer keeps the weights and an optimizer moves them.

# %% Fifty points
import torch

lr = 0.1  # @param {type: "slider", min: 0.05, max: 1.05, step: 0.05}
start = [-0.38795507, 0.2278306]  # @param ["[-0.38795507, 0.2278306]", "[1.0, 0.0]"] {type: "raw"}
# Each triple is x₁, x₂ and y, the same ones as in the lesson `double_deposit`.
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
X, y = points[:, :2], points[:, 2:]


def slope_at(w):
    # The gradient on paper, as a row like the layer's weight.
    return 2 * (w @ X.t() - y.t()) @ X / len(X)


def train(start, passes):
    # The loop below once more, to be used from another start.
    other = torch.nn.Linear(2, 1, bias=False)
    other.load_state_dict({"weight": torch.tensor([start])})
    mover = torch.optim.SGD(other.parameters(), lr=0.1)
    for _ in range(passes):
        mover.zero_grad()
        torch.nn.functional.mse_loss(other(X), y).backward()
        mover.step()
    return other.weight.flatten().tolist()


# %% A layer instead of a tensor
# @ask The layer turns two inputs into one output. Which shape has its weight?
#   -> list(model.weight.shape) | [2, 1] | [1, 2] | [2]
# A row for each output, so {list(model.weight.shape)}. We wrote X @ w with a column w; the layer
# computes X @ Wᵀ. Without the bias it is the same sum.
model = torch.nn.Linear(2, 1, bias=False)
# A layer begins at random; we set the start, w = ({model.weight[0, 0].item():.7g},
# {model.weight[0, 1].item():.7g}).
model.load_state_dict({"weight": torch.tensor([start])})
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
# First a look at the gradient, just as in `double_deposit`, and again nobody empties it. It holds
# {model.weight.grad[0, 0].item():.6g} and {model.weight.grad[0, 1].item():.6g}.
criterion(model(X), y).backward()
path, extras = [], []

# %% Twenty steps
for step in range(20):
    # What the layer makes of all fifty points; for the first it says {prediction[0].item():.6g}.
    prediction = model(X)
    # The mean squared miss: {loss.item():.7g}.
    loss = criterion(prediction, y)
    # Whatever was left in the gradients goes, and only now new ones may come.
    optimizer.zero_grad()
    # The slopes are {model.weight.grad[0, 0].item():.6g} and {model.weight.grad[0, 1].item():.6g}.
    loss.backward()
    # By the formula they should be {by_hand[0, 0].item():.6g} and {by_hand[0, 1].item():.6g}.
    by_hand = slope_at(model.weight.detach())
    extras.append((model.weight.grad - by_hand).norm().item())
    # One step against them: w = ({model.weight[0, 0].item():.7g}, {model.weight[0, 1].item():.7g}).
    optimizer.step()
    path.append(model.weight.flatten().tolist())
    print(f"{step},\t{loss.item():.2f},\t{path[-1]}")

# %% What the order is good for
# @ask We looked before the loop and left a gradient behind. How many steps did that spoil?
#   -> spoilt | 0 | 1 | 20
# It spoilt {spoilt}: the largest surplus in any step was {max(extras):.1g}, which is rounding. With
# `zero_grad()` directly before `backward()` nothing old can get into a step. In `double_deposit`
# the gradient was emptied last, and the look before the loop cost a step.
spoilt = sum(extra > 1e-3 for extra in extras)
ends = {"w": [-1.0055621, 1.9298735], "its twin": [-1.002015, 1.9205805]}
# Twenty passes from w = (1, 0), where `double_deposit` began: ({end[0]:.7g}, {end[1]:.7g}).
end = train([1.0, 0.0], 20)
# @ask `double_deposit` walked twice: its w with the bug, its twin by the formula. Which ended here?
#   -> nearest | w | its twin
# It was {nearest}: layer, loss and optimizer do what the formula does, to the last printed digit.
nearest = min(ends, key=lambda name: abs(ends[name][0] - end[0]) + abs(ends[name][1] - end[1]))
print("w", path[-1], "from (1, 0)", end)

# %% [markdown]
# ## Try it
# Set `start` to (1, 0) and look at the map: another way to the same bottom. Then raise `lr`: with
# 0.95 the path jumps across the valley and still comes nearer, with 1.05 it does not.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["double_deposit", "three_points"]
# covers = ["C16"]
# compare = [["model.weight.grad", "by_hand"]]
#
# [[tool.tutor.plot]]
# title = "the loss over both weights, and the way down"
# of = "((w0 * X[:, 0] + w1 * X[:, 1] - y[:, 0]) ** 2).mean()"
# over = { w0 = [-2, 1.5], w1 = [-0.5, 3] }
# at = ["model.weight[0, 0]", "model.weight[0, 1]"]
# log = true
#
# [[tool.tutor.expect]]
# at = 1
# of = "loss.item()"
# is = 2.988400
# source = "002_991e0ef1df399e3d.txt, section 16, row 0"
#
# [[tool.tutor.expect]]
# of = "path"
# is = [
#   [-0.54535741, 0.51412684], [-0.66608602, 0.75222915], [-0.75831056, 0.9504565],
#   [-0.82842976, 1.1156546], [-0.88144863, 1.2534634], [-0.92127615, 1.3685349],
#   [-0.9509604, 1.4647106], [-0.97287369, 1.5451664], [-0.98885876, 1.6125307],
#   [-1.0003437, 1.6689818], [-1.0084321, 1.7163262], [-1.0139749, 1.7560644],
#   [-1.0176253, 1.7894436], [-1.0198835, 1.8175017], [-1.0211303, 1.8411033],
#   [-1.0216544, 1.8609697], [-1.0216731, 1.8777025], [-1.0213491, 1.8918046],
#   [-1.020803, 1.9036964], [-1.020123, 1.9137299],
# ]
# source = "002_991e0ef1df399e3d.txt, section 16, all rows, from its layer's own start"
#
# [[tool.tutor.expect]]
# of = "loss.item()"
# is = 0.00944745
# source = "002_991e0ef1df399e3d.txt, section 16, row 19, which prints 0.01"
#
# [[tool.tutor.expect]]
# of = "end"
# is = [-1.002015, 1.9205805]
# source = "002_991e0ef1df399e3d.txt, section 9, with the gradient emptied before row 0"
# ///
