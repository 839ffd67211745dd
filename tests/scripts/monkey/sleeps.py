import time

x = 1
time.sleep(1)
for i in range(5):
    time.sleep(0.3)
sum(range(30_000_000))
time.sleep(1000)
