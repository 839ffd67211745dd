"""The graph of a statement, and how it is folded."""

from tutor.insight import graph
from tutor.schema.frame import Edge, Operation


def operation(id: int, inputs: tuple[int, ...] = (), module: str = "", kind: str = "operation",
              name: str = "add", edges: tuple[int, ...] = ()) -> Operation:  # fmt: skip
    return Operation(id, kind, name, 1, module, inputs, "", (), id if edges else None, (),
                     tuple(Edge(to, 0) for to in edges))  # fmt: skip


def test_a_tensor_used_twice_has_two_links() -> None:
    a, square = operation(1, kind="leaf", name="a"), operation(2, (1, 1), edges=(1, 1))
    found = graph.build({1: a, 2: square}, [square, a])
    assert [(link.source, link.target) for link in found.links] == [(1, 2), (1, 2)]
    assert [link.edges for link in found.links] == [((2, 0),), ((2, 1),)]


def test_data_has_a_link_without_an_edge() -> None:
    w, x = operation(1, kind="leaf"), operation(2, kind="data", name="x")
    product = operation(3, (2, 1), edges=(1,))
    found = graph.build({1: w, 2: x, 3: product}, [product, w])
    assert {(link.source, link.edges) for link in found.links} == {(1, ((3, 0),)), (2, ())}


def test_a_long_chain_is_folded_into_a_count_of_operations() -> None:
    chain = {id: operation(id, (id - 1,) if id > 1 else ()) for id in range(1, 20_001)}
    whole = graph.build(chain, [])
    folded = graph.fold(whole, chain, (), (), 10_000)
    assert len(folded.nodes) < 3 * graph.MAX_NODES
    assert sum(len(node.members) for node in folded.nodes) == 20_000
    assert any(node.name.endswith(" operations") for node in folded.nodes)
    assert 10_000 in [node.key for node in folded.nodes]


def test_modules_are_folded_in_a_large_graph() -> None:
    many = {
        id: operation(id, (id - 1,) if id > 1 else (), f"net.{'ab'[id > 30]}.{id % 3}")
        for id in range(1, 61)
    }
    folded = graph.fold(graph.build(many, []), many, (), (), 0)
    assert len(folded.nodes) <= graph.MAX_NODES
    assert any(node.is_folded and node.name.startswith("net.b") for node in folded.nodes)
    opened = graph.fold(graph.build(many, []), many, graph.build(many, []).modules, (), 0)
    assert len(opened.nodes) == 60


def test_a_module_that_the_learner_folds_is_folded_in_a_small_graph_too() -> None:
    few = {1: operation(1, (), "net.a"), 2: operation(2, (1,), "net.a"), 3: operation(3, (2,))}
    folded = graph.fold(graph.build(few, []), few, (), ("net.a",), 0)
    assert [(node.name, node.members) for node in folded.nodes] == [("net.a", (1, 2)), ("", (3,))]
    assert [(link.source, link.target) for link in folded.links] == [(-1, 3)]
