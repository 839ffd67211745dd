"""Draw values: `tensors` the list, `value` one in detail, `window` and `elements` a part of it."""
