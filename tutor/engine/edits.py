"""Give a value of a running script another value, by its name."""

from typing import Any

import numpy as np
import torch


def apply(namespace: dict[str, Any], target: str, value: Any) -> None:
    """Set `target` (`lr`, `w`, `w.grad`, `model.linear.weight`) to `value`.

    A tensor keeps its identity, shape, dtype and place in the autograd graph; only its elements are
    replaced, and so it is with an array. A number is bound anew.

    Raises:
        EditError: there is no such name, or the value does not fit it.
    """
    name, *path = target.split(".")
    if name not in namespace:
        raise EditError(f"no {name!r} to edit here; the script has not made one yet")
    owner: Any = namespace[name]
    for part in path:
        owner = getattr(owner, part, None)
        if owner is None:
            raise EditError(f"no {target!r} to edit here: {part!r} is not there")
    if isinstance(owner, torch.Tensor | np.ndarray):
        try:
            if isinstance(owner, np.ndarray):
                owner[...] = value
            else:
                new = torch.tensor(value, dtype=owner.dtype, device=owner.device)
                owner.data.copy_(new if new.dim() == 0 else new.reshape(owner.shape))
        except (TypeError, ValueError, RuntimeError) as error:
            shape = "x".join(map(str, owner.shape)) or "scalar"
            reason = str(error).partition("\n")[0]
            raise EditError(f"{value!r} does not fit {target!r} ({shape}): {reason}") from None
    elif isinstance(owner, int | float | np.number) and not path:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise EditError(f"{target!r} is a number; {value!r} is not")
        is_numpy = isinstance(owner, np.number)
        namespace[name] = np.full((), value, np.asarray(owner).dtype)[()] if is_numpy else value
    else:
        kind = type(owner).__name__
        raise EditError(f"{target!r} is a {kind}; only numbers and tensors can be edited")


class EditError(ValueError):
    """An edit that cannot be made; the text is one clear line."""
