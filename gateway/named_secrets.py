"""Secrets that an account's terms name and never hold: `secret: HUB` in account.yaml, its value where we run or,
encrypted, in the database.

So an account's folder can be exported, kept in a repository and read by anybody, and a secret is changed in one place.
The environment wins: what an operator has put there is not undone by a row that every machine reads.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.kept_secrets import KeptSecrets, spelt
from schemas.formats.cxml_1_2.envelope import Secret


class NamedSecrets:
    """Name → secret. Names compare without case, `-` is `_`; nothing here shows a value."""

    def __init__(self, values: Mapping[str, str] | None = None, kept: KeptSecrets | None = None) -> None:
        self._secrets = {spelt(name): Secret(value) for name, value in (values or {}).items() if value}
        self.kept = kept
        """Those in the database; None where only the environment is asked."""

    def __repr__(self) -> str:
        return f"NamedSecrets({', '.join(sorted(self._secrets))})"

    @property
    def in_environment(self) -> frozenset[str]:
        """The names that the environment has a secret for."""
        return frozenset(self._secrets)

    def beside(self, kept: KeptSecrets) -> NamedSecrets:
        """The same with those of a database."""
        joined = NamedSecrets(kept=kept)
        joined._secrets = self._secrets
        return joined

    def of(self, name: str) -> Secret | None:
        """The secret of this name, or None where none is set. Raises StoreUnavailable where nobody can tell."""
        own = self._secrets.get(spelt(name))
        return own if own is not None or self.kept is None else self.kept.of(spelt(name))

    def why_not(self, name: str) -> str:
        """Why there is none of this name, as a sentence goes on after it."""
        if self.kept is not None and self.kept.is_sealed(spelt(name)):
            return "can't be decrypted: it was set under another GATEWAY_SECRET_KEY"
        return "isn't set"

    def remedy(self, name: str) -> str:
        """The same, and the command that ends it."""
        return f"{self.why_not(name)}: `gateway secrets set {spelt(name)}`"

    def numbers(self) -> Mapping[str, int]:
        """Name, as it is spelt → a number that is another as soon as its secret is. The environment's stay as they
        are, and have none."""
        kept = {} if self.kept is None else self.kept.numbers()
        return {name: number for name, number in kept.items() if name not in self._secrets}


NO_SECRETS = NamedSecrets()
"""Where none is set."""
