"""The decisions, pure: what the trade's rules make of an order. No clock, no store."""
