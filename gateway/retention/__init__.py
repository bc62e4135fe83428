"""Keeping what accounts send no longer than was agreed (`keep_payloads_days`, `keep_messages_days` in their terms)."""
