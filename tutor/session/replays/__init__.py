"""session/replays."""
