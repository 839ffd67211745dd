# %% [markdown]
# # Mean, sum or none
# Whether a loss takes the mean or the sum scales every gradient, just as a learning rate would.
#
# You know from `modules` that a layer hands over its parameters, and from `descend` that a step is
# the rate times the slope.

# %% One number from three misses
import torch

lr = 0.01  # @param {type: "slider", min: 0.005, max: 0.07, step: 0.005}
copies = 1  # @param {type: "slider", min: 1, max: 8, step: 1}
prediction = torch.tensor([[0.0, 0.0, 0.0]])
target = torch.tensor([[1.0, 0.0, -1.0]])
# Squared, every miss counts as positive. With reduction "none" all three stay: {squares.tolist()}.
squares = torch.nn.MSELoss(reduction="none")(prediction, target)
sum_of = torch.nn.MSELoss(reduction="sum")
# The plain sum of them is {total.item():g}.
total = sum_of(prediction, target)
mean_of = torch.nn.MSELoss()
# @ask Two of three predictions are off by 1. What does `MSELoss()` say, if you ask for nothing?
#   -> average.item() | 0 | 0.6666667 | 1 | 2
# The M is for mean: {total.item():g} / {squares.numel()} = {average.item():.6g}.
average = mean_of(prediction, target)
assert torch.isclose(total, squares.sum()) and torch.isclose(average, squares.mean())

# %% The same misses, two gradients
# The three points on y = 2x, each of them {copies}×, so {len(x)} rows.
x = torch.tensor([[1.0], [2.0], [3.0]]).repeat(copies, 1)
y = 2 * x
# Two models of the same kind. The one will learn from the mean, the other from the sum.
torch.manual_seed(446)
averaged, summed = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
# Both begin at w = 1 and b = 0, so that they miss alike.
start = {"weight": torch.tensor([[1.0]]), "bias": torch.tensor([0.0])}
averaged.load_state_dict(start)
summed.load_state_dict(start)
# The slope of the mean along w: {averaged.weight.grad.item():.6g}.
mean_of(averaged(x), y).backward()
# @ask How many times as large as the slope of the mean is the slope of the sum?
#   -> round((summed.weight.grad / averaged.weight.grad).item(), 4)
# The slope of the sum: {summed.weight.grad.item():.6g}.
sum_of(summed(x), y).backward()
# {summed.weight.grad.item():.6g} is {ratio:g} times {averaged.weight.grad.item():.6g}: each of the
# {len(x)} rows adds its share to the sum. In the mean it is divided by {len(x)} again.
ratio = (summed.weight.grad / averaged.weight.grad).item()

# %% Three times the rate
for epoch in range(100):
    # The mean of the squared misses: {mean_loss.item():.7g}.
    mean_loss = mean_of(averaged(x), y)
    # The sum of the other model's: {sum_loss.item():.7g}.
    sum_loss = sum_of(summed(x), y)
    averaged.zero_grad()
    summed.zero_grad()
    mean_loss.backward()
    # Each loss fills the gradients of its own model.
    sum_loss.backward()
    with torch.no_grad():
        for parameter in averaged.parameters():
            # With three rows a mean has a third of the sum's slope; three times the rate makes up
            # for that.
            parameter -= 3 * lr * parameter.grad
        for parameter in summed.parameters():
            parameter -= lr * parameter.grad
    if epoch % 20 == 19:
        print(f"{epoch:2d}  mean {mean_loss.item():.6f}  sum {sum_loss.item():.6f}")

# %% Where they ended
# The one ends at w = {averaged.weight.item():.6f} and b = {averaged.bias.item():.6f}.
by_mean = torch.cat([averaged.weight.detach().flatten(), averaged.bias.detach()])
# @ask One used the mean at three times the rate, the other the sum. Are they at the same line?
#   -> torch.allclose(by_sum, by_mean, rtol=1e-4) | True | False
# The other at w = {summed.weight.item():.6f} and b = {summed.bias.item():.6f}. With three rows the
# two walk as one, step by step. With more rows the steps of the sum grow longer.
by_sum = torch.cat([summed.weight.detach().flatten(), summed.bias.detach()])
# What it makes of x = 4: {answer:.6f}.
answer = summed(torch.tensor([[4.0]])).item()
print(by_mean, by_sum, answer)

# %% [markdown]
# ## Try it
# Turn `copies` up: the same points, only more often. The mean does not notice, the sum gets faster;
# with 7 copies its steps are too long, and it breaks, although the rate is the same.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "sum_loss"
# after = ["modules", "descend"]
# covers = ["C14", "D7"]
#
# [[tool.tutor.plot]]
# title = "the mean over weight and bias, and the walk of the sum"
# of = "((w * x + b - y) ** 2).mean()"
# over = { w = [0.8, 2.6], b = [-0.8, 1.6] }
# at = ["summed.weight[0, 0]", "summed.bias[0]"]
# log = true
#
# [[tool.tutor.plot]]
# title = "how large the gradients are"
# bars = "{'mean': averaged.weight.grad.norm(), 'sum': summed.weight.grad.norm()}"
#
# [[tool.tutor.expect]]
# of = "[average.item(), total.item(), *squares.flatten().tolist()]"
# is = [0.6666667, 2.0, 1.0, 0.0, 1.0]
# source = "002_991e0ef1df399e3d.txt, section 14"
#
# [[tool.tutor.expect]]
# of = "ratio"
# is = 3.0
# source = "003_7eac1f8e59c11a0f.txt, section 5.2.2: three points, summed instead of averaged"
#
# [[tool.tutor.expect]]
# at = 1
# of = "[sum_loss.item(), mean_loss.item()]"
# is = [14.0, 4.6666667]
# source = "003_7eac1f8e59c11a0f.txt, section 5.2.2, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# at = 2
# of = "sum_loss.item()"
# is = 6.264001
# source = "003_7eac1f8e59c11a0f.txt, section 5.2.2, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# of = "[*by_sum.tolist(), answer]"
# is = [1.921378, 0.178727, 7.864238]
# source = "003_7eac1f8e59c11a0f.txt, section 5.2.2, from w = 1 and b = 0"
#
# [[tool.tutor.expect]]
# of = "by_mean.tolist()"
# is = [1.921378, 0.178727]
# rtol = 1e-4
# source = "003_7eac1f8e59c11a0f.txt, section 5.2.2: a third of the slope, three times the rate"
# ///
