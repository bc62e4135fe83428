"""Opening what a command works with: settings, and the store with everything around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gateway.commands.screen import USAGE, Failed

if TYPE_CHECKING:
    from gateway.bootstrap import Settings
    from gateway.services import Services


def settings_now(**told: Any) -> Settings:
    """The settings. Raises Failed (usage) with everything that is wrong with them."""
    from gateway.bootstrap import BadSettings, read_settings

    try:
        return read_settings(**told)
    except BadSettings as wrong:
        raise Failed("\n".join(wrong.problems), USAGE) from None


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Services]:
    """The services, with the database brought to this program's version; closed afterwards.

    Raises Failed where the database or the data folder can't be used.
    """
    settings = settings or settings_now()
    services = _built(settings)
    try:
        yield services
    finally:
        services.lanes.close()
        services.store.close()


def _built(settings: Settings) -> Services:
    from sqlalchemy.exc import SQLAlchemyError

    from gateway.bootstrap import build_services

    try:
        return build_services(settings, worker_name="cli", upgrade=True)
    except SQLAlchemyError as failure:
        cause = str(getattr(failure, "orig", None) or failure).strip()
        raise Failed(f"The database can't be used: {cause}") from failure
    except ValueError as failure:  # a Redis URL that is none
        raise Failed(f"The settings can't be used: {failure}", USAGE) from failure
    except OSError as failure:
        raise Failed(f"The data folder can't be used: {failure}") from failure
