"""What the supplier's own systems do here: keep catalogue, stock and prices, see what to deliver, decide."""
