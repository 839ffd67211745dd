"""Find what a step changed, and copy it from its device.

Begin with `capture.py`, which compares the script's names with the last step. `tensor_watch.py` and
`array_watch.py` compare one value; `requests.py` fetches what could not be compared in place;
`summary.py` describes large tensors; `views.py` puts values into the schema.
"""
