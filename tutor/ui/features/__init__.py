"""The keys of the lesson screen, in groups: a file holds keys that belong together.

To add a group, write a `Feature` in a file here and name it in `screens.lesson.FEATURES`.
"""
