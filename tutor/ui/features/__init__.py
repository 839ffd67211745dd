"""The keys of the lesson screen: each file holds keys that belong together, and what they do.

To add some, write a `Feature` in a file here and name it in `screens.lesson.FEATURES`.
"""
