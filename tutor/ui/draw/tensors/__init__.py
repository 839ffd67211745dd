"""ui/draw/tensors."""
