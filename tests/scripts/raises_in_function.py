x = 1

def weight(name):
    raise ValueError("no such weight")

weight("w")
