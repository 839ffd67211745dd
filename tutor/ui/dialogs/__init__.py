"""The dialogs, one a file.

A dialog asks for something or shows a list. It returns its result through `dismiss`; what follows
from the result is up to the feature that opened it.
"""
