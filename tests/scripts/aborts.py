import os
for x in range(50):
    y = x
print("written just before", end="")
os.abort()
