import os

for i in range(3):
    child = os.fork()
    x = i
    if child:
        os.waitpid(child, 0)
y = 1
