"""Documents on their way to the accounts' systems: how each stands, every attempt, and sending again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.commands.documents import the_one
from gateway.commands.opening import opened
from gateway.commands.screen import CONFLICT, DONE, FAILED, PARTLY, Failed, Screen, counted, person, remedies, reports
from gateway.commands.times import moment

if TYPE_CHECKING:
    from gateway.delivery_trial import Trial
    from gateway.services import Services
    from gateway.store.deliveries import Attempt, Delivery, Endpoint, SaidReceipt

_STATUSES = ("waiting", "sending", "held", "given_up", "rejected", "queried", "delivered", "received", "dismissed")
_BULK = ("held", "given_up", "rejected")
_TYPES = ("order_response", "despatch_advice", "inventory_report", "invoice", "credit_note")
_COLUMNS = ["created_at", "account", "type", "number", "status", "attempts", "next_attempt_at", "detail", "id"]


@click.group()
def deliveries() -> None:
    """What is sent to the accounts' systems."""


@deliveries.command("list")
@reports
@click.option("--account", metavar="ID", help="Only this account's.")
@click.option("--status", type=click.Choice(_STATUSES), help="Only those that stand so.")
@click.option("--before", metavar="ID", help="Go on behind this document.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many.")
def list_deliveries(screen: Screen, account: str | None, status: str | None, before: str | None, limit: int) -> None:
    """List documents that are sent, newest first.

    `held`, `given_up`, `rejected` and `queried` wait for one of us; `gateway problems list` has them by cause. What
    accounts come for themselves is not among them (`gateway documents list`).
    """
    with opened() as services:
        found = services.store.deliveries.page(account_id=account, status=status, before=before, limit=limit)
    screen.table([_row(one) for one in found], _COLUMNS, "No deliveries.", limit)


@deliveries.command()
@reports
@click.argument("document", metavar="ID|NUMBER")
def show(screen: Screen, document: str) -> None:
    """Show where a document goes, and every attempt.

    With each attempt's time, outcome and duration and what the partner answered, what the account said of it since,
    and who had it sent again and why.
    """
    with opened() as services:
        found = _delivery(services, document)
        store = services.store.deliveries
        attempts, receipts = store.attempts(found.document_id), store.receipts(found.document_id)
        events = services.store.audit.of(f"delivery/{found.document_id}")
        endpoint = next(iter(store.endpoints(found.endpoint)), None) if found.endpoint else None
    remedy = remedies([found.code] if found.code else []).get(found.code or "")
    told = _row(found) | {
        "endpoint_state": None if endpoint is None else _endpoint_row(endpoint),
        "remedy": remedy,
        "tried": [_attempt_row(one) for one in attempts],
        "receipts": [asdict(one) | {"at": moment(one.at)} for one in receipts],
        "events": [{**event, "at": moment(event["at"])} for event in events],
    }
    screen.result(told, *_lines(found, endpoint, attempts, receipts, told["events"], remedy))


