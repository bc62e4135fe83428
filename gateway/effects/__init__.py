"""What a change of a mapping does to the orders that came: judged under both, compared, and grouped by the change."""
