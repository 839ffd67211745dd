"""Draw the operations of a statement: `operations` as rows, `scene` as a graph.

A graph goes through `scene` (boxes and wires), `layout` (layers by grandalf, then `columns`,
`routes` and `channel` for the cells) and `paint` (strips).
"""
