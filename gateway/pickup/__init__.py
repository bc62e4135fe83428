"""Where orders are picked up: one file for each kind of place, and what they share. `SOURCES` is the list."""
