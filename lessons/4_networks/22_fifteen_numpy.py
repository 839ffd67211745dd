# %% [markdown]
# # Fifteen points in NumPy
# Without torch a training loop is a few lines of arithmetic, and it walks the very same path.
#
# You should know the lesson `fifteen_points`. Here are its points, its start and its rate, but no
# model, no optimizer and no autograd: only sums that you could do on paper.

# %% Fifteen points
import numpy as np

lr = 0.001  # @param ["0.001", "0.01", "0.02", "0.025", "0.1", "0.5"] {type: "raw"}
epochs = 60  # @param {type: "slider", min: 10, max: 1000, step: 10}
standardise = False  # @param {type: "boolean"}
# Pairs of x and y.
table = """
3.3   1.7     4.4   2.76     5.5  2.09    6.71   3.19     6.93   1.694
4.168 1.573   9.779 3.366  6.182 2.596    7.59   2.53    2.167   1.221
7.042 2.827  10.791 3.465  5.313 1.65    7.997  2.904    3.1     1.3
"""
# Flat arrays of {x_train.size} numbers. Without a layer nothing asks for columns.
x_train, y_train = np.array(table.split(), dtype=np.float32).reshape(-1, 2).T
if standardise:
    # The mean goes to 0 and the spread to 1.
    x_train = (x_train - x_train.mean()) / x_train.std()
# These two numbers are the whole model.
w, b = 0.0, 0.0

# %% Which way first?
# At w = 0 and b = 0 each prediction is 0, so every point is missed by all of its y.
first = [float(2 * np.mean(-y_train * x_train)), float(2 * np.mean(-y_train))]
# @ask The loss has one slope along w and one along b. Which is the steeper one at the start?
#   -> steeper | along w | along b | both the same
# The slopes are {first[0]:.6g} along w and {first[1]:.6g} along b. Both add up the same misses; w's
# has each of them times its x.
steeper = "along w" if abs(first[0]) > abs(first[1]) else "along b"

# %% Train
for epoch in range(epochs):
    # Forward, for all points at once. Both slopes will be made from these misses alone.
    miss = w * x_train + b - y_train
    # The mean squared miss: {loss:.7g}.
    loss = float(np.mean(miss**2))
    # The work of `backward()`: the slope along w, {slope_w:.6g}. It is a new number in each pass,
    # so there is nothing that `zero_grad()` would have to empty.
    slope_w = float(2 * np.mean(miss * x_train))
    # And the slope along b, {slope_b:.6g}.
    slope_b = float(2 * np.mean(miss))
    # The work of `optimizer.step()`, two subtractions: w = {w:.6f}.
    w = w - lr * slope_w
    # b = {b:.6f}.
    b = b - lr * slope_b
    if (epoch + 1) % 5 == 0:
        print(f"Epoch [{epoch + 1}/{epochs}], Loss: {loss:.4f}")

# %% Both slopes in one product
# A column for w, a column of ones for b.
columns = np.stack([x_train, np.ones_like(x_train)], axis=1)
# The transpose lets each column meet all misses, so one product gives both slopes of the last pass:
# {slopes[0]:.6g} and {slopes[1]:.6g}. Real networks do it like this, a matrix for each layer.
slopes = 2 * columns.T @ miss / len(miss)
assert np.allclose(slopes, [slope_w, slope_b], rtol=1e-3, atol=1e-4, equal_nan=True)

# %% How far is it?
# NumPy can find the best line outright: w = {best_w:.6f}, b = {best_b:.6f}.
best_w, best_b = np.polyfit(x_train.astype(np.float64), y_train, 1)
share = float(b / best_b)
# @ask Which part of the way from 0 to its best value has b gone in all of these passes?
#   -> way | less than a tenth | some of it | all but a tenth
# It has gone {share:.1%} of its way. Where `standardise` is off, w makes the first large steps, and
# from there the two can only move on together, slowly, along the valley.
way = "all but a tenth" if share > 0.9 else "some of it" if share > 0.1 else "less than a tenth"
print(f"w = {w:.7f}, b = {b:.7f}; the best line has w = {best_w:.7f}, b = {best_b:.7f}")

# %% [markdown]
# ## Try it
# Turn `standardise` on and set `lr` to 0.1: which slope is the steeper one now, and how far does b
# get? Then turn it off again: the loss grows in every pass, until the numbers overflow.

# /// script
# dependencies = ["numpy"]
#
# [tool.tutor]
# loss = "loss"
# after = ["fifteen_points"]
# covers = ["B4"]
#
# [[tool.tutor.plot]]
# title = "the points and the line"
# points = ["x_train", "y_train"]
# lines = [["x_train", "w * x_train + b", "the line"]]
#
# [[tool.tutor.plot]]
# title = "the valley of the loss, and the way into it"
# of = "((w * x_train + b - y_train) ** 2).mean()"
# over = { w = [-0.2, 0.9], b = [-0.4, 2.6] }
# at = ["w", "b"]
# log = true
#
# [[tool.tutor.expect]]
# of = "first"
# is = [-31.07748, -4.648800]
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0"
#
# [[tool.tutor.expect]]
# at = 1
# of = "[loss, slope_w, slope_b]"
# is = [5.946703, -31.07748, -4.648800]
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0"
#
# [[tool.tutor.expect]]
# at = 5
# of = "loss"
# is = 3.005757
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0"
#
# [[tool.tutor.expect]]
# at = 10
# of = "loss"
# is = 1.355686
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0"
#
# [[tool.tutor.expect]]
# at = 60
# of = "[loss, w, b]"
# is = [0.2306293, 0.3568857, 0.0621534]
# source = "001_b89a922598a8289e.txt, section 2, from w = 0 and b = 0"
#
# [[tool.tutor.expect]]
# of = "[float(best_w), float(best_b)]"
# is = [0.25998989, 0.74766528]
# source = "least squares over the same points"
# ///
