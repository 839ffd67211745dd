# %% [markdown]
# # Fifteen points and the best line
# A loss curve that has gone flat does not mean that the best line has been found.
#
# For a straight line the best answer can be computed outright, so here we can see how far training
# has come. A numpy twin takes the same steps by hand, to show that nothing is hidden.

# %% Fifteen points
import numpy as np
import torch

lr = 0.001  # @param {type: "slider", min: 0.001, max: 0.025, step: 0.001}
epochs = 60  # @param {type: "slider", min: 10, max: 2000, step: 10}
# Pairs of x and y.
table = """
3.3   1.7     4.4   2.76     5.5  2.09    6.71   3.19     6.93   1.694
4.168 1.573   9.779 3.366  6.182 2.596    7.59   2.53    2.167   1.221
7.042 2.827  10.791 3.465  5.313 1.65    7.997  2.904    3.1     1.3
"""
# The same float32 that torch uses, all {x_train.size} of them.
x_train, y_train = np.array(table.split(), dtype=np.float32).reshape(-1, 2).T

# %% A line and its twin
model = torch.nn.Linear(1, 1)
# Both begin flat, at w = 0 and b = 0, so that they take the same path.
with torch.no_grad():
    model.weight.zero_()
    model.bias.zero_()
twin_w, twin_b = 0.0, 0.0
# On the CPU torch shares the array's memory; `to` copies it where the model lives elsewhere.
inputs = torch.from_numpy(x_train).unsqueeze(1).to(model.weight.device)
# A column like the predictions, {list(targets.shape)}; a flat row would meet each of them in turn.
targets = torch.from_numpy(y_train).unsqueeze(1).to(model.weight.device)
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=lr)

# %% Train both
for epoch in range(epochs):
    # The mean squared miss of this line: {loss.item():.7g}.
    loss = criterion(model(inputs), targets)
    optimizer.zero_grad()
    # Two slopes: {model.weight.grad.item():.6g} along w, {model.bias.grad.item():.6g} along b. Most
    # inputs are large, so at first w's is steeper by far.
    loss.backward()
    # One step along both: w = {model.weight.item():.6f}, b = {model.bias.item():.6f}.
    optimizer.step()
    # The twin does it without torch: first how far each point is missed.
    miss = twin_w * x_train + twin_b - y_train
    # Then both slopes from these misses, {2 * np.mean(miss * x_train):.6g} for w, and both steps.
    twin_w = twin_w - lr * 2 * np.mean(miss * x_train)
    twin_b = twin_b - lr * 2 * np.mean(miss)
    if (epoch + 1) % 5 == 0:
        print(f"Epoch [{epoch + 1}/{epochs}], Loss: {loss.item():.4f}")

# %% The best line there is
# The twin ends at w = {twin_w:.7f}, b = {twin_b:.7f}: the optimizer did these two subtractions.
assert np.isclose(model.weight.item(), twin_w, rtol=1e-4, equal_nan=True)
# A column of ones beside x makes b a weight like w.
columns = np.stack([x_train, np.ones_like(x_train)], axis=1).astype(np.float64)
# Least squares finds the lowest point outright: w = {best_line[0]:.6f}, b = {best_line[1]:.6f}.
best_line = np.linalg.lstsq(columns, y_train, rcond=None)[0]
# @ask The loss curve has long been flat. Did training come within a tenth of the best loss?
#   -> bool(loss.item() < 1.1 * best) | True | False
# The best line has the loss {best:.6f}, training got to {loss.item():.6f}, and its w is still
# {model.weight.item() - best_line[0]:.2f} too large, to make up for the b that is missing.
best = np.mean((columns @ best_line - y_train) ** 2)
# The loss is {ratio:.4g} times as curved in one direction as in the other. A rate small enough for
# the steep one barely moves along the flat one: that is the valley in which training crawls.
ratio = np.linalg.cond(columns.T @ columns)
print(f"loss {loss.item():.7f}, best {best:.8f}, condition number {ratio:.1f}")

# /// script
# dependencies = ["torch", "numpy"]
#
# [tool.tutor]
# loss = "loss"
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
# of = "[float(twin_w) - model.weight.item(), float(twin_b) - model.bias.item()]"
# is = [0.0, 0.0]
# atol = 1e-6
# source = "numpy and torch take the same path"
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
# ///
