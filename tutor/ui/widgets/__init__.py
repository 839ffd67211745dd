"""Small widgets that the screens and dialogs share."""
