"""Build the graph of a statement's operations, and fold it where it has too many nodes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tutor.schema.frame import Operation

MAX_NODES = 40
"""With more nodes, modules that the learner has not opened are folded."""

_NEAR = 12
"""Operations that stay visible on either side of a folded stretch."""


@dataclass(frozen=True)
class Node:
    """A node of the graph: an operation, or several that are folded into one."""

    key: int
    """The operation's id; negative for a folded node."""
    members: tuple[int, ...]
    """The ids of its operations."""
    name: str = ""
    """Of a folded node: its module, or how many operations it holds."""

    @property
    def is_folded(self) -> bool:
        return self.key < 0


@dataclass(frozen=True)
class Link:
    """A link from the operation that computed a value to one that used it."""

    source: int
    target: int
    edges: tuple[tuple[int, int], ...] = ()
    """(id of the user, index of its edge) for each gradient that flows back; empty for data."""


@dataclass(frozen=True)
class Graph:
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    modules: tuple[str, ...]
    """The modules that the operations belong to, outer ones first."""


def build(operations: Mapping[int, Operation], walked: Sequence[Operation]) -> Graph:
    """Return the graph of the nodes of a backward pass, or of all operations if there was none.

    Args:
        operations: The known operations, by id.
        walked: The nodes of the backward pass.
    """
    if walked:
        chosen = dict.fromkeys(one.id for one in walked)
        for one in walked:
            # Inputs that need no gradient belong to the graph too.
            chosen.update((id, None) for id in one.inputs if id in operations)
    else:
        chosen = dict.fromkeys(operations)
    links = []
    followed = {one.id for one in walked}
    for id in chosen:
        one = operations[id]
        covered = set()
        if walked:
            for number, edge in enumerate(one.edges):
                if edge.to in chosen:
                    links.append(Link(edge.to, id, ((id, number),)))
                    covered.add(edge.to)
        for source in one.inputs:
            if source in chosen and source not in covered and source not in followed:
                links.append(Link(source, id))
    used = {end for link in links for end in (link.source, link.target)}
    kept = [id for id in chosen if id in used or operations[id].kind not in ("leaf", "data")]
    modules = sorted({name for id in kept for name in _paths(operations[id].module)})
    return Graph(tuple(Node(id, (id,)) for id in kept), tuple(links), tuple(modules))


def fold(
    graph: Graph,
    operations: Mapping[int, Operation],
    opened: Collection[str],
    closed: Collection[str],
    current: int,
) -> Graph:
    """Return the graph with modules, and then stretches of operations, folded until it is readable.

    Args:
        opened: Modules that the learner opened.
        closed: Modules that the learner folded.
        current: The id of the operation that must stay visible, 0 for none.
    """
    ids = [node.key for node in graph.nodes]
    paths = {id: _owners(operations[id]) for id in ids} if graph.modules else {}
    folded = set(graph.modules) - set(opened) if len(ids) > MAX_NODES else set(closed)
    members = _members(ids, paths, folded)
    count = len(ids) - sum(map(len, members.values())) + len(members)
    # Open the outermost modules one after the other as long as there is room.
    for module in sorted(folded - set(closed), key=lambda name: (name.count("."), name)):
        if (inside := members.get(module)) is None:
            continue
        parts = _members(inside, paths, folded - {module})
        loose = len(inside) - sum(map(len, parts.values()))
        if count - 1 + len(parts) + loose <= MAX_NODES:
            count += len(parts) + loose - 1
            folded.discard(module)
            del members[module]
            members |= parts
    groups = {id: name for name, inside in members.items() for id in inside}
    if len(ids) - len(groups) + len(set(groups.values())) > 3 * MAX_NODES:
        groups |= _stretches(ids, current)
    names = sorted(set(groups.values()))
    keys = {name: -1 - number for number, name in enumerate(names)}
    place = {id: keys[groups[id]] if id in groups else id for id in ids}
    held: dict[int, list[int]] = {}
    for id, key in place.items():
        held.setdefault(key, []).append(id)
    titles = {key: name for name, key in keys.items()}
    nodes = tuple(
        Node(key, tuple(ids), _title(titles[key], len(ids)) if key < 0 else "")
        for key, ids in held.items()
    )
    return Graph(nodes, tuple(_merged_links(graph.links, place)), graph.modules)


def _merged_links(links: Iterable[Link], place: Mapping[int, int]) -> Iterator[Link]:
    """Yield the links between the nodes that remain; links with the same folded ends become one."""
    joined: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for link in links:
        source, target = place.get(link.source), place.get(link.target)
        if source is None or target is None or (source == target and source < 0):
            continue
        if source < 0 or target < 0:
            joined.setdefault((source, target), []).extend(link.edges)
        else:
            yield Link(source, target, link.edges)
    for (source, target), edges in joined.items():
        yield Link(source, target, tuple(edges))


def _paths(module: str) -> Iterator[str]:
    """Yield a, a.b and a.b.c of `a.b.c`."""
    parts = module.split(".") if module else []
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])


def _owners(one: Operation) -> tuple[str, ...]:
    """Return the modules that an operation or a parameter belongs to, the outermost first."""
    return tuple(_paths(one.module or (one.name.rpartition(".")[0] if one.kind == "leaf" else "")))


def _members(
    ids: Iterable[int], paths: Mapping[int, Sequence[str]], folded: Collection[str]
) -> dict[str, list[int]]:
    """Return for each folded module the ids whose outermost folded module it is."""
    found: dict[str, list[int]] = {}
    if folded:
        for id in ids:
            if name := next((name for name in paths[id] if name in folded), ""):
                found.setdefault(name, []).append(id)
    return found


_STRETCH = "\0"
"""Begins the name of a stretch of operations; no module name begins so."""


def _stretches(ids: Sequence[int], current: int) -> dict[int, str]:
    """Return the stretch of each operation far from the first, the last and the current one."""
    at = ids.index(current) if current in ids else 0
    centres = sorted((0, at, len(ids) - 1))
    found: dict[int, str] = {}
    for number, (one, other) in enumerate(pairwise(centres)):
        name = f"{_STRETCH}{number}"
        found.update(dict.fromkeys(ids[one + _NEAR + 1 : max(0, other - _NEAR)], name))
    return found


def _title(name: str, count: int) -> str:
    return f"{count:,} operations" if name.startswith(_STRETCH) else name
