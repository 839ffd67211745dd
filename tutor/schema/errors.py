"""Errors that reach the learner as one clear line."""


class BadRequest(ValueError):
    """What the learner asked for cannot be done; the text is one clear line."""