@deliveries.command()
@reports
@click.argument("documents", metavar="[ID|NUMBER ...]", nargs=-1)
@click.option("--account", metavar="ID", help="Everything of this account that is stuck.")
@click.option("--endpoint", metavar="URL", help="Everything stuck that went there; it is sent to again, even if gone.")
@click.option("--status", type=click.Choice(_BULK), help="Of these only those that stand so.")
@click.option("--delivered", "also_had", is_flag=True, help="Of documents that are named also those that arrived.")
@click.option("--reason", required=True, help="Why, for the record.")
def retry(
    screen: Screen,
    documents: tuple[str, ...],
    account: str | None,
    endpoint: str | None,
    status: str | None,
    also_had: bool,
    reason: str,
) -> int:
    """Send again what was given up, rejected, asked about or held.

    It goes at once, to where the account's terms lead now, under the id that it had; attempts go on counting, and the
    waits between them begin anew. A document that is named may also be one that waits for its next attempt, or was
    dismissed; with --delivered also one that arrived, and was lost there. What the account's system refused or asks
    about once it had read it is sent again by its name alone.

    Exit code 0: all of them are sent again; 3: some are; 4: none is, as they stand; 1: nothing is stuck.
    """
    if not documents and account is None and endpoint is None:
        raise click.UsageError("Name documents, or --account ID or --endpoint URL.")
    if documents and (account is not None or endpoint is not None or status is not None):
        raise click.UsageError("Name documents, or say which by --account, --endpoint and --status.")
    if also_had and not documents:
        raise click.UsageError("Name the documents that arrived and are sent again.")
    with opened() as services:
        if documents:
            told = _retry_named(services, documents, reason, also_had=also_had)
        else:
            told = _retry_stuck(services, account, endpoint, (status,) if status else _BULK, reason)
            _ring(services)
    screen.result(told, *_retried_lines(told))
    if told["refused"]:
        return PARTLY if told["retried"] else CONFLICT
    return DONE


@deliveries.command()
@reports
@click.argument("documents", metavar="ID|NUMBER ...", nargs=-1, required=True)
@click.option("--reason", required=True, help="How it was settled, for the record.")
def dismiss(screen: Screen, documents: tuple[str, ...], reason: str) -> int:
    """Close what is open of documents, because it is settled.

    What was given up, rejected, asked about or held is sent no more, and an answer that is overdue is awaited no more.
    Also of documents that accounts come for. An answer that comes later all the same counts.

    Exit code 0: all of them are closed; 3: some are; 4: of none anything was open.
    """
    with opened() as services:
        wanted = list(dict.fromkeys(_delivery(services, text).document_id for text in documents))
        dismissed = services.store.deliveries.dismiss(wanted, person(), reason)
    open_no_more = [one for one in wanted if one not in dismissed]
    screen.result(
        {"dismissed": dismissed, "refused": [{"id": one, "detail": "nothing is open of it"} for one in open_no_more]},
        *([f"{counted(len(dismissed), 'document')} closed."] if dismissed else []),
        *(f"{one}: nothing is open of it." for one in open_no_more),
    )
    if open_no_more:
        return PARTLY if dismissed else CONFLICT
    return DONE


@deliveries.command()
@reports
@click.argument("account")
@click.option(
    "--type",
    "kind",
    type=click.Choice(_TYPES),
    default="order_response",
    show_default=True,
    help="What is sent; it goes as documents of this type do.",
)
def test(screen: Screen, account: str, kind: str) -> int:
    """Send an account's system a test document now, and show its answer.

    It is marked as a test: by a number that begins with TEST-, in the document where its format can say so, by the
    header Document-Test, in a mail's subject. It is kept nowhere. It is made of the first sample of its type in the
    account's folder; an order response also of our answer to a sample order.

    This process sends it, with the settings of this shell: where the gateway has others (GATEWAY_DELIVERY_NETWORKS,
    GATEWAY_SMTP_URL), set them here as well.

    Exit code 0: it was delivered; 1: it was not.
    """
    from gateway.delivery_trial import NoTrial, send_on_trial

    with opened() as services:
        revision = services.terms.current([account]).get(account)
        if revision is None:
            raise Failed(f"There is no account {account}.")
        try:
            trial = send_on_trial(services, revision, kind)
        except NoTrial as why:
            raise Failed(str(why)) from None
    screen.result(_trial_row(trial), *_trial_lines(trial))
    return DONE if trial.result.outcome == "delivered" else FAILED


