"""Bringing a new recipe to images that an older recipe made: a sample, a canary, and the rest."""
