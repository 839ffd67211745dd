"""The terminal below the app: which characters it can show, what is sent to it, and its signals."""
