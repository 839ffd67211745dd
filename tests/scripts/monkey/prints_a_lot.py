text = "long " * 100_000
print(text)
for i in range(2000):
    print("\x1b[31m红色\x1b]0;title\x07", i, "\r\t" * 3, "x" * (i % 300))
print("\x1bc\0\x85\u2028\ufeff e\u0301 👩‍👩‍👧")
