"""Reads the metadata of a source, chooses the metadata that a variant keeps, and writes the chosen metadata."""
