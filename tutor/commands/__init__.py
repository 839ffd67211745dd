"""The commands without a screen, a module each.

May import `session` and everything below it, not torch; only `cli` imports it. Begin with
`headless.py`, which drives the engine for run, audit and check, and `check.py`, which shows the
whole way from a file to its findings.
"""
