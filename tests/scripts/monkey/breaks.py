import pdb

x = 1
breakpoint()
y = 2
pdb.set_trace()
z = 3
