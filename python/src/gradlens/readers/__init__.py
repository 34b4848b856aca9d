"""What other libraries return, as arrays."""
