import ctypes

x = 1
ctypes.string_at(0)
