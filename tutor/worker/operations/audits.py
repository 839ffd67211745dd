"""Choose the gradients of a step to audit, and audit them."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from tutor.schema.frame import Audit
from tutor.worker.operations.backward import BackwardPass, NodeVisit
from tutor.worker.operations.call_log import CallLog
from tutor.worker.operations.finite_difference import audit
from tutor.worker.operations.provenance import Provenance

_UNREACHED = "no backward pass of this step gave it a gradient"


def audits(
    log: CallLog,
    provenance: Provenance,
    passes: Sequence[BackwardPass],
    wanted: tuple[str, ...],
    named: Mapping[str, Tensor],
) -> list[Audit]:
    """Audit the gradients from the last pass of a step that reached each tensor.

    Args:
        log: The calls that led to the passes.
        wanted: Names; none for every leaf that was reached.
        named: The tensors that the script has named.
    """
    found: dict[int, tuple[NodeVisit, Tensor, Tensor, int]] = {}
    for one in passes:
        for visit in one.visits.values():
            tensor = visit.entry.tensor() if visit.entry.tensor else None
            if tensor is not None and visit.gradient is not None:
                found[id(tensor)] = (visit, tensor, visit.gradient, one.number)
        for tensor in (named[name] for name in wanted if name in named):
            node = tensor.grad_fn
            entry = provenance.of_node(node) if node is not None else None
            reached = one.visits.get(entry.id) if entry is not None else None
            if reached is not None and reached.gradient is not None:
                found[id(tensor)] = (reached, tensor, reached.gradient, one.number)
    names = {id(tensor): name for name, tensor in named.items()}
    provenance.set_names([visit.entry for visit, *_ in found.values()], names)
    if wanted:
        targets = [(name, id(named.get(name))) for name in wanted]
    else:
        order = list(names)
        keys = sorted(found, key=lambda key: order.index(key) if key in names else len(order))
        targets = [(found[key][0].entry.name or "a leaf without a name", key) for key in keys]
    made = []
    for name, key in targets:
        if key not in found:
            made.append(Audit(name, (), "", problem=_UNREACHED))
            continue
        _, tensor, gradient, number = found[key]
        made.append(audit(log, name, tensor, gradient, number))
    return made
