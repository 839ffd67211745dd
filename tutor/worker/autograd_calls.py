"""Observe every call of `torch.autograd.backward` and `torch.autograd.grad`."""

import functools
import threading
from typing import Any

import torch

from tutor.worker.frames import Frames
from tutor.worker.operations.operations import Operations


def observe(frames: Frames, operations: Operations | None) -> None:
    """Report each backward pass to `frames`, and run it through `operations`.

    `Tensor.backward` calls `torch.autograd.backward` too.
    """
    local = threading.local()

    def observed(original: Any, roots: str) -> Any:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            root = args[0] if args else kwargs.get(roots)
            # Other iterables may be empty after one iteration.
            if isinstance(root, list | tuple) and root:
                root = root[0]
            frames.ran_backward(root if isinstance(root, torch.Tensor) else None)
            if operations is None:
                return original(*args, **kwargs)
            under_way = local.__dict__.setdefault("under_way", [])
            if any(one is root for one in under_way):
                # torch calls itself again where a function mode is entered.
                return original(*args, **kwargs)
            under_way.append(root)
            try:
                return operations.backward(original, args, kwargs)
            finally:
                under_way.pop()

        return call

    torch.autograd.backward = observed(torch.autograd.backward, "tensors")
    torch.autograd.grad = observed(torch.autograd.grad, "outputs")
