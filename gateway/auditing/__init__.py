"""The audit chain for people: what its events say in words, who may see which, and the seals over it."""