@deliveries.command()
@reports
@click.argument("document", metavar="ID|NUMBER")
@click.option(
    "--to",
    "file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the zip; a file that is there is left alone.",
)
def proof(screen: Screen, document: str, file: Path) -> int:
    """Write the proof of a document's delivery as a zip.

    It has the document's bytes and a proof.json for people and programs: their SHA-256, and that which the audit chain
    has of them since they were made; to whom they went, each attempt with its time and the answer, each receipt with
    what the account's system sent, and who had it sent again. Also of a document that the account comes for.

    Exit code 1: the bytes are not those that were recorded.
    """
    from gateway.delivery_proof import proof_of

    with opened() as services:
        made = proof_of(services, the_one(document, services.store.documents.named(document)))
    try:
        with file.open("xb") as written:
            written.write(made.zipped)
    except FileExistsError:
        raise Failed(f"{file} is there already.") from None
    except OSError as failure:
        raise Failed(f"{file} can't be written: {failure.strerror}.") from None
    told, tried = made.told["document"], counted(len(made.told["attempts"]), "attempt")
    receipts = counted(len(made.told["receipts"]), "receipt")
    screen.result(
        {"file": str(file), **made.told},
        f"{file}: {told['type'].replace('_', ' ')} {told['number']} of {told['account']}, {tried}, {receipts}",
        f"SHA-256 {told['sha256']}",
    )
    if made.is_as_recorded is False:
        screen.note(f"The bytes are not those that were recorded ({made.told['recorded']['sha256']}).")
    return FAILED if made.is_as_recorded is False else DONE


def _delivery(services: Services, text: str) -> Delivery:
    stored = the_one(text, services.store.documents.named(text))
    found = services.store.deliveries.one(stored.id)
    if found is None:
        raise Failed(f"Nobody was to be sent document {stored.id}.")
    return found


def _ring(services: Services) -> None:
    """Have whoever sends look now; without Redis they do within a second."""
    from gateway.lanes import DELIVERY

    services.lanes.ring(DELIVERY)


# --- sending again -----------------------------------------------------------------------------------------------
def _retry_named(services: Services, texts: Sequence[str], reason: str, *, also_had: bool) -> dict[str, Any]:
    from gateway.sending_again import send_again

    wanted = list(dict.fromkeys(_delivery(services, text).document_id for text in texts))
    retried = send_again(services, wanted, person(), reason, also_had=also_had)
    refused = [_delivery(services, one) for one in wanted if one not in retried]
    told = [{"id": one.document_id, "status": one.status, "detail": _why_not(one)} for one in refused]
    return {"retried": retried, "refused": told, "enabled": None}


def _retry_stuck(
    services: Services, account: str | None, endpoint: str | None, statuses: Sequence[str], reason: str
) -> dict[str, Any]:
    store = services.store.deliveries
    is_enabled = endpoint is not None and store.enable(endpoint, person(), reason)
    retried: list[str] = []
    for some in store.stuck(account_id=account, endpoint=endpoint, statuses=statuses):
        retried += store.retry(some, person(), reason, statuses=statuses)
    if not retried and not is_enabled:
        raise Failed(
            "Nothing of that is stuck. `gateway deliveries list` says how documents stand; what the account's system "
            "refused once it had read it is sent again by its number."
        )
    return {"retried": retried, "refused": [], "enabled": endpoint if is_enabled else None}


def _why_not(one: Delivery) -> str:
    if one.transport == "mailbox":
        return "the account comes for it; it lies in its mailbox"
    return {
        "sending": "it is being sent just now",
        "delivered": "it is delivered (with --delivered it is sent again)",
        "received": "the account has said that it has it (with --delivered it is sent again)",
    }.get(one.status, f"it is {one.status}")


def _retried_lines(told: dict[str, Any]) -> Iterator[str]:
    if told["enabled"]:
        yield f"{told['enabled']} is sent to again; what waits for it goes at once."
    if told["retried"]:
        shown = told["retried"][0] if len(told["retried"]) == 1 else "ID"
        sent = f"{counted(len(told['retried']), 'document')} sent again at once"
        yield f"{sent}; `gateway deliveries show {shown}` says what becomes of it."
    for one in told["refused"]:
        yield f"{one['id']}: {one['detail']}."


