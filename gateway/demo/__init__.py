"""The demo: what it needs is imported once, then every sample is sent as an account's system would send it, over HTTP,
and what came back is told in words and compared with what the sample says must come.
"""


class DemoFailed(Exception):
    """The demo can't go on; the sentence says why."""
