import builtins

x = 1
for name in ("print", "len", "isinstance", "open", "range"):
    delattr(builtins, name)
y = 2
builtins.id = None
z = 3
