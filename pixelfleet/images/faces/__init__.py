"""Faces: found by a neural network in a small decode of the page, kept in view by a crop, or made unrecognisable."""
