"""The data that all wings share: recorded frames and values, edit targets, tolerances, errors.

Imports no other wing. Begin with `frame`: a `Frame` is one recorded step.
"""
