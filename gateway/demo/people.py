"""Who looks at the demo in the console."""

from __future__ import annotations

from gateway.store.store import Store

NAME = "demo"


def console_sign_in(store: Store, base: str) -> str | None:
    """A link that signs the demo's own admin into the console, once; each call ends the one before it. None once a
    password was chosen."""
    user = store.users.named(NAME) or store.users.create(NAME, "admin", None, actor=NAME)
    return None if user.has_password else f"{base}/sign-in/{store.users.link(user.id, actor=NAME)}"
