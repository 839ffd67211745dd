"""What is worth stopping at among recorded steps.

`kinds`: what there is. `follow` finds them as the run goes on. `told`: an event in a line.
`culprit`: the operation behind a value that is not finite.
"""
