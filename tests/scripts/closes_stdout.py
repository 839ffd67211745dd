import sys

print("last words")
sys.stdout.close()
x = 1
