"""The sample that the editor shows: one of the mapping's own, a message that came lately, or a file dropped into it."""

from __future__ import annotations

import base64
import binascii
from contextlib import closing
from dataclasses import dataclass
from pathlib import PurePosixPath

from flask import request

from gateway.accounts import samples_of
from gateway.drafting.drafts import Draft
from gateway.services import Services
from mappings.files.sent_samples import is_of_what_we_send, sent_samples_in
from mappings.own_format import ORDER_MAP, maps_for

_EXPECTED = ".expected."
_SAMPLE, _MESSAGE, _KEPT = "samples/", "message:", "kept"
_LAST = 10
"""Messages of the account that are offered."""
_MOST_KEPT = 100_000
"""Bytes of a dropped file that the page carries along, so that it needn't be chosen again."""
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """A document and what it is called; `key` is how the page asks for it."""

    key: str
    name: str
    body: bytes

    @property
    def kept(self) -> str | None:
        """A dropped file as the page carries it along; None of what is asked for by its key, or too large."""
        is_carried = self.key == _KEPT and len(self.body) <= _MOST_KEPT
        return base64.b64encode(self.body).decode() if is_carried else None


def samples_to_choose(services: Services, draft: Draft) -> list[tuple[str, list[tuple[str, str]]]]:
    """What may be chosen, in groups: keys and names."""
    files = sorted(name for name in samples_of(draft.files) if _EXPECTED not in name)
    orders = [(_SAMPLE + name, name) for name in files if not is_of_what_we_send(name)]
    sent = [(_SAMPLE + name, name) for name in files if is_of_what_we_send(name)]
    page = services.store.messages.page(account_id=draft.account_id, limit=_LAST)
    came = [(_MESSAGE + one.id, f"{one.order_number or one.id}, {one.status}") for one in page]
    groups = (("Samples of orders", orders), ("Samples of what we send", sent), ("Last messages", came))
    return [(name, found) for name, found in groups if found]


def chosen_sample(services: Services, draft: Draft, chosen: str) -> Sample | None:
    """The sample that the request asks for; else the first that the map is for; None where there is none."""
    dropped = request.files.get("sample_file")
    if dropped is not None and dropped.filename:
        with closing(dropped):  # a large one is a file of its own meanwhile
            return Sample(_KEPT, _plain(dropped.filename), dropped.read())
    key = request.values.get("sample", "")
    found = _carried() if key == _KEPT else _by_key(services, draft, key)
    return found or _usual(services, draft, chosen)


def _by_key(services: Services, draft: Draft, key: str) -> Sample | None:
    if key.startswith(_SAMPLE):
        name = key.removeprefix(_SAMPLE)
        body = samples_of(draft.files).get(name)
        return None if body is None else Sample(key, name, body)
    if key.startswith(_MESSAGE) and "\0" not in key:
        stored = services.store.messages.one(draft.account_id, key.removeprefix(_MESSAGE))
        body = None if stored is None else services.store.messages.body(stored.id)
        return None if stored is None or body is None else Sample(key, f"message {stored.id}", body)
    return None


def _carried() -> Sample | None:
    try:
        body = base64.b64decode(request.form.get("kept_sample", ""), validate=True)
    except (binascii.Error, ValueError):
        return None
    return Sample(_KEPT, _plain(request.form.get("kept_name", "")), body) if body else None


def _plain(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/").replace("\0", "")).name[:_LONGEST_NAME] or "sample"


def _usual(services: Services, draft: Draft, chosen: str) -> Sample | None:
    """One of what the map writes; else an order."""
    files = samples_of(draft.files)
    if chosen != ORDER_MAP:
        sent = next((one for one in sent_samples_in(files) if chosen in maps_for(one.kind)), None)
        if sent is not None:
            return Sample(_SAMPLE + sent.name, sent.name, sent.body)
    for name, body in sorted(files.items()):
        if _EXPECTED not in name and not is_of_what_we_send(name):
            return Sample(_SAMPLE + name, name, body)
    newest = next(iter(services.store.messages.page(account_id=draft.account_id, limit=1)), None)
    return None if newest is None else _by_key(services, draft, _MESSAGE + newest.id)
