"""What documents are: bytes in, models out. No files, clock, network or account."""
