"""The lessons: where they are, which are done, what they ask, and what is wrong with them.

May import `insight` and everything below it. Begin with `catalog.py`, which finds the lessons. The
rules that `tutor check` applies are here too: `style` and `links` judge the text of a lesson,
`review`, `review_plots` and `review_twin` judge its run; all return `Finding`s.
"""
