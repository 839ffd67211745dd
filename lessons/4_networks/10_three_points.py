# %% [markdown]
# # A network of one neuron
# Model, loss, optimizer, and five lines in a loop: every training script has this shape.
#
# You should know the lessons `leaf` and `line_by_hand`. The steps are the ones you took by hand;
# what is new is that torch keeps the weight and the bias, and that an optimizer moves them.

# %% Three points on a line
import torch

lr = 0.1  # @param {type: "slider", min: 0.01, max: 0.25, step: 0.01}
start = 1.0  # @param {type: "slider", min: -3, max: 5, step: 0.5}
reduction = "mean"  # @param ["mean", "sum"]
# Layers expect a row for each sample and a column for each feature, so this is {list(x.shape)}.
x = torch.tensor([[1.0], [2.0], [3.0]])
y = 2 * x


# %% The smallest model
class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        # One input, one output: a weight and a bias, which are the model's parameters.
        self.linear = torch.nn.Linear(1, 1)

    def forward(self, x):
        return self.linear(x)


# Calling `model(x)` will run `forward`; the parameters register themselves.
model = Line()
with torch.no_grad():
    # A layer begins at random. To walk the same path each time we choose: w = {start:g}, b = 0.
    model.linear.weight.fill_(start)
    model.linear.bias.zero_()
# The optimizer holds on to the parameters that it may move.
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
criterion = torch.nn.MSELoss(reduction=reduction)

# %% Train
for epoch in range(40):
    # Forward: with the parameters as they are, the model makes {prediction[0].item():.4g},
    # {prediction[1].item():.4g} and {prediction[2].item():.4g} of the three inputs.
    prediction = model(x)
    # How wrong that is, in one number: {loss.item():.6g}.
    loss = criterion(prediction, y)
    # Gradients add up, so the last pass's must go before new ones come.
    optimizer.zero_grad()
    # The slopes are {model.linear.weight.grad.item():.6g} along w and
    # {model.linear.bias.grad.item():.6g} along b.
    loss.backward()
    # A step against both: w = {model.linear.weight.item():.6f}, b = {model.linear.bias.item():.6f}.
    optimizer.step()
    print(f"{epoch:2d}  loss {loss.item():.6f}")

# %% Is it done?
w, b = model.linear.weight.item(), model.linear.bias.item()
# @ask At x = 4, beyond the points, 8 is right. Is the model's miss there larger than at any point?
#   -> abs(answer - 8) > (model(x) - y).abs().max().item() | True | False
# The first step moved both, and b comes back slowly: a weight too small and a bias too large, or
# the other way round, make up for each other at our three points. Beyond them they do not, and for
# x = 4 the model says {answer:.6f}.
answer = model(torch.tensor([[4.0]])).item()
print(f"w = {w:.6f}, b = {b:.6f}, and x = 4 gives {answer:.6f}")


# %% Another start, another loss
def fit(reduction, rate, passes, start):
    line, measure = Line(), torch.nn.MSELoss(reduction=reduction)
    line.load_state_dict(start)
    mover = torch.optim.SGD(line.parameters(), lr=rate)
    misses = []
    for _ in range(passes):
        miss = measure(line(x), y)
        mover.zero_grad()
        miss.backward()
        mover.step()
        misses.append(miss.item())
    return misses, [*(p.item() for p in line.parameters()), line(torch.tensor([[4.0]])).item()]


