# %% [markdown]
# # The double deposit
# One forgotten gradient spoils one step, and nothing in the output gives it away.
#
# In the lesson `three_grads` autograd was asked for a slope, and paper agreed. Here the same slope
# is used for a walk downhill, as in the lesson `descend`.
#
# Fifty points lie near the plane y = -x₁ + 2x₂. The script looks at a gradient, likes it, and then
# walks downhill for twenty steps, in each of which it empties the gradient as it should. There is
# still a bug in it.

# %% Fifty points
import torch

zero_first = False  # @param {type: "boolean"}
# Each triple is x₁, x₂ and y, the same ones as in the lesson `three_grads`.
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
    # The gradient on paper. It fills no `.grad`, so it cannot go wrong there.
    return 2 * X.t() @ (X @ w - y) / len(X)


# %% Is the gradient right?
w = torch.tensor([[1.0], [0.0]], requires_grad=True)
# The wrong guess w = (1, 0) misses by {loss.item():.7g} in the mean of the squares.
loss = ((X @ w - y) ** 2).mean()
# The slopes on paper: {by_hand[0].item():.7g} along the first weight, {by_hand[1].item():.7g} along
# the second.
by_hand = slope_at(w.detach())
# The slopes by autograd: {w.grad[0].item():.7g} and {w.grad[1].item():.7g}. They agree, so
# autograd can be trusted.
loss.backward()
seen = w.grad.clone()
if zero_first:
    # The look is over, and what it found is kept in `seen`.
    w.grad.zero_()

# %% Where should one step lead?
lr = 0.1
# @ask The first weight is 1, its slope about 4.34 and the rate 0.1. Where does a step take it?
#   -> foreseen[0].item() | 0.1314914 | 0.4342543 | 0.5657457
# Against the slope, a tenth of it: w = ({foreseen[0].item():.7g}, {foreseen[1].item():.7g}). Keep
# these two numbers in mind.
foreseen = w.detach() - lr * seen
# A twin starts at the same place. It will take its slopes from the formula alone.
twin = w.detach().clone()
path, twin_path, extras = [], [], []

# %% Twenty steps
for step in range(20):
    # The mean squared miss before this step: {loss.item():.7g}.
    loss = ((X @ w - y) ** 2).mean()
    # What the gradient should be here: {by_hand[0].item():.7g} and {by_hand[1].item():.7g}.
    by_hand = slope_at(w.detach())
    # What `w.grad` holds: {w.grad[0].item():.7g} and {w.grad[1].item():.7g}. In `tutor`, press `i`
    # here to see what was in it before, and what was added.
    loss.backward()
    # A part {extras[-1].norm().item():.2g} long does not belong here (below 1e-4 it is rounding).
    extras.append(w.grad - by_hand)
    with torch.no_grad():
        # The step leads to w = ({w[0].item():.7g}, {w[1].item():.7g}).
        w -= lr * w.grad
    # A gradient that has been used is emptied, so that the next one finds nothing there.
    w.grad.zero_()
    # The twin goes to ({twin[0].item():.7g}, {twin[1].item():.7g}).
    twin = twin - lr * slope_at(twin)
    path.append(w.flatten().tolist())
    twin_path.append(twin.flatten().tolist())
    print(f"{step},\t{loss.item():.2f},\t{path[-1]}")

# %% What happened?
# @ask In how many of the twenty steps was there more in `w.grad` than the slope of that step?
#   -> wrong | 0 | 1 | 19 | 20
# In {wrong}. Each pass empties the gradient at its end, so only what is there before the first one
# can do harm.
wrong = sum(extra.norm().item() > 1e-4 for extra in extras)
# And that is what the look had found, paid in a second time, unless `zero_first` threw it away.
# The first step's surplus was ({extras[0][0].item():.7g}, {extras[0][1].item():.7g}).
left = torch.zeros_like(seen) if zero_first else seen
assert torch.allclose(extras[0], left, atol=1e-4) and wrong == (not zero_first)
twin_loss = ((X @ twin - y) ** 2).mean()
# @ask The twin never took a wrong step. Does w end with a lower loss than the twin?
#   -> bool(w_loss < twin_loss) | True | False
# w ends at {w_loss.item():.7f}, the twin at {twin_loss.item():.7f}. A first step of double length
# happens to help here, so neither the curve nor the result tells of the bug. A second opinion on
# the gradient does.
w_loss = ((X @ w - y) ** 2).mean()
print("w", path[-1], "twin", twin_path[-1])

