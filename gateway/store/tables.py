"""The tables. Times are microseconds since 1970 (UTC) unless a comment says otherwise; JSON is text; amounts are exact.

What is append-only is said so; nothing there is ever updated or deleted but by retention.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.store.columns import Exact

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_Text = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by its code points everywhere, so that the program and both databases agree on what is next."""
_Serial = BigInteger().with_variant(Integer, "sqlite")

accounts = Table(
    "accounts",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("name", _Text, nullable=False),
    Column("tier", _Text, nullable=False),
    Column("revision", Integer, nullable=False, comment="the published mapping revision"),
    Column("created_at", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("account_id", _Text, nullable=True, comment="null: the back office's"),
    Column("sha256", LargeBinary, nullable=False),
    Column("test", SmallInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
)

# Secrets that accounts' terms name, encrypted (gateway.sealing). A name has one at most that isn't ended.
secrets = Table(
    "secrets",
    metadata,
    Column("name", _Text, nullable=False),
    Column("number", Integer, nullable=False, comment="counts what the name has stood for, from 1"),
    Column("key_id", _Text, nullable=False, comment="the key that opens it"),
    Column("nonce", LargeBinary, comment="null: the secret was replaced or removed, and is gone"),
    Column("ciphertext", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", _Text, nullable=False),
    Column("ended_at", BigInteger),
    PrimaryKeyConstraint("name", "number"),
)
_live = text("ended_at IS NULL")
Index("uq_secrets_live", secrets.c.name, unique=True, sqlite_where=_live, postgresql_where=_live)

# People who use the console. A password is kept as Argon2 makes it; a sign-in and a link by their token's SHA-256.
users = Table(
    "users",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("name", _Text, nullable=False),
    Column("key", _Text, nullable=False, comment="the name without case: two people never differ by that alone"),
    Column("role", _Text, nullable=False),
    Column("account_id", _Text, comment="null: one of ours; else of this account, and sees nothing else"),
    Column("password", _Text, comment="null: not chosen yet"),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("seen_at", BigInteger),
    Column("failures", Integer, nullable=False, server_default="0", comment="wrong passwords one after the other"),
    Column("failed_at", BigInteger, comment="the last of them"),
    Index("ix_users_key", "key", unique=True),
)
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("user_id", _Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index("ix_sign_ins_user_id", "user_id"),
)
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("user_id", _Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Index("ix_sign_in_links_user_id", "user_id"),
)

# One account's mapping, or our catalogue, is a scope: "account/<id>" or "catalogue". A revision never changes; its rows
# are those added in it or before and not removed by then, so that 100,000 items are not copied for one correction.
revisions = Table(
    "revisions",
    metadata,
    Column("scope", _Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("author", _Text, nullable=False),
    Column("reason", _Text, nullable=False),
    Column("terms", _Text, nullable=False, comment="account.yaml as JSON; {} for the catalogue"),
    Column("sha256", LargeBinary, nullable=False, comment="of terms and rows: equal content, equal digest"),
    PrimaryKeyConstraint("scope", "number"),
)

revision_rows = Table(
    "revision_rows",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("scope", _Text, nullable=False),
    Column("kind", _Text, nullable=False, comment="item, unit, site, price, file; product, pack, tax"),
    Column("natural_key", _Text, nullable=False),
    Column("body", _Text, nullable=False),
    Column("added_in", Integer, nullable=False),
    Column("removed_in", Integer),
    Index("ix_revision_rows_scope_kind_natural_key", "scope", "kind", "natural_key", "added_in"),
    Index("ix_revision_rows_added_in", "scope", "added_in"),
)
_removed = text("removed_in IS NOT NULL")
Index(
    "ix_revision_rows_removed_in",
    revision_rows.c.scope,
    revision_rows.c.removed_in,
    sqlite_where=_removed,
    postgresql_where=_removed,
)

# The bytes as they came, apart from what is known of them. The row stays when retention erases the body, and it is what
# recognises a resend: `message_id` is the message that these bytes now stand for.
payloads = Table(
    "payloads",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("account_id", _Text, nullable=False),
    Column("test", SmallInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("message_id", _Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, comment="null once erased"),
    Column("erased_at", BigInteger),
    UniqueConstraint("account_id", "test", "sha256"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("account_id", _Text, nullable=False),
    Column("test", SmallInteger, nullable=False),
    Column("status", _Text, nullable=False),
    Column("lane", SmallInteger, nullable=False, comment="0 critical … 3 bulk"),
    Column("due_at", BigInteger, nullable=False, comment="answer expected by: earliest first within an account"),
    Column("received_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger, comment="when it left received and processing"),
    Column("source", _Text, nullable=False, comment="http, cli, … : the door"),
    Column("format", _Text),
    Column("media_type", _Text),
    Column("payload_id", BigInteger, comment="null for a resend, whose bytes stand under duplicate_of's"),
    Column("payload_sha256", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("idempotency_key", _Text),
    Column("envelope_id", _Text),
    Column(
        "parent_id", _Text, comment="the body it was one of several documents of, or the original it was edited from"
    ),
    Column("replayed_from", _Text),
    Column("duplicate_of", _Text),
    Column("run", Integer, nullable=False, comment="1 at first, one more each time it is judged again"),
    Column("losses", Integer, nullable=False, comment="leases lost while processing this run"),
    Column("mapping_revision", Integer),
    Column("catalogue_revision", Integer),
    Column("content_sha256", LargeBinary, comment="of the canonical document: equal content, whatever its bytes"),
    Column("order_number", _Text),
    Column("order_id", _Text),
    Column("stages", _Text, comment="JSON: stage → microseconds since 1970 when it was done"),
    Column("lease_id", _Text, comment="the claim that works on it: a save under any other is refused"),
    Column("fence", Integer, nullable=False, comment="grows by one at each claim"),
    Column("not_before", BigInteger, comment="lease clock, milliseconds"),
    Column("not_before_boot", _Text),
    Column("event_count", Integer, nullable=False),
    Column("event_hash", LargeBinary, nullable=False, comment="head of its audit chain"),
    Column("moved_up", _Text, comment="why it is one lane above its account's: rush, time"),
    Column("moves_up_at", BigInteger, comment="from then on less than a quarter of its time is left"),
    Column("part", Integer, comment="which order of its parent's body it is, from 1; null: its body is its own"),
    Column("parts", Integer, comment="how many orders its body holds, each a message of its own; null: one"),
    Column(
        "is_test",
        SmallInteger,
        comment="sent with a test key, or marked as a test by its sender; null until it is read",
    ),
    Column(
        "waits_for_version",
        BigInteger,
        comment="the version of its order that a change waits for, 0 for the order itself; null: it waits for neither",
    ),
    Index("ix_messages_account_id_id", "account_id", "id"),
)
_numbered = text("order_number IS NOT NULL")  # known once it is read: intake has no entry to write
Index(
    "ix_messages_order_number",
    messages.c.order_number,
    messages.c.account_id,
    messages.c.id,
    sqlite_where=_numbered,
    postgresql_where=_numbered,
)
_ready = text("status = 'received' AND not_before IS NULL")
Index(
    "ix_messages_ready",
    messages.c.lane,
    messages.c.account_id,
    messages.c.due_at,
    messages.c.id,
    sqlite_where=_ready,
    postgresql_where=_ready,
)
_lost = text("status = 'received' AND not_before IS NULL AND losses > 0")
Index("ix_messages_lost", messages.c.due_at, sqlite_where=_lost, postgresql_where=_lost)
_moving_up = text("status = 'received' AND not_before IS NULL AND moved_up IS NULL AND lane > 0")
Index("ix_messages_moving_up", messages.c.moves_up_at, sqlite_where=_moving_up, postgresql_where=_moving_up)
_moved_up = text("status = 'received' AND moved_up IS NOT NULL")
Index("ix_messages_moved_up", messages.c.lane, sqlite_where=_moved_up, postgresql_where=_moved_up)
_delayed = text("status = 'received' AND not_before IS NOT NULL")
Index("ix_messages_delayed", messages.c.not_before, sqlite_where=_delayed, postgresql_where=_delayed)
_leased = text("status = 'processing'")
Index("ix_messages_leased", messages.c.lease_id, sqlite_where=_leased, postgresql_where=_leased)
_open = text("status IN ('held', 'failed')")
Index(
    "ix_messages_open",
    messages.c.account_id,
    messages.c.order_number,
    messages.c.id,
    sqlite_where=_open,
    postgresql_where=_open,
)
_waiting = text("status = 'received' AND not_before IS NOT NULL AND order_number IS NOT NULL")
Index(
    "ix_messages_waiting",
    messages.c.account_id,
    messages.c.order_number,
    messages.c.id,
    sqlite_where=_waiting,
    postgresql_where=_waiting,
)
_keyed = text("idempotency_key IS NOT NULL")
Index(
    "uq_messages_idempotency_key",
    messages.c.account_id,
    messages.c.test,
    messages.c.idempotency_key,
    unique=True,
    sqlite_where=_keyed,
    postgresql_where=_keyed,
)
_part = text("part IS NOT NULL")
Index(
    "ix_messages_parent_id",
    messages.c.parent_id,
    messages.c.part,
    messages.c.id,
    sqlite_where=_part,
    postgresql_where=_part,
)
_repeating = text("duplicate_of IS NOT NULL")
Index("ix_messages_duplicate_of", messages.c.duplicate_of, sqlite_where=_repeating, postgresql_where=_repeating)
_enveloped = text("envelope_id IS NOT NULL")
Index(
    "ix_messages_envelope_id",
    messages.c.account_id,
    messages.c.envelope_id,
    sqlite_where=_enveloped,
    postgresql_where=_enveloped,
)

# The sender's own id of a transmission (SBDH InstanceIdentifier, cXML payloadID) stands for one message and content.
envelopes = Table(
    "envelopes",
    metadata,
    Column("account_id", _Text, nullable=False),
    Column("test", SmallInteger, nullable=False),
    Column("envelope_id", _Text, nullable=False),
    Column("message_id", _Text, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    PrimaryKeyConstraint("account_id", "test", "envelope_id"),
    sqlite_with_rowid=False,
)

leases = Table(
    "leases",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("worker", _Text, nullable=False),
    Column("until", BigInteger, nullable=False, comment="lease clock, milliseconds"),
    Column("boot", _Text, nullable=False, comment="whose clock that is: a lease of another boot is over"),
    sqlite_with_rowid=False,
)

# Append-only.
faults = Table(
    "faults",
    metadata,
    Column("message_id", _Text, nullable=False),
    Column("run", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("stage", _Text, nullable=False),
    Column("code", _Text, nullable=False),
    Column("path", _Text, nullable=False),
    Column("location", _Text, nullable=False),
    Column("detail", _Text, nullable=False),
    Column("value", _Text),
    Column("expected", _Text),
    Column("fingerprint", _Text, nullable=False, comment="versioned; equal causes, equal fingerprints"),
    PrimaryKeyConstraint("message_id", "run", "number"),
    Index("ix_faults_fingerprint", "fingerprint", "message_id"),
    sqlite_with_rowid=False,
)

# Append-only. Each stream (a message, an account, "system") is a chain: hash = SHA-256(previous hash, event).
events = Table(
    "events",
    metadata,
    Column("stream", _Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", _Text, nullable=False),
    Column("actor", _Text, nullable=False),
    Column("body", _Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("stream", "number"),
    sqlite_with_rowid=False,
)

orders = Table(
    "orders",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("account_id", _Text, nullable=False),
    Column("test", SmallInteger, nullable=False),
    Column("order_key", _Text, nullable=False, comment="the account's policy order_key, joined"),
    Column("epoch", Integer, nullable=False, comment="0; one more when a number is used again after its reuse time"),
    Column(
        "ordinal",
        Integer,
        nullable=False,
        server_default="0",
        comment="0 for the account's first order of this number; one more for each after it, whatever their keys",
    ),
    Column("order_number", _Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", _Text, nullable=False),
    Column("outcome", _Text, nullable=False),
    Column("order_type", _Text, nullable=False),
    Column("message_id", _Text, nullable=False),
    Column("mapping_revision", Integer, nullable=False),
    Column("catalogue_revision", Integer, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("currency", _Text),
    Column("issue_date", _Text),
    Column("requested_start", _Text),
    Column("requested_end", _Text),
    Column("ship_to_site", _Text),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column(
        "precedence",
        SmallInteger,
        nullable=False,
        server_default="1",
        comment="0 rush, 1 any other, 2 ships nothing itself",
    ),
    Column(
        "ship_by", _Text, nullable=False, server_default="", comment="the day by which the first of it has to leave us"
    ),
    Column("lane", SmallInteger, nullable=False, server_default="3", comment="of the account's tier"),
    Column(
        "notice_due",
        BigInteger,
        comment="from when on the despatch advice of the first of it that is to leave is overdue; null: nothing is",
    ),
    UniqueConstraint("account_id", "test", "order_key", "epoch"),
    Index("uq_orders_order_number", "order_number", "account_id", "test", "ordinal", unique=True),
)
_real = text("test = 0")
Index(
    "ix_orders_precedence",
    orders.c.status,
    orders.c.precedence,
    orders.c.ship_by,
    orders.c.lane,
    orders.c.id,
    sqlite_where=_real,
    postgresql_where=_real,
)

Index(
    "ix_orders_account_precedence",
    orders.c.account_id,
    orders.c.status,
    orders.c.precedence,
    orders.c.ship_by,
    orders.c.lane,
    orders.c.id,
    sqlite_where=_real,
    postgresql_where=_real,
)

_to_announce = text("notice_due IS NOT NULL")
Index(
    "ix_orders_notice_due",
    orders.c.notice_due,
    orders.c.id,
    sqlite_where=_to_announce,
    postgresql_where=_to_announce,
)

# Append-only: the canonical document that made each version.
order_versions = Table(
    "order_versions",
    metadata,
    Column("order_id", _Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("message_id", _Text, nullable=False),
    Column("canonical", _Text, nullable=False),
    Column("says_all", SmallInteger, comment="0: its message said some lines only; null: from before this was kept"),
    PrimaryKeyConstraint("order_id", "version"),
)

# Append-only: what the ERP decided on a version of an order that was left to it, and what it was answered.
decisions = Table(
    "decisions",
    metadata,
    Column("order_id", _Text, nullable=False),
    Column("version", Integer, nullable=False, comment="of the order"),
    Column("id", _Text, nullable=False, comment="what its movements name as their message"),
    Column("at", BigInteger, nullable=False),
    Column("actor", _Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False, comment="of what was asked"),
    Column("asked", _Text, nullable=False),
    Column("answer", _Text, nullable=False),
    PrimaryKeyConstraint("order_id", "version"),
    sqlite_with_rowid=False,
)

# Append-only: each row adds to the line's quantities; the ledger is their sum. In the account's ordered unit, but for
# what shipped, was returned, invoiced and credited: that is in base units, because it need not be whole in the other.
quantity_movements = Table(
    "quantity_movements",
    metadata,
    Column("order_id", _Text, nullable=False),
    Column("line_number", _Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("position", Integer, nullable=False, comment="the line's place in the order"),
    Column("message_id", _Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("product", _Text),
    Column("unit", _Text),
    Column("base_unit", _Text),
    Column("base_ordered", Exact),
    Column("ordered", Exact, nullable=False),
    Column("confirmed", Exact, nullable=False),
    Column("backordered", Exact, nullable=False),
    Column("rejected", Exact, nullable=False),
    Column("cancelled", Exact, nullable=False),
    Column("shipped", Exact, nullable=False),
    Column("returned", Exact, nullable=False),
    Column("invoiced", Exact, nullable=False),
    Column("credited", Exact, nullable=False),
    Column("raised", Exact, nullable=False, server_default="0", comment="added to what was ordered, for whole packs"),
    PrimaryKeyConstraint("order_id", "line_number", "number"),
    sqlite_with_rowid=False,
)

# Append-only: what the warehouse said. None is older than the one before it of its place, so the newest is the last.
stock_snapshots = Table(
    "stock_snapshots",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("product", _Text, nullable=False),
    Column("site", _Text, nullable=False),
    Column("as_of", _Text, nullable=False),
    Column("on_hand", Exact, nullable=False),
    Column("reserved_other", Exact, nullable=False),
    Column("next_receipt_date", _Text),
    Column("next_receipt_quantity", Exact),
    Column("imported_at", BigInteger, nullable=False),
    Index("ix_stock_snapshots_product", "product", "site", "id"),
)
_due_in = text("next_receipt_date IS NOT NULL")
Index(
    "ix_stock_snapshots_next_receipt_date",
    stock_snapshots.c.next_receipt_date,
    stock_snapshots.c.product,
    sqlite_where=_due_in,
    postgresql_where=_due_in,
)

# Where each product has ever had a snapshot, so that finding the newest ones never reads the old ones. Who takes stock
# locks the row of the place until its movements are committed (`takings`).
stock_places = Table(
    "stock_places",
    metadata,
    Column("product", _Text, nullable=False),
    Column("site", _Text, nullable=False),
    PrimaryKeyConstraint("product", "site"),
    sqlite_with_rowid=False,
)

# Append-only, numbered per product and site without gaps. `taken` and `taken_by_account` are running totals after the
# movement, so that the last row is the balance.
stock_movements = Table(
    "stock_movements",
    metadata,
    Column("product", _Text, nullable=False),
    Column("site", _Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("account_id", _Text, nullable=False),
    Column("order_id", _Text, nullable=False),
    Column("line_number", _Text, nullable=False),
    Column("message_id", _Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("quantity", Exact, nullable=False, comment="base units taken; negative gives back"),
    Column("taken", Exact, nullable=False),
    Column("taken_by_account", Exact, nullable=False),
    PrimaryKeyConstraint("product", "site", "number"),
    Index("ix_stock_movements_account", "product", "site", "account_id", "number"),
    Index("ix_stock_movements_order_id", "order_id"),
    sqlite_with_rowid=False,
)

# Append-only: which transaction changed what stands at a place, so that what changed since another is found without
# reading what did not. On SQLite transactions that change stock are numbered one after the other.
stock_changes = Table(
    "stock_changes",
    metadata,
    Column("change", BigInteger, nullable=False, comment="the transaction's number: PostgreSQL's own, else ours"),
    Column("product", _Text, nullable=False),
    Column("site", _Text, nullable=False),
    PrimaryKeyConstraint("change", "product", "site"),
    sqlite_with_rowid=False,
)

# Append-only, numbered per blanket order without gaps: what releases draw of it. `drawn` (of the product) and
# `amount_drawn` (of the whole order) are running totals after the movement, so that the last row is the balance.
contract_movements = Table(
    "contract_movements",
    metadata,
    Column("contract_id", _Text, nullable=False, comment="the blanket order"),
    Column("number", BigInteger, nullable=False),
    Column("product", _Text, nullable=False),
    Column("order_id", _Text, nullable=False, comment="the release"),
    Column("line_number", _Text, nullable=False),
    Column("message_id", _Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("quantity", Exact, nullable=False, comment="base units drawn; negative gives back"),
    Column("amount", Exact, nullable=False, comment="what they cost, in the blanket order's currency"),
    Column("drawn", Exact, nullable=False),
    Column("amount_drawn", Exact, nullable=False),
    PrimaryKeyConstraint("contract_id", "number"),
    UniqueConstraint("order_id", "line_number", "product", "message_id"),
    Index("ix_contract_movements_product", "contract_id", "product", "number"),
    sqlite_with_rowid=False,
)

# Append-only: what the warehouse said has left. The rows of `documents` and of the events' stream that came of one
# stand under "shipment/<id>".
shipments = Table(
    "shipments",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("number", _Text, nullable=False),
    Column("shipped_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("key_id", _Text, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False, comment="of the canonical shipment, as it came"),
    Column("canonical", _Text, nullable=False),
    UniqueConstraint("number"),
    sqlite_with_rowid=False,
)

# Append-only: which line of which despatch advice tells of it.
shipment_lines = Table(
    "shipment_lines",
    metadata,
    Column("shipment_id", _Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("order_id", _Text, nullable=False),
    Column("line_number", _Text, nullable=False),
    Column("package", _Text, nullable=False),
    Column("product", _Text, nullable=False),
    Column("base_quantity", Exact, nullable=False),
    Column("lot", _Text),
    Column("expiry", _Text),
    Column("document_id", _Text, nullable=False),
    Column("document_line", _Text, nullable=False),
    PrimaryKeyConstraint("shipment_id", "number"),
    Index("ix_shipment_lines_order_id", "order_id", "line_number"),
    sqlite_with_rowid=False,
)

ssccs = Table(
    "ssccs",
    metadata,
    Column("sscc", _Text, primary_key=True),
    Column("shipment_id", _Text, nullable=False),
    Column("package", _Text, nullable=False),
    Column("at", BigInteger, nullable=False, comment="not given again within a year"),
    Index("ix_ssccs_shipment_id", "shipment_id"),
    sqlite_with_rowid=False,
)

# What left where an order held it: its stock is given back with the first snapshot that was taken after that.
departures = Table(
    "departures",
    metadata,
    Column("shipment_id", _Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("product", _Text, nullable=False),
    Column("site", _Text, nullable=False),
    Column("account_id", _Text, nullable=False),
    Column("order_id", _Text, nullable=False),
    Column("line_number", _Text, nullable=False),
    Column("quantity", Exact, nullable=False, comment="base units"),
    Column("shipped_at", BigInteger, nullable=False),
    Column("settled", SmallInteger, nullable=False, comment="1: the stock that it held was given back"),
    PrimaryKeyConstraint("shipment_id", "number"),
    Index("ix_departures_order_id", "order_id"),
    sqlite_with_rowid=False,
)
_unsettled = text("settled = 0")
Index(
    "ix_departures_place",
    departures.c.product,
    departures.c.site,
    sqlite_where=_unsettled,
    postgresql_where=_unsettled,
)

# Append-only: when a shipment was there.
shipment_deliveries = Table(
    "shipment_deliveries",
    metadata,
    Column("shipment_id", _Text, primary_key=True),
    Column("delivered_at", _Text, nullable=False, comment="ISO 8601, as it was told"),
    Column("told_at", BigInteger, nullable=False),
    Column("key_id", _Text, nullable=False),
    sqlite_with_rowid=False,
)

# What left and is to be billed, as the account's terms have it: a despatch advice. It has no slot while it waits for
# its delivery or a request, and a slot without a time due once it is billed.
billables = Table(
    "billables",
    metadata,
    Column("document_id", _Text, primary_key=True, comment="the despatch advice"),
    Column("shipment_id", _Text, nullable=False),
    Column("account_id", _Text, nullable=False),
    Column("waits_for", _Text, nullable=False, comment="shipped, delivered, daily, weekly, monthly, request"),
    Column(
        "slot", BigInteger, comment="when it is to be billed first, or was; null: once it is delivered or asked for"
    ),
    Column("due_at", BigInteger, comment="when it is tried next; null: it is billed, or has no slot yet"),
    Column("attempts", Integer, nullable=False),
    Column("faults", _Text, comment="JSON: why it could not be billed"),
    Index("ix_billables_shipment_id", "shipment_id"),
    sqlite_with_rowid=False,
)
_to_bill = text("due_at IS NOT NULL")
Index("ix_billables_due_at", billables.c.due_at, sqlite_where=_to_bill, postgresql_where=_to_bill)
_no_slot = text("slot IS NULL")
Index("ix_billables_no_slot", billables.c.document_id, sqlite_where=_no_slot, postgresql_where=_no_slot)

# Append-only: what the back office asked to be billed or credited, by its own numbers.
billing_requests = Table(
    "billing_requests",
    metadata,
    Column("type", _Text, nullable=False, comment="invoice or credit_note"),
    Column("number", _Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key_id", _Text, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    PrimaryKeyConstraint("type", "number"),
    sqlite_with_rowid=False,
)

# Append-only: the invoices and credit notes. Their documents and events stand under "invoice/<id>".
invoices = Table(
    "invoices",
    metadata,
    Column("id", _Text, primary_key=True),
    Column("type", _Text, nullable=False),
    Column("number", _Text, nullable=False),
    Column("account_id", _Text, nullable=False),
    Column("issue_date", _Text, nullable=False),
    Column("currency", _Text, nullable=False),
    Column("net", Exact, nullable=False, comment="without tax"),
    Column("payable", Exact, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("request_number", _Text),
    Column("credits_id", _Text, comment="of a credit note: the invoice that it credits"),
    Column("document_id", _Text, nullable=False),
    UniqueConstraint("type", "number"),
    Index("ix_invoices_account_id", "account_id", "issue_date"),
    Index("ix_invoices_credits_id", "credits_id"),
    Index("ix_invoices_request_number", "type", "request_number"),
    sqlite_with_rowid=False,
)

# Append-only: which order line each of their lines is of. `quantity` is in the invoice's unit.
invoice_lines = Table(
    "invoice_lines",
    metadata,
    Column("invoice_id", _Text, nullable=False),
    Column("line_number", _Text, nullable=False),
    Column("order_id", _Text, nullable=False),
    Column("order_line_number", _Text, nullable=False),
    Column("product", _Text, nullable=False),
    Column("quantity", Exact, nullable=False),
    Column("base_quantity", Exact, nullable=False),
    Column("net", Exact, nullable=False),
    Column("credits_line", _Text, comment="of a credit note: the invoice's line"),
    PrimaryKeyConstraint("invoice_id", "line_number"),
    Index("ix_invoice_lines_order_id", "order_id", "order_line_number"),
    sqlite_with_rowid=False,
)

# Append-only: which parts of a shipment a line bills; all of them together are never more than left.
billed_parts = Table(
    "billed_parts",
    metadata,
    Column("invoice_id", _Text, nullable=False),
    Column("line_number", _Text, nullable=False),
    Column("shipment_id", _Text, nullable=False),
    Column("shipment_line", Integer, nullable=False),
    Column("base_quantity", Exact, nullable=False),
    PrimaryKeyConstraint("invoice_id", "line_number", "shipment_id", "shipment_line"),
    Index("ix_billed_parts_shipment_id", "shipment_id", "shipment_line"),
    sqlite_with_rowid=False,
)

# Append-only: what an invoice has of its orders' own charges. One from before these were kept has a row for each of its
# orders, numbered 0, which says nothing more.
billed_charges = Table(
    "billed_charges",
    metadata,
    Column("invoice_id", _Text, nullable=False),
    Column("order_id", _Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("is_charge", SmallInteger, comment="0: an allowance"),
    Column("reason_code", _Text),
    Column("reason", _Text),
    Column("occurrence", Integer, comment="tells charges apart that are alike; the first one has 1"),
    Column("amount", Exact, comment="above 0"),
    PrimaryKeyConstraint("invoice_id", "order_id", "number"),
    Index("ix_billed_charges_order_id", "order_id"),
    sqlite_with_rowid=False,
)

# Append-only: what credit notes had of the accounts' rebates; a period's are numbered, so that none is settled twice.
rebate_settlements = Table(
    "rebate_settlements",
    metadata,
    Column("account_id", _Text, nullable=False),
    Column("rebate", _Text, nullable=False, comment="by its name in the account's terms"),
    Column("period", _Text, nullable=False, comment="of the calendar: 2026, 2026-Q4, 2026-11"),
    Column("currency", _Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("first_day", _Text, nullable=False, comment="the first that was counted"),
    Column("last_day", _Text, nullable=False, comment="the last one"),
    Column("net", Exact, nullable=False, comment="without tax"),
    Column("invoice_id", _Text, nullable=False, comment="the credit note"),
    Column("settled_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("account_id", "period", "rebate", "currency", "sequence"),
    sqlite_with_rowid=False,
)

documents = Table(
    "documents",
    metadata,
    Column("position", _Serial, primary_key=True, autoincrement=True),
    Column("transaction_id", BigInteger, nullable=False, comment="PostgreSQL: pages end before what may still commit"),
    Column("id", _Text, nullable=False),
    Column("account_id", _Text, nullable=False),
    Column("type", _Text, nullable=False),
    Column("number", _Text, nullable=False),
    Column("order_id", _Text),
    Column("order_number", _Text),
    Column("message_id", _Text, nullable=False),  # or "shipment/<id>": the stream of what it came of
    Column("test", SmallInteger, nullable=False),
    Column("mapping_revision", Integer, nullable=False),
    Column("format", _Text, nullable=False),
    Column("media_type", _Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("canonical", _Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("id"),
    UniqueConstraint("type", "number"),
    Index("ix_documents_mailbox", "account_id", "transaction_id", "position"),
    Index("ix_documents_order_number", "account_id", "order_number", "transaction_id", "position"),
    Index("ix_documents_message_id", "message_id"),
)

# The orders of a document that is of several; one of a single order says it itself.
document_orders = Table(
    "document_orders",
    metadata,
    Column("account_id", _Text, nullable=False),
    Column("order_number", _Text, nullable=False),
    Column("document_id", _Text, nullable=False),
    Column("order_id", _Text, nullable=False),
    PrimaryKeyConstraint("account_id", "order_number", "document_id", "order_id"),
    sqlite_with_rowid=False,
)

# How each document stands on its way out. `endpoint` is where the account's terms lead as of the last look; null: not
# looked at yet, or the account comes for it. `thread` is the order number behind whose earlier documents it waits,
# where the account asks for them in turn.
deliveries = Table(
    "deliveries",
    metadata,
    Column("document_id", _Text, primary_key=True),
    Column("account_id", _Text, nullable=False),
    Column("transport", _Text, nullable=False),
    Column("status", _Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", BigInteger),
    Column("updated_at", BigInteger, nullable=False),
    Column("endpoint", _Text),
    Column("thread", _Text),
    Column("not_before", BigInteger, comment="ms of the lease clock; null: at once"),
    Column("not_before_boot", _Text),
    Column("lease_id", _Text),
    Column("code", _Text, comment="the fault code of what stands in its way; null: nothing"),
    Column("detail", _Text),
    Column(
        "attempts_before",
        Integer,
        nullable=False,
        server_default="0",
        comment="attempts that had been made when somebody asked for it anew: the waits are counted from there",
    ),
    Column("answer_due_at", BigInteger, comment="the account's word is expected by then; null: none is, or it came"),
    sqlite_with_rowid=False,
)
_to_be_led = text("status = 'waiting' AND endpoint IS NULL")
_to_be_sent = text("status = 'waiting' AND endpoint IS NOT NULL")
_in_thread = text("thread IS NOT NULL AND status IN ('waiting', 'sending')")
_sending = text("status = 'sending'")
_stuck = text("code IS NOT NULL")
_sent = text("transport <> 'mailbox'")
_unanswered = text("answer_due_at IS NOT NULL")
Index(
    "ix_deliveries_to_be_led",
    *(deliveries.c.account_id, deliveries.c.document_id),
    sqlite_where=_to_be_led,
    postgresql_where=_to_be_led,
)
Index(
    "ix_deliveries_to_be_sent",
    *(deliveries.c.endpoint, deliveries.c.not_before, deliveries.c.document_id),
    sqlite_where=_to_be_sent,
    postgresql_where=_to_be_sent,
)
Index(
    "ix_deliveries_thread",
    *(deliveries.c.account_id, deliveries.c.thread, deliveries.c.document_id),
    sqlite_where=_in_thread,
    postgresql_where=_in_thread,
)
Index("ix_deliveries_sending", deliveries.c.lease_id, sqlite_where=_sending, postgresql_where=_sending)
Index(
    "ix_deliveries_stuck",
    *(deliveries.c.account_id, deliveries.c.updated_at),
    sqlite_where=_stuck,
    postgresql_where=_stuck,
)
Index(
    "ix_deliveries_status",
    *(deliveries.c.status, deliveries.c.document_id),
    sqlite_where=_sent,
    postgresql_where=_sent,
)
Index(
    "ix_deliveries_account",
    *(deliveries.c.account_id, deliveries.c.status, deliveries.c.document_id),
    sqlite_where=_sent,
    postgresql_where=_sent,
)

Index(
    "ix_deliveries_unanswered",
    deliveries.c.answer_due_at,
    sqlite_where=_unanswered,
    postgresql_where=_unanswered,
)

# Where documents are sent, one row an endpoint that has failed: its breaker. `open_until` as `deliveries.not_before`.
endpoints = Table(
    "endpoints",
    metadata,
    Column("endpoint", _Text, primary_key=True),
    Column("failures", Integer, nullable=False, comment="outages one after the other"),
    Column("open_until", BigInteger),
    Column("open_until_boot", _Text),
    Column("failing_since", BigInteger),
    Column("gone_at", BigInteger, comment="when it said that it wants nothing more (HTTP 410)"),
    Column("detail", _Text),
    sqlite_with_rowid=False,
)

# Where orders are picked up: one row for each place that an account's terms name, some hundreds in all.
pickups = Table(
    "pickups",
    metadata,
    Column("account_id", _Text, nullable=False),
    Column("endpoint", _Text, nullable=False, comment="which place, as people read it"),
    Column("place", _Text, nullable=False, comment="folder, sftp, imap"),
    Column("due_at", BigInteger, nullable=False, comment="ms of the lease clock: when it is looked at next"),
    Column("due_boot", _Text),
    Column("lease_id", _Text, comment="the look that is made now"),
    Column("leased_until", BigInteger, comment="ms of the lease clock"),
    Column("lease_boot", _Text),
    Column("looked_at", BigInteger),
    Column("succeeded_at", BigInteger),
    Column("failures", Integer, nullable=False, comment="looks in a row that failed"),
    Column("failing_since", BigInteger),
    Column("detail", _Text, comment="what is wrong; null: nothing"),
    PrimaryKeyConstraint("account_id", "endpoint"),
    sqlite_with_rowid=False,
)

# A file from before it is read until it is moved: whoever finds it again knows how far it came. Those that nobody can
# take stay until a person has seen them.
pickup_files = Table(
    "pickup_files",
    metadata,
    Column("id", _Text, primary_key=True, comment="digest of place, name and how it stands"),
    Column("account_id", _Text, nullable=False),
    Column("endpoint", _Text, nullable=False),
    Column("name", _Text, nullable=False),
    Column("status", _Text, nullable=False, comment="taking; stored, unfit: to be moved; refused: moved"),
    Column("began_at", BigInteger, nullable=False, comment="by the clock of receipts"),
    Column("message_id", _Text, comment="of what it held, the first message"),
    Column("detail", _Text, comment="why nobody can take it"),
    Column("moved_to", _Text),
    Index("ix_pickup_files_place", "account_id", "endpoint", "status"),
    sqlite_with_rowid=False,
)

# Append-only.
delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("document_id", _Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),  # when it began
    Column("outcome", _Text, nullable=False),  # delivered, rejected, failed, unknown, gone
    Column("answer", _Text),  # the beginning of what the partner answered
    Column("endpoint", _Text),
    Column("detail", _Text),
    Column("milliseconds", Integer),
    Column("worker", _Text),
    PrimaryKeyConstraint("document_id", "number"),
)

# Append-only: the account's word that it has a document, or what its system answered.
receipts = Table(
    "receipts",
    metadata,
    Column("document_id", _Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("account_id", _Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", _Text, nullable=False),  # receipt, application_response, status_update
    Column("body", _Text),  # JSON: the sender's own number, its code and its reasons
    Column("message_id", _Text, comment="the message that said it; null: it was said at the document's address"),
    Column("word", _Text, nullable=False, server_default="received", comment="what is said of the document"),
    Column("key", _Text, nullable=False, server_default="receipt", comment="the same for the same word sent again"),
    PrimaryKeyConstraint("document_id", "number"),
    Index("ix_receipts_document_id_key", "document_id", "key", unique=True),
)
_of_a_message = text("message_id IS NOT NULL")
Index(
    "ix_receipts_message_id",
    receipts.c.message_id,
    sqlite_where=_of_a_message,
    postgresql_where=_of_a_message,
)

# Append-only: the inventory reports that were sent on schedule, one for each time that an account's schedule names.
inventory_reports = Table(
    "inventory_reports",
    metadata,
    Column("account_id", _Text, nullable=False),
    Column("slot", BigInteger, nullable=False, comment="the time that the schedule names"),
    Column("number", _Text, nullable=False),
    Column("document_id", _Text, nullable=False),
    Column("cursor", _Text, nullable=False, comment="what tells what changed after it (gateway.inventory.Cursor)"),
    PrimaryKeyConstraint("account_id", "slot"),
    UniqueConstraint("number"),
    sqlite_with_rowid=False,
)

# What is to happen at a time: acknowledgement deadlines, waits, schedules.
timers = Table(
    "timers",
    metadata,
    Column("kind", _Text, nullable=False),
    Column("subject", _Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("body", _Text, nullable=False),
    PrimaryKeyConstraint("kind", "subject"),
    Index("ix_timers_due_at", "due_at"),
)

# Outbound numbers: the last one given, per kind and series.
counters = Table(
    "counters",
    metadata,
    Column("kind", _Text, nullable=False),
    Column("series", _Text, nullable=False),
    Column("value", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "series"),
)
