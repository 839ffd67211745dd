"""Start the engine and its runs, and receive what they record. Never imports torch.

May import `history`, `script`, `wire` and `schema`. Begin with `client.py`, which starts the host
process; `run.py` is the client's side of one run.
"""
