# %% [markdown]
# # The graph behind a number
# What is used twice gets its gradient in two parts, one for each way back, and they add up.
#
# From the lesson `leaf` you know that torch watches what is done with a leaf that asked for a
# gradient. Here we look at what it writes down.
#
# Three operations make e = (a + b) · (b + 1). Going forward, each of them leaves a node behind;
# going backward, autograd visits each node once, the last one first.

# %% Forward
import torch

start_a = 2.0  # @param {type: "slider", min: -3, max: 3, step: 0.5}
start_b = 1.0  # @param {type: "slider", min: -3, max: 3, step: 0.5}
# Two leaves: numbers that we made, and whose slopes we want to know.
a = torch.tensor(start_a, requires_grad=True)
b = torch.tensor(start_b, requires_grad=True)
# The first operation, and the first node: c = {c:g} remembers {type(c.grad_fn).__name__}.
c = a + b
# b is used once more. From here on two ways lead out of it, one through c and one through d.
d = b + 1
# In the product both ways meet again: {c:g} · {d:g} = {e:g}.
e = c * d

# %% The trail
# A node knows only its neighbours, the nodes that made what it used. Behind e these are
# {behind_e[0][0].name()}, which made c, and {behind_e[1][0].name()}, which made d.
behind_e = e.grad_fn.next_functions
# c was made of two leaves. A leaf's own node is the end of a trail, where gradients are added up.
behind_c = c.grad_fn.next_functions
# d was made of a leaf and the number 1, which wants no gradient: in its place stands
# {behind_d[1][0]}.
behind_d = d.grad_fn.next_functions
# @ask c used b, and d used b. Do both trails end in one and the same node?
#   -> is_shared | True | False
# Two edges of the graph lead into the node of b, one from c and one from d.
is_shared = behind_c[1][0] is behind_d[0][0]

# %% Backward
# c and d are no leaves, so we say that we want to see their gradients too.
c.retain_grad()
d.retain_grad()
# @ask The slope of e along a is d. What is it along b?
#   -> b.grad.item()
# Along a it is {a.grad:g}, along b {b.grad:g}. In `tutor`, press `i` here: you see what each node
# was given and passed on, and that b was sent something twice.
e.backward()
# A product hands each factor the other one: c is given d, which is {c.grad:g}, and d is given c.
assert torch.equal(c.grad, d) and torch.equal(d.grad, c)
# A sum hands on what it was given, unchanged, to all that it added. So a gets what c was given,
# {through_c:g}, and b gets it too. From d comes {through_d:g}.
through_c, through_d = c.grad, d.grad
assert torch.equal(a.grad, through_c)
# Moving b moves e in both ways at once: {through_c:g} + {through_d:g} = {by_hand:g}.
by_hand = through_c + through_d
assert torch.equal(b.grad, by_hand)
print(f"e {e:g}  de/da {a.grad:g}  de/db {b.grad:g}")

# %% [markdown]
# ## Try it
# Find values of `start_a` and `start_b` for which e has the same slope along both, although b is
# used twice: one of the two ways must bring b nothing. And with `start_b` at -1 one slope is zero:
# where did a's gradient get lost?

# /// script
# dependencies = ["torch"]
#
# [tool.tutor]
# loss = "e"
# after = ["leaf"]
# covers = ["C5"]
# compare = [["a.grad", "through_c"], ["b.grad", "by_hand"]]
#
# [[tool.tutor.expect]]
# of = "[c.item(), d.item(), e.item()]"
# is = [3.0, 2.0, 6.0]
# rtol = 0
# atol = 0
# source = "002_991e0ef1df399e3d.txt, section 5: a = 2, b = 1"
#
# [[tool.tutor.expect]]
# of = "[a.grad.item(), through_c.item(), through_d.item(), b.grad.item()]"
# is = [2.0, 2.0, 3.0, 5.0]
# rtol = 0
# atol = 0
# source = "002_991e0ef1df399e3d.txt, section 5: de/da = b + 1, de/db = (b + 1) + (a + b)"
#
# [[tool.tutor.expect]]
# of = "[is_shared, behind_d[1][0] is None]"
# is = [true, true]
# source = "a leaf has one node, a plain number none"
# ///