torch.manual_seed(446)
# `fit` is the loop above as a function. Its start is given by names, and here chance chose it:
# w = {chance["linear.weight"].item():.4f} and b = {chance["linear.bias"].item():.4f}.
chance = Line().state_dict()
# From there the loss begins at {drawn[0][0]:.7g}, and the same 40 passes end elsewhere along the
# valley: w = {drawn[1][0]:.6f}, b = {drawn[1][1]:.6f}, and x = 4 gives {drawn[1][2]:.6f}.
drawn = fit("mean", 0.1, 40, chance)
chosen = {"linear.weight": torch.tensor([[1.0]]), "linear.bias": torch.tensor([0.0])}
# @ask From w = 1 and b = 0 the loss began at 4.67. With `reduction="sum"` it begins at?
#   -> round(summed[0][0], 2) | 1.56 | 4.67 | 14.0
# At {summed[0][0]:.6g}. The squares of three points are added up, no longer averaged, so loss and
# slopes are three times as large: a rate of 0.01 moves like 0.03. After 100 such passes
# w = {summed[1][0]:.6f}, b = {summed[1][1]:.6f}.
summed = fit("sum", 0.01, 100, chosen)
# And 100 of them from where chance began: x = 4 gives {summed_drawn[1][2]:.6f}.
summed_drawn = fit("sum", 0.01, 100, chance)
# @ask The mean got along with a rate of 0.1. What does the sum do with it in the first pass?
#   -> "it rises" if bold[0][1] > bold[0][0] else "it falls" | it falls | it rises
# It goes from {bold[0][0]:.6g} to {bold[0][1]:.6g}. A rate fits one loss: if you change the loss,
# look at the rate again.
bold = fit("sum", 0.1, 2, chosen)

# %% [markdown]
# ## Try it
# Set `lr` to 0.17 and look at the map: the path jumps from side to side of the valley, and still
# gets down to its floor. With 0.19 each jump is longer than the last. With 0.01, forty passes are
# hardly enough for b to turn back. Where does it go from `start` = 5? And set `reduction` to "sum":
# which rates still find the line?

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "loss"
# after = ["leaf", "line_by_hand"]
# covers = ["A4", "D7"]
# twin = "line_by_hand"
# compare = [["model.linear.weight", "w"], ["model.linear.bias", "b"]]
#
# [[tool.tutor.plot]]
# title = "the line and the points"
# points = ["x", "y"]
# lines = [["x", "model(x)", "the model"], ["x", "2 * x", "the truth"]]
#
# [[tool.tutor.plot]]
# title = "the valley of the loss, and the way through it"
# of = "((w * x + b - y) ** 2).mean()"
# over = { w = [0.5, 2.5], b = [-0.8, 1.0] }
# at = ["model.linear.weight", "model.linear.bias"]
# log = true
#
# [[tool.tutor.expect]]
# at = 1
# of = "loss.item()"
# is = 4.666667
# source = "000_882c469dd17d8fe3.txt, section 5, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# at = 2
# of = "loss.item()"
# is = 0.0740742
# source = "000_882c469dd17d8fe3.txt, section 5, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# at = 40
# of = "loss.item()"
# is = 0.00292078
# source = "000_882c469dd17d8fe3.txt, section 5, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# of = "[model.linear.weight.item(), model.linear.bias.item()]"
# is = [1.938739, 0.139258]
# source = "000_882c469dd17d8fe3.txt, section 5, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# of = "[drawn[0][0], *drawn[1]]"
# is = [30.63708, 1.829183, 0.388307, 7.705039]
# device = "cpu"
# source = "000_882c469dd17d8fe3.txt, section 5, under manual_seed(446)"
#
# [[tool.tutor.expect]]
# of = "[*summed[0][:2], *summed[1]]"
# is = [14.0, 6.264001, 1.921378, 0.178727, 7.864238]
# source = "003_7eac1f8e59c11a0f.txt, section 5.2.2, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# of = "summed_drawn[1]"
# is = [1.780771, 0.498359, 7.621443]
# device = "cpu"
# source = "003_7eac1f8e59c11a0f.txt, section 5.2.2, under manual_seed(446)"
#
# [[tool.tutor.expect]]
# of = "bold[0]"
# is = [14.0, 75.6]
# source = "003_7eac1f8e59c11a0f.txt, section 5.2.2, with a rate of 0.1"
# ///
