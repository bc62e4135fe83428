"""Secrets that an account's terms name and never hold: `secret: HUB` in account.yaml, its value where we run.

So an account's folder can be exported, kept in a repository and read by anybody, and a secret is changed in one place.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.formats.cxml_1_2.envelope import Secret


class NamedSecrets:
    """Name → secret. Names compare without case, `-` is `_`; nothing here shows a value."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._secrets = {_spelt(name): Secret(value) for name, value in (values or {}).items() if value}

    def __repr__(self) -> str:
        return f"NamedSecrets({', '.join(sorted(self._secrets))})"

    def of(self, name: str) -> Secret | None:
        """The secret of this name, or None where none is set."""
        return self._secrets.get(_spelt(name))


def _spelt(name: str) -> str:
    return name.strip().upper().replace("-", "_")


NO_SECRETS = NamedSecrets()
"""Where none is set."""
