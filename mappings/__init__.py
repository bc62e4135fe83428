"""The account's terms to ours, and back. Pure but for `files`."""
