"""The structure of containers, read without a codec: pure Python over `read(offset, count)`, every loop bounded."""
