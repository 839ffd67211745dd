x = 1
try:
    name = input("who? ")
except EOFError:
    name = "nobody"
y = 2
age = input("how old? ")
