x = 0.0
while True:
    x += 1.0
    loss = -x if int(x) % 2 else x
    print(x)
