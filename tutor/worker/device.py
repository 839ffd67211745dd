"""The accelerator of this machine, as torch finds it."""

import os
import platform

import torch


def detect() -> str | None:
    """The type of the accelerator that works here (`cuda`, `mps`, …); None for the CPU alone."""
    # Without the check a CUDA build names `cuda` where no driver is.
    if not hasattr(torch, "accelerator"):
        return "cuda" if torch.cuda.is_available() else None
    found = torch.accelerator.current_accelerator(check_available=True)
    return found.type if found else None


def describe(device: str | None) -> dict[str, str]:
    """What decides a run's last digits, for the learner and for a comparison later."""
    found = {
        "device": device or "cpu",
        "torch": str(torch.__version__),
        "threads": str(torch.get_num_threads()),
        "cpu": torch.backends.cpu.get_cpu_capability(),
    }
    kind = torch.device(device or "cpu").type
    if kind == "cuda":
        properties = torch.cuda.get_device_properties(device)
        found["name"] = properties.name
        found["memory"] = f"{properties.total_memory / 2**30:.0f} GiB"
    else:
        found["name"] = platform.machine() if kind == "cpu" else kind
        found["cores"] = str(os.cpu_count())
    return found


def problem(device: str) -> str | None:
    """Why nothing can be computed on `device`, in one line; None if it can."""
    try:
        torch.ones(1, device=device).add(1).to("cpu")
    except (RuntimeError, AssertionError, NotImplementedError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        return f"device {device!r} does not work here: {reason}; use --device cpu"
    return None
