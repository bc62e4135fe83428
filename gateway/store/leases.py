"""What is raised where a lease is over."""

from __future__ import annotations


class LeaseLost(Exception):
    """The lease ran out or was taken over: nothing of this batch was written, and nothing of it may be."""
