"""What a source says beside its pixels, what of it stays in a variant, and how it is written."""
