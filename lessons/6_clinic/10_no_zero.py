# %% [markdown]
# # Nobody emptied the gradient
# Without `zero_()` each step uses the sum of all slopes so far, and the walk cannot come to rest.
#
# You need the lesson `bowl`: a ball goes down f(x) = (x - 2)², with its bottom at 2, and each step
# is the slope times lr. One line is missing in the first loop. Python does not complain, and
# neither does torch. You learn to see from the walk that it is missing.

# %% The broken walk
import torch

lr = 0.25  # @param {type: "slider", min: 0.05, max: 1.05, step: 0.05}
x = torch.tensor(5.0, requires_grad=True)
# @ask With lr = 0.25 the slope 6 moves the ball from 5 to 3.5, where the slope is 3. And then?
#   -> 3.5 - 0.25 * (6 + 3) | 2.75 | 1.25 | 0.5
# The new slope is added to the old one, which nobody took away: 0.25 times 6 + 3. Watch the second
# pass of the loop.
broken = [x.item()]
for step in range(20):
    # The ball is {height:.6g} above the bottom.
    height = (x - 2) ** 2
    # The slope here is {2 * (x.item() - 2):.6g}, and `x.grad` holds {x.grad:.6g}.
    height.backward()
    with torch.no_grad():
        # So the ball goes to {x:.6g}.
        x -= lr * x.grad
    broken.append(x.item())
    print(f"{step:2d}  nothing emptied: {x:.6g}")

# %% The same walk on purpose
heavy = torch.tensor(5.0, requires_grad=True)
# @ask Now the gradient is emptied, but momentum is 1. Does this ball take the first one's way?
#   -> optimizer.param_groups[0]["momentum"] == 1 | True | False
# Momentum is a sum of slopes in which old ones fade; with momentum 1 they never do. So the
# optimizer makes on purpose the sum that the first loop made by mistake.
optimizer = torch.optim.SGD([heavy], lr=lr, momentum=1.0)
twin = [heavy.item()]
for step in range(20):
    height = (heavy - 2) ** 2
    # This loop empties the gradient, as it should.
    optimizer.zero_grad()
    # So `heavy.grad` holds this step's slope alone, {heavy.grad:.6g}.
    height.backward()
    # But the optimizer keeps a sum of its own, and that moves the ball to {heavy:.6g}.
    optimizer.step()
    twin.append(heavy.item())
    print(f"{step:2d}  with momentum 1: {heavy:.6g}")
# The two balls are never farther apart than {apart:.2g}. A heavy ball keeps its speed: it rolls
# through the bottom and up the other side, and with nothing to brake it, it rolls for ever.
apart = max(abs(one - other) for one, other in zip(broken, twin, strict=True))

# %% The cure
x = torch.tensor(5.0, requires_grad=True)
cured = [x.item()]
for step in range(20):
    height = (x - 2) ** 2
    # Now `x.grad` holds the slope {x.grad:.6g} and nothing else.
    height.backward()
    with torch.no_grad():
        # The ball goes to {x:.6g}.
        x -= lr * x.grad
    # The missing line. With an optimizer it is `optimizer.zero_grad()`.
    x.grad.zero_()
    cured.append(x.item())
    print(f"{step:2d}  emptied in time: {x:.6g}")
# In its last five steps the first ball was up to {swing:.3g} away from the bottom, this one
# {rest:.2g}. When a loss swings and will not settle, look for the line that empties the gradient.
swing, rest = (max(abs(place - 2) for place in path[-5:]) for path in (broken, cured))

# %% [markdown]
# ## Try it
# Turn lr to 0.05: the broken ball swings slowly, and still does not come to rest. With lr = 0.95
# the cured ball steps over the bottom each time, but its swings fade; with lr = 1 they do not.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "height"
# after = ["bowl"]
# covers = ["P1"]
#
# [[tool.tutor.plot]]
# title = "The bowl and the ball"
# of = "(u - 2) ** 2"
# over = { u = [-3, 7] }
# at = ["x"]
#
# [[tool.tutor.plot]]
# title = "All three walks"
# lines = [
#   ["range(len(broken))", "broken", "not emptied"],
#   ["range(len(twin))", "twin", "momentum 1"],
#   ["range(len(cured))", "cured", "emptied"],
# ]
#
# [[tool.tutor.expect]]
# of = "broken[:5]"
# is = [5.0, 3.5, 1.25, -0.625, -1.1875]
# rtol = 0
# atol = 0
# source = "002_991e0ef1df399e3d.txt, section 8, without the line that empties the gradient"
#
# [[tool.tutor.expect]]
# of = "apart"
# is = 0.0
# source = "SGD with momentum 1: v = v + slope, x = x - lr · v"
#
# [[tool.tutor.expect]]
# of = "cured[:16]"
# is = [
#   5.0, 3.5, 2.75, 2.375, 2.1875, 2.09375, 2.046875, 2.0234375, 2.01171875, 2.005859375,
#   2.0029296875, 2.00146484375, 2.000732421875, 2.0003662109375, 2.00018310546875,
#   2.000091552734375,
# ]
# rtol = 0
# atol = 0
# source = "002_991e0ef1df399e3d.txt, section 8, all rows, and the step after the last"
# ///
