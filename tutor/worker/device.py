"""Find and describe the accelerator of this machine."""

import os
import platform

import torch


def detect() -> str | None:
    """Return the type of a working accelerator (`cuda`, `mps`, …); None if there is none."""
    # Without the check a CUDA build returns `cuda` on a machine without a driver.
    if not hasattr(torch, "accelerator"):
        return "cuda" if torch.cuda.is_available() else None
    found = torch.accelerator.current_accelerator(check_available=True)
    return found.type if found else None


def describe(device: str | None) -> dict[str, str]:
    """Return what decides a run's last digits: device, torch, threads, CPU capability."""
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
    """Return why `device` does not work, in one line; None if it works."""
    try:
        torch.ones(1, device=device).add(1).to("cpu")
    except (RuntimeError, AssertionError, NotImplementedError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        return f"device {device!r} does not work here: {reason}; use --device cpu"
    return None
