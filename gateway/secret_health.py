"""What is wrong with the key that secrets are encrypted under, and with those in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from gateway.kept_secrets import KeptSecrets
from gateway.sealing import Keyring


def key_state(keyring: Keyring, file: Path | None, *, is_shared: bool) -> tuple[bool, str]:
    """(whether somebody should look, a sentence). `file` is where the key is kept where none is set; `is_shared`
    whether other machines may use the same database."""
    if (weakness := keyring.weakness) is not None:
        return True, f"{file or 'GATEWAY_SECRET_KEY'} {weakness}: whoever guesses it opens every secret"
    if file is None:
        return False, "set in GATEWAY_SECRET_KEY"
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        mode = None
    except OSError as failure:
        return True, f"{file} can't be read: {failure.strerror}"
    if mode is not None and mode & 0o077:
        return True, f"{file} can be read by others than its owner: `chmod 600 {file}`"
    if is_shared:
        return True, f"GATEWAY_SECRET_KEY isn't set: {file} has a key that other machines on this database don't have"
    return False, f"made at the first start, in {file}" if mode is None else f"kept in {file}"


def secret_problems(kept: KeptSecrets, keyring: Keyring) -> Iterator[tuple[bool, str]]:
    """(whether it is wrong rather than a warning, a sentence) for what in the database can't be decrypted here, and for
    what has to be done before the key before the present one can go."""
    names: dict[str, list[str]] = defaultdict(list)
    for one in kept.all():
        names[one.opened_by].append(one.secret.name)
    if lost := names["nothing"]:
        way_out = "tell the key that it was before in GATEWAY_SECRET_KEY_BEFORE, or set them anew"
        yield True, f"{_listed(lost)}: can't be decrypted with the GATEWAY_SECRET_KEY here; {way_out}"
    if old := names["before"]:
        yield False, f"{_listed(old)}: still under GATEWAY_SECRET_KEY_BEFORE; `gateway secrets reencrypt` ends that"
    elif keyring.before_id is not None and not lost:
        yield False, "nothing is under GATEWAY_SECRET_KEY_BEFORE any more: take it away"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
