"""The cXML endpoint: one request in, and what its Response says.

Who sent it is told by the document itself, so that has to be read before anything can be kept. What can't be read is
kept as rejected where at least its Header can; what nobody is known to have sent is not kept at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.cxml_names import names_of_us, our_credentials
from gateway.cxml_senders import Admitted, CxmlSenders, NotAdmitted
from gateway.intake import Arrival, take_in
from gateway.refusal_log import RefusalLog, as_said
from gateway.services import Services
from mappings.account import Account
from schemas.faults import DocumentRejected, Fault
from schemas.formats.cxml_1_2.envelope import Credential, ReadEnvelope, read_envelope, readable_envelope
from schemas.formats.cxml_1_2.keeping import document_and_files, entity_of, without_secrets

SOURCE = "cxml"
TAKEN = ("OrderRequest", "StatusUpdateRequest", "ProfileRequest")
"""The requests that are taken."""
_TOLD = 20
"""Faults that a Status names."""
_LOGGED = 3
"""Credentials of a Sender that the log names."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the Response says: its Status, and the message that was kept, if one was."""

    code: int
    text: str
    message_id: str | None = None
    key_id: str | None = None
    wants_profile: bool = False


class CxmlDoor:
    """What the endpoint needs. `account_of` gives an account's published terms; `count` counts a request against the
    account's rate, and raises what it likes beyond it."""

    def __init__(
        self,
        services: Services,
        senders: CxmlSenders,
        account_of: Callable[[str], Account],
        count: Callable[[Account], None],
        refusals: RefusalLog,
    ) -> None:
        self._services = services
        self._senders = senders
        self._account_of = account_of
        self._count = count
        self._refusals = refusals

    def take(self, content_type: str, body: bytes) -> Told:
        """Keep the request, or say why not. Raises StoreUnavailable where it could not be stored."""
        entity = entity_of(content_type, body)
        try:
            envelope = read_envelope(document_and_files(entity).document)
        except DocumentRejected as failure:
            return self._unreadable(content_type, entity, failure.faults)
        try:
            admitted = self._admit(envelope)
        except NotAdmitted as refusal:
            return Told(401, str(refusal))
        account = self._account_of(admitted.account_id)
        self._count(account)
        if envelope.request not in TAKEN:
            return Told(450, _not_taken(envelope.request), key_id=admitted.key_id)
        faults = (*envelope.faults, *_wrong_recipient(envelope, self._services))
        if envelope.request == "ProfileRequest":
            key_id = admitted.key_id
            return Told(400, _sentences(faults), None, key_id) if faults else Told(200, "", None, key_id, True)
        return self._keep(account, admitted, content_type, entity, faults, envelope)

    def _admit(self, envelope: ReadEnvelope) -> Admitted:
        """Whose request this is. Raises NotAdmitted, and logs it, with who says to be the Sender."""
        try:
            return self._senders.admit(envelope)
        except NotAdmitted as refusal:
            said = [f"{as_said(one.identity)} ({as_said(one.domain)})" for one in envelope.sender[:_LOGGED]]
            self._refusals.note(f"cXML Sender {', '.join(said) or 'unsaid'}", str(refusal))
            raise

    def _unreadable(self, content_type: str, entity: bytes, faults: Sequence[Fault]) -> Told:
        """Kept where its Header tells who sent it."""
        envelope = readable_envelope(entity)
        try:
            admitted = self._admit(envelope) if envelope else None
        except NotAdmitted:
            admitted = None
        if envelope is None or admitted is None:
            return Told(400, _sentences(faults))
        account = self._account_of(admitted.account_id)
        self._count(account)
        return self._keep(account, admitted, content_type, without_secrets(entity), faults, envelope)

    def _keep(
        self,
        account: Account,
        admitted: Admitted,
        content_type: str,
        entity: bytes,
        faults: Sequence[Fault],
        envelope: ReadEnvelope,
    ) -> Told:
        sent_type = content_type[:200] or None
        arrival = Arrival(
            *(account, admitted.test, entity, SOURCE, sent_type),
            envelope_id=envelope.payload_id,
            faults=tuple(faults),
            order_number=envelope.order_number,
        )
        taken = take_in(self._services, arrival)
        kept = taken.kept
        if taken.faults and not kept.duplicate:
            return Told(400, _sentences(taken.faults), kept.message_id, admitted.key_id)
        return Told(200, f"Stored as message {kept.message_id}.", kept.message_id, admitted.key_id)


def _not_taken(request: str) -> str:
    said = f"A {request[:100]}" if request else "A document without a request"
    return f"{said} isn't taken here; what is taken: {', '.join(TAKEN)}."


def _wrong_recipient(envelope: ReadEnvelope, services: Services) -> tuple[Fault, ...]:
    """That To isn't us."""
    if names_of_us(services.supplier) & {one.key() for one in envelope.to}:
        return ()
    ours = our_credentials(services.supplier)
    seen = ", ".join(_named(one) for one in envelope.to) or None
    detail = f"To is {seen or 'nobody'}, which is not {services.supplier.legal_name}."
    expected = " or ".join(_named(one) for one in ours) or "no cXML credential of ours is set up"
    return (Fault("wrong_recipient", detail, "/seller", "Header/To/Credential", seen, expected),)


def _named(one: Credential) -> str:
    return f"{one.identity} ({one.domain})"


def _sentences(faults: Sequence[Fault]) -> str:
    """Every fault with its place, as far as a person reads on."""
    said = [f"{one.location}: {one.detail}" if one.location else one.detail for one in faults[:_TOLD]]
    more = len(faults) - _TOLD
    return "\n".join([*said, *([f"and {more} more"] if more > 0 else [])])
