"""The Textual app. Never imports torch; what runs is seen through `engine.client` alone."""
