"""What all drawing is made of: rows of styled text, palettes, and numbers as text."""
