"""Drawing: plain data and a size in, strips of exact width out. No app, no widget, no torch.

`palette` has the styles, `strips` and `numbers` the words they are put on; each other module draws
the pane of its name.
"""
