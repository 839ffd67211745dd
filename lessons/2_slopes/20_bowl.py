# %% [markdown]
# # A ball in a bowl
# In a bowl the learning rate alone decides how a step multiplies the distance to the bottom.
#
# You should have done the lesson `descend`, where steps against the slope led down. Here we look at
# how far each step leads. A ball rolls in the bowl f(x) = (x - 2)², whose slope is 2(x - 2).

# %% A place to start
import torch

lr = 0.25  # @param {type: "slider", min: 0.05, max: 1.1, step: 0.05}
# The ball starts well up the right side, {x - 2:g} away from the bottom.
x = torch.tensor(5.0)
# Where it has been, so that the whole walk can be looked at afterwards.
path = [x.item()]

# %% Let it roll
for step in range(15):
    # How high the ball lies above the bottom: {height:.6g}.
    height = (x - 2) ** 2
    # The slope here, {slope:.6g}, is twice the distance: steep far out, almost flat near the
    # bottom.
    slope = 2 * (x - 2)
    # One step against the slope takes it to {x:.9g}, {abs(x - 2):.3g} from the bottom.
    x = x - lr * slope
    path.append(x.item())
    print(f"{step:2d}  height {height:.3f}  slope {slope:.3f}")

# %% One number tells the whole story
# Distance after = distance - lr · 2 · distance: a step keeps {factor:g} of it, wherever we are.
factor = 1 - 2 * lr
# @ask With lr = 1 a ball starts at 5. Where is it after 15 steps?
#   -> 2 + 3 * (1 - 2 * 1) ** 15 | 5 | 2 | -1
# Fifteen steps in one formula: {foreseen:.15g}. (With lr = 1 the factor is -1, and the ball jumps
# from side to side for ever, never lower.)
foreseen = 2 + 3 * factor**15
print(f"walked to {path[-1]:.6g}, foreseen {foreseen:.6g}")

# %% Four balls at once
# The same bowl elsewhere: x² + 2x + 1 has its bottom at -1. Arithmetic on a tensor works number
# by number, so four balls roll without knowing of each other.
starts = torch.tensor([[0.50392, 0.01828], [0.47652, 0.17258]])
# Each ball has a slope of its own, the first of them {first[0, 0]:.4f}.
first = 2 * starts + 2
# @ask These balls roll with lr = 0.1. By what is each slope multiplied from step to step?
#   -> keep | 0.9 | 0.8 | 0.2
# With lr = 0.1 a step keeps {keep:g} of the distance, and so {keep:g} of the slope.
keep = 1 - 2 * 0.1
# All slopes of five steps, without walking one: after the last the first ball's is
# {slopes[4, 0, 0]:.4f}.
slopes = torch.stack([first * keep**step for step in range(5)])
# Five steps leave each ball {keep**5:.5g} of its distance from the bottom.
ends = -1 + (starts + 1) * keep**5
print(slopes, ends)

# %% And twice as many steps?
# @ask Five steps keep about 0.328 of the distance. How much do ten steps keep?
#   -> keep**10 | 0.164 | 0.1073742 | 0
# {keep**10:.4g}, the square of what five keep. Each step multiplies, so a ball comes nearer to the
# bottom with each of them but never arrives.
after_ten = -1 + (starts + 1) * keep**10
print(after_ten)

# %% [markdown]
# ## Try it
# Set `lr` to 0.5, which arrives in one step, and to 0.75, which jumps to the other side each time.
# With 1 the ball never comes lower, and with 1.1 the walk breaks: it climbs.

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "height"
# after = ["descend"]
# covers = ["C8", "A2", "A3"]
#
# [[tool.tutor.plot]]
# title = "the bowl and the ball"
# of = "(x - 2) ** 2"
# over = { x = [-2, 6] }
# at = ["x"]
#
# [[tool.tutor.expect]]
# of = "abs(path[-1] - foreseen) < 1e-5"
# is = true
# source = "each step keeps 1 - 2 lr of the distance"
#
# [[tool.tutor.expect]]
# at = 1
# of = "[height.item(), slope.item(), x.item()]"
# is = [9.0, 6.0, 3.5]
# rtol = 0
# atol = 0
# source = "002_991e0ef1df399e3d.txt, section 8, row 0"
#
# [[tool.tutor.expect]]
# at = 4
# of = "[height.item(), slope.item(), x.item()]"
# is = [0.140625, 0.75, 2.1875]
# rtol = 0
# atol = 0
# source = "002_991e0ef1df399e3d.txt, section 8, row 3"
#
# [[tool.tutor.expect]]
# of = "path"
# is = [
#   5.0, 3.5, 2.75, 2.375, 2.1875, 2.09375, 2.046875, 2.0234375, 2.01171875, 2.005859375,
#   2.0029296875, 2.00146484375, 2.000732421875, 2.0003662109375, 2.00018310546875,
#   2.000091552734375,
# ]
# rtol = 0
# atol = 0
# source = "002_991e0ef1df399e3d.txt, section 8, all rows, and the step after the last"
#
# [[tool.tutor.expect]]
# of = "slopes.tolist()"
# is = [
#   [[3.0078, 2.0366], [2.9530, 2.3452]],
#   [[2.4063, 1.6292], [2.3624, 1.8761]],
#   [[1.9250, 1.3034], [1.8899, 1.5009]],
#   [[1.5400, 1.0427], [1.5120, 1.2007]],
#   [[1.2320, 0.8342], [1.2096, 0.9606]],
# ]
# atol = 5e-5
# source = "000_882c469dd17d8fe3.txt, sections 3 and 4, as printed"
#
# [[tool.tutor.expect]]
# of = "ends.tolist()"
# is = [[-0.5072, -0.6663], [-0.5162, -0.6158]]
# atol = 5e-5
# source = "000_882c469dd17d8fe3.txt, section 4, as printed"
#
# [[tool.tutor.expect]]
# of = "[keep, keep**5, keep**10]"
# is = [0.8, 0.32768, 0.1073741824]
# source = "a step keeps 1 - 2 · 0.1; 000_882c469dd17d8fe3.txt, section 2 plans ten steps"
# ///
