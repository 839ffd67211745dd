for number in range(5000):
    globals()[f"name_{number}"] = number
x = 1
for i in range(20):
    x += i
    globals()[f"name_{i}"] = x