# %% [markdown]
# ## Try it
# Switch `zero_first` on: the gradient of the look is thrown away, and w and its twin walk side
# by side. With it off, find on the map the one step that is twice as long as it should be.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["three_grads", "descend"]
# covers = ["C10"]
# compare = [["w.grad", "by_hand"]]
#
# [[tool.tutor.plot]]
# title = "the loss over both weights, and the way down"
# of = "((X @ torch.stack([w0, w1]) - y[:, 0]) ** 2).mean()"
# over = { w0 = [-1.5, 1.5], w1 = [-0.5, 2.5] }
# at = ["w[0, 0]", "w[1, 0]"]
# lines = [
#   ["[1.0, *(one[0] for one in twin_path)]", "[0.0, *(one[1] for one in twin_path)]", "twin"],
# ]
#
# [[tool.tutor.expect]]
# of = "seen.flatten().tolist()"
# is = [4.342543, -3.502316]
# source = "002_991e0ef1df399e3d.txt, section 9: PyTorch's gradient"
#
# [[tool.tutor.expect]]
# at = 1
# of = "loss.item()"
# is = 7.819466
# source = "002_991e0ef1df399e3d.txt, section 9, row 0"
#
# [[tool.tutor.expect]]
# of = "path"
# is = [
#   [0.13149136, 0.70046312], [-0.11822014, 0.92298752], [-0.31444427, 1.1054724],
#   [-0.46848339, 1.2552956], [-0.58927345, 1.3784461], [-0.68387645, 1.4797904],
#   [-0.75787055, 1.563287], [-0.81565958, 1.632159], [-0.86071837, 1.6890337],
#   [-0.89578694, 1.736055], [-0.92302442, 1.7749742], [-0.94413096, 1.8072236],
#   [-0.96044421, 1.8339758], [-0.97301573, 1.8561921], [-0.98267132, 1.8746614],
#   [-0.99005884, 1.8900318], [-0.99568594, 1.9028363], [-0.99994993, 1.913514],
#   [-1.0031612, 1.9224268], [-1.0055621, 1.9298735],
# ]
# source = "002_991e0ef1df399e3d.txt, section 9, as printed: row 0 takes a double step"
#
# [[tool.tutor.expect]]
# of = "twin_path"
# is = [
#   [0.56574571, 0.35023156], [0.22376281, 0.63660955], [-0.045340687, 0.87104094],
#   [-0.25691202, 1.0631683], [-0.42309272, 1.2208072], [-0.55348456, 1.3502989],
#   [-0.65567756, 1.456793], [-0.73566854, 1.544476], [-0.79819345, 1.6167549],
#   [-0.84699017, 1.676405], [-0.88500726, 1.7256895], [-0.91456908, 1.7664565],
#   [-0.93750662, 1.8002161], [-0.95526117, 1.828204], [-0.96896625, 1.8514327],
#   [-0.97951251, 1.8707322], [-0.98759919, 1.8867842], [-0.99377453, 1.900149],
#   [-0.99846786, 1.9112878], [-1.002015, 1.9205805],
# ]
# source = "002_991e0ef1df399e3d.txt, section 9, with the gradient emptied before row 0"
#
# [[tool.tutor.expect]]
# of = """
# [((X @ torch.tensor(p).view(2, 1) - y) ** 2).mean().item() for p in [[1.0, 0.0], *path[:-1]]]
# """
# is = [
#   7.81946611, 2.84334278, 1.83594418, 1.18908775, 0.772926509, 0.504606605, 0.331194729,
#   0.218827605, 0.145808041, 0.0982105732, 0.0670805126, 0.0466475673, 0.0331847444,
#   0.0242786482, 0.0183620844, 0.0144143011, 0.0117682843, 0.0099866204, 0.0087813437,
#   0.00796219334,
# ]
# source = "002_991e0ef1df399e3d.txt, section 9, as printed: the loss of each row"
#
# [[tool.tutor.expect]]
# of = """
# [((X @ torch.tensor(p).view(2, 1) - y) ** 2).mean().item() for p in [[1.0, 0.0], *twin_path[:-1]]]
# """
# is = [
#   7.81946611, 5.01924181, 3.22859287, 2.08184338, 1.34623706, 0.873499393, 0.569072545,
#   0.372589231, 0.245459616, 0.16297932, 0.109308384, 0.0742718205, 0.0513208248, 0.0362310894,
#   0.0262710862, 0.0196699053, 0.0152760325, 0.0123383775, 0.0103653613, 0.00903406832,
# ]
# source = "002_991e0ef1df399e3d.txt, section 9, emptied before row 0: the loss of each row"
#
# [[tool.tutor.expect]]
# of = "foreseen.flatten().tolist()"
# is = [0.5657457, 0.3502316]
# source = "one step by the gradient of section 9"
#
# [[tool.tutor.expect]]
# of = "(extras[0] / seen).flatten().tolist()"
# is = [1.0, 1.0]
# source = "the gradient that was left behind, once more"
#
# [[tool.tutor.expect]]
# of = "[wrong, w_loss.item(), twin_loss.item()]"
# is = [1, 0.00740289, 0.0081316]
# source = "the loss after the last step, from the two tables"
# ///
