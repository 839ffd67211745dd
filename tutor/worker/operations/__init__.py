"""worker/operations."""
