"""Whether a draft was tried out on the account's messages: what publishing has to know of its newest test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gateway.services import Services


class DraftTest(Protocol):
    """A test of a draft."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def revision(self) -> int:
        """The published revision that the draft would follow."""

    @property
    def version(self) -> int:
        """The draft's version that was tested."""

    @property
    def status(self) -> str:
        """`done` once it has gone through all messages."""

    @property
    def newly_failing(self) -> int:
        """Orders that were answered, and would be held or refused."""


class DraftTests(Protocol):
    """Where tests are kept."""

    def newest(self, account_id: str) -> DraftTest | None:
        """The account's last test."""


def tests_of(services: Services) -> DraftTests | None:
    """Where this gateway keeps tests of drafts; None where it keeps none."""
    kept: DraftTests | None = getattr(services.store, "draft_tests", None)
    return kept
