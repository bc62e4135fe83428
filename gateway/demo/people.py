"""Who looks at the demo in the console."""

from __future__ import annotations

from gateway.store.store import Store

NAME = "demo"


def console_sign_in(store: Store, base: str) -> str:
    """A link that signs the demo's own admin into the console, once; each call ends the one before it."""
    user = store.users.named(NAME) or store.users.create(NAME, "admin", None, actor=NAME)
    return f"{base}/sign-in/{store.users.link(user.id, actor=NAME)}"
