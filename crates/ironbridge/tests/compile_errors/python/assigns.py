"""Assigns to a capture."""

known = 2
