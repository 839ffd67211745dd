"""Runs scripts: a client in the caller's process, a host with torch, a worker for each run."""
