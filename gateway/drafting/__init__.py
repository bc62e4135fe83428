"""Changing an account's mapping before it counts: the draft, what is edited in it and by which door, who changed which
rule, tests of it, and publishing and taking back."""
