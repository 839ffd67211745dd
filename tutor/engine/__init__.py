"""Runs scripts: a client in the caller's process, a host that imports torch, a worker for each run."""
