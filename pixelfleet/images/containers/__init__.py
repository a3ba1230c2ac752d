"""Reads the structure of containers without a codec: pure Python over `read(offset, count)`, every loop bounded."""
