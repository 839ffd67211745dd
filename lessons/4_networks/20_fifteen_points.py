# %% [markdown]
# # Fifteen points and the best line
# A loss curve that has gone flat does not mean that the best line has been found.
#
# You should know the lesson `three_points`. For a straight line the best answer can be computed
# outright, so here we can see how far training has come. The lesson `fifteen_numpy` takes the same
# steps with no torch at all, to show that nothing is hidden.

# %% Fifteen points
import io
import pickle

import numpy as np
import torch

lr = 0.001  # @param ["0.001", "0.01", "0.02", "0.025", "0.1", "0.5"] {type: "raw"}
epochs = 60  # @param {type: "slider", min: 10, max: 1000, step: 10}
standardise = False  # @param {type: "boolean"}
# Pairs of x and y.
table = """
3.3   1.7     4.4   2.76     5.5  2.09    6.71   3.19     6.93   1.694
4.168 1.573   9.779 3.366  6.182 2.596    7.59   2.53    2.167   1.221
7.042 2.827  10.791 3.465  5.313 1.65    7.997  2.904    3.1     1.3
"""
# The same float32 that torch uses, all {x_train.size} of them.
x_train, y_train = np.array(table.split(), dtype=np.float32).reshape(-1, 2).T
if standardise:
    # Now x has the mean 0 and a spread of 1, so w and b have slopes of like size.
    x_train = (x_train - x_train.mean()) / x_train.std()

# %% The best line there is
# A column of ones beside x makes b a weight like w.
columns = np.stack([x_train, np.ones_like(x_train)], axis=1).astype(np.float64)
# Least squares finds the lowest point outright: w = {best_line[0]:.6f}, b = {best_line[1]:.6f}.
best_line = np.linalg.lstsq(columns, y_train, rcond=None)[0]
# No line has a smaller loss than {best:.6f}. Let us see how near training gets.
best = np.mean((columns @ best_line - y_train) ** 2)

# %% A model
model = torch.nn.Linear(1, 1)
with torch.no_grad():
    # It begins flat, at w = 0 and b = 0.
    model.weight.zero_()
    model.bias.zero_()
# On the CPU torch shares the array's memory; `to` copies it where the model lives elsewhere.
inputs = torch.from_numpy(x_train).unsqueeze(1).to(model.weight.device)
# A column like the predictions, {list(targets.shape)}; a flat row would meet each of them in turn.
targets = torch.from_numpy(y_train).unsqueeze(1).to(model.weight.device)
# The layer cares for the last dimension only. What stands before it is kept: {list(by_threes)}.
by_threes = model(inputs.view(5, 3, 1)).shape
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=lr)

# %% Train
for epoch in range(epochs):
    # The mean squared miss of this line: {loss.item():.7g}.
    loss = criterion(model(inputs), targets)
    optimizer.zero_grad()
    # Two slopes: {model.weight.grad.item():.6g} along w and {model.bias.grad.item():.6g} along b.
    # The one along w has each miss times its x in it, so large inputs make it steep.
    loss.backward()
    # One step along both: w = {model.weight.item():.6f}, b = {model.bias.item():.6f}.
    optimizer.step()
    if (epoch + 1) % 5 == 0:
        print(f"Epoch [{epoch + 1}/{epochs}], Loss: {loss.item():.4f}")

# %% Is it done?
# @ask Look at the loss curve. How far above the best loss of any line did training end?
#   -> "under a tenth" if excess < 0.1 else "over a tenth" | under a tenth | over a tenth
# The last loss was {loss.item():.6f}, which is {excess:.1%} above the best. Its w differs by
# {model.weight.item() - best_line[0]:.3f} and its b by {model.bias.item() - best_line[1]:.3f}: what
# one lacks the other must make up for.
excess = loss.item() / best - 1
# How the loss curves: {curves[1]:.5g} in the steepest direction, {curves[0]:.5g} in the flattest.
curves = np.linalg.eigvalsh(2 * columns.T @ columns / len(columns))
# The one is {ratio:.4g} times the other. A rate small enough for the steep direction barely moves
# along the flat one: that is the valley in which training crawls, where the ratio is large.
ratio = curves[1] / curves[0]
# @ask The steep direction limits the rate. From which rate on does training run away?
#   -> float(limit) | 0.0231492 | 0.2142857 | 1.0
# From {limit:.7f} on, where a step lands as far behind the bottom as it was before it.
limit = 2 / curves[1]

