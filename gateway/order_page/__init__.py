"""One order's thread for people: its ledger, every message and document of it, what waits, and a picture of it in time.

thread.py reads and puts together; all else here is pure.
"""
