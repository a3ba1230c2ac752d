"""The caller of a request, and the caller's rights."""
