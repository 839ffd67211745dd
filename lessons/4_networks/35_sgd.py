# %% [markdown]
# # Steps from random points
# Stochastic gradient descent looks at a few points, steps at once, and is right only on average.
#
# You should know the lesson `pytorchic`. Its fifty points and its five lines are here again, but
# each pass sees one point, drawn at random; that is what "stochastic" means. A step costs a
# fiftieth, and a loss says less.

# %% Fifty points
from itertools import pairwise

import numpy as np
import torch

lr = 0.01  # @param ["0.001", "0.01", "0.05", "0.1", "0.5"] {type: "raw"}
batch = 1  # @param ["1", "5", "25"] {type: "raw"}
seed = 446  # @param {type: "slider", min: 440, max: 460, step: 1}
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

# %% A plane
model = torch.nn.Linear(2, 1)
# A start that chance chose once: two weights, and a bias that the points hardly need.
start = {"weight": torch.tensor([[-0.199662939, 0.62400347]]), "bias": torch.tensor([0.57779175])}
model.load_state_dict(start)
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=lr)

# %% Fifty opinions
# The slope that each point alone would give to the first weight. They reach from
# {singles.min().item():.4g} to {singles.max().item():.4g}.
singles = (2 * (model(X) - y) * X[:, :1]).detach()
# The slope of the mean of all squares, as autograd finds it: {model.weight.grad[0, 0].item():.6g}.
criterion(model(X), y).backward()
# @ask The fifty slopes are very unlike. Is their mean the slope of all points together?
#   -> bool(agree) | True | False
# It is, {singles.mean().item():.6g}. One point drawn at random is right on average, and that is all
# that the method rests on.
agree = torch.isclose(singles.mean(), model.weight.grad[0, 0], rtol=1e-4)

# %% Two hundred steps
# The same draws each time. (NumPy has a newer generator, but this lesson's figures are this one's.)
np.random.seed(seed)
seen, wholes, rows = [], [criterion(model(X), y).item()], []
for step in range(200):
    # This pass sees {picked.tolist()}, drawn from 0 to 49.
    picked = np.random.choice(len(X), batch)
    # The loss of what was drawn, {loss.item():.6g}. It leaps, for each draw has its own.
    loss = criterion(model(X[picked]), y[picked])
    optimizer.zero_grad()
    loss.backward()
    # A step that suits these: w = ({model.weight[0, 0].item():.6g},
    # {model.weight[0, 1].item():.6g}).
    optimizer.step()
    seen.append(loss.item())
    with torch.no_grad():
        # What it did to all fifty: their loss was {wholes[-2]:.6g} and is {wholes[-1]:.6g}.
        wholes.append(criterion(model(X), y).item())
    if step % 20 == 0:
        rows.append([loss.item(), *model.weight.flatten().tolist()])
        print(f"{step},\t{loss.item():.2f},\t{rows[-1][1:]}")

# %% What to believe
# @ask Each step followed the slope of what it saw. How often did the loss of all fifty rise?
#   -> "never" if not rises else "at times" if rises < 100 else "mostly" | never | at times | mostly
# In {rises} of 200 steps: what suits a few points may be wrong for the others.
rises = sum(after > before for before, after in pairwise(wholes))
# @ask Take the lowest loss that the loop computed. Did all fifty points ever do as well?
#   -> min(wholes) <= lowest | True | False
# The lowest was {lowest:.2g}, by a draw that happened to fit; the fifty points never got below
# {min(wholes):.2g}. To know how good a model is, measure it on all of the points.
lowest = min(seen)
print("w", model.weight.flatten().tolist(), "b", model.bias.item())

# %% [markdown]
# ## Try it
# Set `batch` to 25 and compare the path on the map, then the two curves. Set `lr` to 0.1 with one
# point each: it gets there sooner, and then trembles for ever. With 0.5 it runs away; does it with
# 5 points a step?

# /// script
# dependencies = ["torch", "numpy"]
#
# [tool.tutor]
# loss = "loss"
# after = ["pytorchic"]
# covers = ["C17"]
#
# [[tool.tutor.plot]]
# title = "the loss of all fifty points, and the way of one at a time"
# of = "((w0 * X[:, 0] + w1 * X[:, 1] + model.bias - y[:, 0]) ** 2).mean()"
# over = { w0 = [-1.6, 0.4], w1 = [0.4, 2.4] }
# at = ["model.weight[0, 0]", "model.weight[0, 1]"]
# log = true
#
# [[tool.tutor.plot]]
# title = "the loss of what was drawn, and of all points"
# lines = [["range(len(seen))", "seen", "drawn"], ["range(len(wholes))", "wholes", "all fifty"]]
#
# [[tool.tutor.expect]]
# at = 1
# of = "loss.item()"
# is = 4.462329
# source = "002_991e0ef1df399e3d.txt, section 17, row 0"
#
# [[tool.tutor.expect]]
# of = "rows"
# is = [
#   [4.4623289, -0.20530999, 0.66900945], [1.2817878, -0.34921721, 0.89080578],
#   [0.73485136, -0.51342201, 1.1883926], [0.50985217, -0.67047453, 1.5351907],
#   [0.16477862, -0.78130609, 1.6464837], [0.19886377, -0.85681468, 1.7569876],
#   [0.026350304, -0.90830195, 1.8347709], [0.0010149016, -0.94490659, 1.888105],
#   [0.00034031534, -0.96574944, 1.9163204], [0.0059649479, -0.98202056, 1.9221277],
# ]
# source = "002_991e0ef1df399e3d.txt, section 17, every row that it prints"
#
# [[tool.tutor.expect]]
# of = "[*model.weight.flatten().tolist(), model.bias.item()]"
# is = [-0.9829921, 1.9443793, -0.0044642]
# source = "002_991e0ef1df399e3d.txt, section 17, after the last step"
# ///
