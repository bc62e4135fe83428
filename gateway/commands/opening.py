"""Opening what a command works with: settings, and the store with everything around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.commands.screen import USAGE, Failed

if TYPE_CHECKING:
    from gateway.bootstrap import Settings
    from gateway.services import Services


def folder_at(account: str) -> Path | None:
    """The folder that an account is named by, one that is not imported for instance; None where it is an account's id.
    Raises Failed where it is a folder, and no account's."""
    folder = Path(account)
    if (folder / "account.yaml").is_file():
        return folder
    if folder.is_dir() and len(folder.parts) != 1:  # a bare name is an id, whatever lies here
        raise Failed(f"{account} is no account's folder: there is no account.yaml in it.")
    return None


def settings_now(**told: Any) -> Settings:
    """The settings. Raises Failed (usage) with everything that is wrong with them."""
    from gateway.bootstrap import BadSettings, read_settings

    try:
        return read_settings(**told)
    except BadSettings as wrong:
        raise Failed("\n".join(wrong.problems), USAGE) from None


@contextmanager
def opened() -> Iterator[Services]:
    """The services of a gateway that has begun, with the database brought to this program's version.

    Closed afterwards. Raises Failed where the database or the data folder can't be used, and where there is no
    gateway's data: an empty answer would look like a gateway at which all is well. Nothing is made then.
    """
    from gateway.bootstrap import holds_data

    settings = settings_now()
    with _told_in_words():
        there = holds_data(settings)
    if not there:
        raise Failed(_no_data(settings))
    with begun(settings) as services:
        yield services


@contextmanager
def begun(settings: Settings | None = None) -> Iterator[Services]:
    """The same for commands that a gateway begins with: what isn't there yet is made."""
    from gateway.bootstrap import build_services

    with _told_in_words():
        services = build_services(settings or settings_now(), worker_name="cli", upgrade=True)
    try:
        yield services
    finally:
        services.lanes.close()
        services.store.close()


def _no_data(settings: Settings) -> str:
    if settings.database_url:
        return "There is no gateway's data in the database that GATEWAY_DATABASE_URL names."
    return f"There is no gateway's data in {settings.data_dir}. GATEWAY_DATA_DIR says where it is."


@contextmanager
def _told_in_words() -> Iterator[None]:
    """What keeps the database or the data folder from being used, as Failed."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as failure:
        cause = str(getattr(failure, "orig", None) or failure).strip()
        raise Failed(f"The database can't be used: {cause}") from failure
    except ValueError as failure:  # a Redis URL that is none
        raise Failed(f"The settings can't be used: {failure}", USAGE) from failure
    except OSError as failure:
        raise Failed(f"The data folder can't be used: {failure}") from failure
