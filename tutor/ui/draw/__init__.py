"""Drawing: plain data and a size in cells in, strips of exactly that size out.

Nothing here knows the app, widgets or torch, so that drawing is tested without an app. It imports
`schema`, `script`, `history`, `insight` and `session` for their data, and rich and textual for
`Style` and `Strip`. Begin with `text.strips` and `text.palette`, which all other modules use; then
read the package of a pane:

text: rows of an exact width, styles, and numbers as text.
script: the source, notes, output, offered edits and the twin.
tensors: values, their elements, gradients and differences between runs.
plots: the loss and the plots that a lesson declares.
graph: the operations of a statement, their graph, and explanations of gradients.
time: the timeline, events and the tree of runs.
"""
