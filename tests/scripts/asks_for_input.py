x = 1
name = input("who? ")
