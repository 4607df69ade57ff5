"""The REST channel: GP's Service Based Architecture (GP 2015 and later)."""