# %% Keep what was learnt
file = io.BytesIO()
# Only the numbers and their names: {list(model.state_dict())}. This is the way to save a model.
torch.save(model.state_dict(), file)
file.seek(0)
again = torch.nn.Linear(1, 1)
# A new layer takes the numbers by their names, and now is the same model.
again.load_state_dict(torch.load(file))
assert torch.allclose(again(inputs), model(inputs), equal_nan=True)

# %% Not the model itself
whole, thawed = io.BytesIO(), None
# The object itself can be saved too: {whole.tell()} bytes, in which its class is named.
torch.save(model, whole)
whole.seek(0)
try:
    # @ask We saved this file ourselves, a line ago. Does torch load it?
    #   -> "yes" if thawed else "no" | yes | no
    # To make an object again, Python would run code that the file names. Nobody knows what code a
    # file from elsewhere names, so torch loads nothing but weights unless told to trust it.
    thawed = torch.load(whole)
except pickle.UnpicklingError as error:
    refusal = str(error)
# How to read it: "Weights only" is what it would load, and "Unsupported global" is what it met:
# here the class `Linear`. The cure is above: save the state dict.
print(refusal.split(".")[0])

# %% [markdown]
# ## Try it
# Set `epochs` to 1000: how near does it get? Then `lr` to 0.02, and to 0.025, where the loss runs
# away. Now turn on `standardise`: even 0.5 works, and you will not need many epochs.

# /// script
# dependencies = ["torch", "numpy"]
#
# [tool.tutor]
# loss = "loss"
# after = ["three_points"]
# covers = ["B4", "B5"]
# twin = "fifteen_numpy"
# compare = [["model.weight", "w"], ["model.bias", "b"]]
#
# [[tool.tutor.plot]]
# title = "the points, the model and the best line"
# points = ["x_train", "y_train"]
# lines = [
#   ["x_train", "model(inputs).flatten()", "the model"],
#   ["x_train", "columns @ best_line", "least squares"],
# ]
#
# [[tool.tutor.plot]]
# title = "the valley of the loss, and the way into it"
# of = "((w * inputs + b - targets) ** 2).mean()"
# over = { w = [-0.2, 0.9], b = [-0.4, 2.6] }
# at = ["model.weight", "model.bias"]
# log = true
#
# [[tool.tutor.raises]]
# cell = "Not the model itself"
# error = "_pickle.UnpicklingError: Weights only load failed"
# source = "001_b89a922598a8289e.txt, section 2, saves a model; since torch 2.6 only weights load"
#
# [[tool.tutor.expect]]
# at = 1
# of = "[loss.item(), model.weight.grad.item(), model.bias.grad.item()]"
# is = [5.946703, -31.07748, -4.648800]
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0"
#
# [[tool.tutor.expect]]
# at = 5
# of = "loss.item()"
# is = 3.005757
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0"
#
# [[tool.tutor.expect]]
# at = 10
# of = "loss.item()"
# is = 1.355686
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0"
#
# [[tool.tutor.expect]]
# at = 60
# of = "[loss.item(), model.weight.item(), model.bias.item()]"
# is = [0.2306293, 0.3568857, 0.0621534]
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0"
#
# [[tool.tutor.expect]]
# of = "[*best_line.tolist(), float(best)]"
# is = [0.25998989, 0.74766528, 0.16891526]
# source = "least squares over the same points"
#
# [[tool.tutor.expect]]
# of = "float(ratio)"
# is = 336.4
# rtol = 1e-3
# source = "the eigenvalues of the loss's second derivative"
#
# [[tool.tutor.expect]]
# of = "float(limit)"
# is = 0.0231492
# source = "2 divided by the larger eigenvalue"
#
# [[tool.tutor.expect]]
# of = '["Unsupported global" in refusal, "linear.Linear" in refusal]'
# is = [true, true]
# source = "torch's own words"
# ///