# --- on trial ----------------------------------------------------------------------------------------------------
def _trial_row(one: Trial) -> dict[str, Any]:
    return {
        "account": one.parcel.account_id,
        "type": one.parcel.type,
        "number": one.parcel.number,
        "document_id": one.parcel.document_id,
        "made_of": one.made_of,
        "format": one.format,
        "bytes": len(one.parcel.body),
        "transport": one.transport,
        "endpoint": one.endpoint,
        "outcome": one.result.outcome,
        "detail": one.result.detail,
        "answer": one.result.answer,
        "milliseconds": one.milliseconds,
    }


def _trial_lines(one: Trial) -> Iterator[str]:
    named = one.parcel.type.replace("_", " ").capitalize()
    yield f"{named} {one.parcel.number}, {one.format}, {len(one.parcel.body):,} bytes, made of {one.made_of}"
    yield f"by {one.transport} to {one.endpoint}, document id {one.parcel.document_id}"
    yield f"{one.result.outcome} after {one.milliseconds} ms: {one.result.detail}"
    yield from (f"    {line}" for line in (one.result.answer or "").splitlines())


# --- shown -------------------------------------------------------------------------------------------------------
def _row(one: Delivery) -> dict[str, Any]:
    row = asdict(one)
    return {
        "id": row.pop("document_id"),
        "account": row.pop("account_id"),
        **row,
        **{name: moment(row[name]) for name in ("created_at", "next_attempt_at", "updated_at", "answer_due_at")},
    }


def _attempt_row(one: Attempt) -> dict[str, Any]:
    return asdict(one) | {"at": moment(one.at)}


def _endpoint_row(one: Endpoint) -> dict[str, Any]:
    return asdict(one) | {name: moment(getattr(one, name)) for name in ("failing_since", "rests_until", "gone_at")}


def _lines(
    found: Delivery,
    endpoint: Endpoint | None,
    attempts: Sequence[Attempt],
    receipts: Sequence[SaidReceipt],
    events: Sequence[dict[str, Any]],
    remedy: str | None,
) -> Iterator[str]:
    told = {name: value for name, value in _row(found).items() if value is not None and name not in ("code", "detail")}
    yield from (
        f"{name.replace('_', ' ')}: {'yes' if value is True else value}" for name, value in told.items() if value
    )
    if endpoint is not None:
        yield _endpoint_line(endpoint)
    for one in attempts:
        took = "" if one.milliseconds is None else f" after {one.milliseconds} ms"
        yield f"attempt {one.number}, {moment(one.at)}: {one.outcome}{took}: {one.detail or ''}".rstrip(": ")
        yield from (f"    {line}" for line in (one.answer or "").splitlines())
    for said in receipts:
        yield from _said_lines(said)
    for event in events:
        yield f"{event['kind']} by {event['actor']}, {event['at']}: {event['body'].get('reason', '')}".rstrip(": ")
    if found.code is not None:
        yield f"{found.code}: {found.detail or ''}".rstrip(": ")
        yield f"what to do: {remedy}"


def _said_lines(said: SaidReceipt) -> Iterator[str]:
    """What the account said, when and by which message, and its reasons."""
    told = json.loads(said.body) if said.body else {}
    code = f" ({told['code']})" if told.get("code") else ""
    by = f", message {said.message_id}" if said.message_id else ""
    word, kind = (one.replace("_", " ") for one in (said.word, said.kind))
    yield f"the account says {word}{code}, {moment(said.at)}, by {kind}{by}"
    yield from (f"    {reason}" for reason in told.get("reasons", ()))


def _endpoint_line(one: Endpoint) -> str:
    if one.gone_at is not None:
        return f"the endpoint wants nothing more since {moment(one.gone_at)}: nothing is sent there"
    rests = f"; it rests until {moment(one.rests_until)}" if one.rests_until else ""
    return f"the endpoint has failed {one.failures} times in a row since {moment(one.failing_since)}{rests}"
