"""The error that every command reports to the learner as one line."""


class BadRequest(ValueError):
    """The learner asked for something impossible; the text says what, in one line."""
