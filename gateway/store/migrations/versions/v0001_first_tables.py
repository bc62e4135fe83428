"""The first tables"""

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Exact

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("name", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("tier", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="the published mapping revision"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column(
            "account_id",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="null: the back office's",
        ),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("test", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "counters",
        sa.Column("kind", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("series", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "series", name=op.f("pk_counters")),
    )
    op.create_table(
        "deliveries",
        sa.Column("document_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("account_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("transport", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("status", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_deliveries")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_table(
        "delivery_attempts",
        sa.Column("document_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("answer", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.PrimaryKeyConstraint("document_id", "number", name=op.f("pk_delivery_attempts")),
    )
    op.create_table(
        "documents",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column(
            "transaction_id",
            sa.BigInteger(),
            nullable=False,
            comment="PostgreSQL: pages end before what may still commit",
        ),
        sa.Column("id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("account_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("type", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("number", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("order_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("order_number", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("message_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("test", sa.SmallInteger(), nullable=False),
        sa.Column("mapping_revision", sa.Integer(), nullable=False),
        sa.Column("format", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("media_type", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("canonical", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_documents")),
        sa.UniqueConstraint("id", name=op.f("uq_documents_id")),
        sa.UniqueConstraint("type", "number", name=op.f("uq_documents_type_number")),
    )
    op.create_index("ix_documents_mailbox", "documents", ["account_id", "transaction_id", "position"], unique=False)
    op.create_index("ix_documents_message_id", "documents", ["message_id"], unique=False)
    op.create_index(
        "ix_documents_order_number",
        "documents",
        ["account_id", "order_number", "transaction_id", "position"],
        unique=False,
    )
    op.create_table(
        "events",
        sa.Column("stream", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("actor", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("body", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "number", name=op.f("pk_events")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "faults",
        sa.Column("message_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("code", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("path", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("location", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("detail", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("value", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("expected", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column(
            "fingerprint",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="versioned; equal causes, equal fingerprints",
        ),
        sa.PrimaryKeyConstraint("message_id", "run", "number", name=op.f("pk_faults")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_faults_fingerprint", "faults", ["fingerprint", "message_id"], unique=False)
    op.create_table(
        "leases",
        sa.Column("id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("worker", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="lease clock, milliseconds"),
        sa.Column(
            "boot",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="whose clock that is: a lease of another boot is over",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leases")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("account_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("test", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False, comment="0 critical … 3 bulk"),
        sa.Column(
            "due_at", sa.BigInteger(), nullable=False, comment="answer expected by: earliest first within an account"
        ),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True, comment="when it left received and processing"),
        sa.Column(
            "source",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="http, cli, … : the door",
        ),
        sa.Column("format", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("media_type", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column(
            "payload_id",
            sa.BigInteger(),
            nullable=True,
            comment="null for a resend, whose bytes stand under duplicate_of's",
        ),
        sa.Column("payload_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("envelope_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column(
            "parent_id",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="the body it was one of several documents of, or the original it was edited from",
        ),
        sa.Column("replayed_from", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("duplicate_of", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False, comment="1 at first, one more each time it is judged again"),
        sa.Column("losses", sa.Integer(), nullable=False, comment="leases lost while processing this run"),
        sa.Column("mapping_revision", sa.Integer(), nullable=True),
        sa.Column("catalogue_revision", sa.Integer(), nullable=True),
        sa.Column(
            "content_sha256",
            sa.LargeBinary(),
            nullable=True,
            comment="of the canonical document: equal content, whatever its bytes",
        ),
        sa.Column("order_number", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("order_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column(
            "stages",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="JSON: stage → microseconds since 1970 when it was done",
        ),
        sa.Column(
            "lease_id",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=True,
            comment="the claim that works on it: a save under any other is refused",
        ),
        sa.Column("fence", sa.Integer(), nullable=False, comment="grows by one at each claim"),
        sa.Column("not_before", sa.BigInteger(), nullable=True, comment="lease clock, milliseconds"),
        sa.Column("not_before_boot", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("event_hash", sa.LargeBinary(), nullable=False, comment="head of its audit chain"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_account_id_id", "messages", ["account_id", "id"], unique=False)
    op.create_index(
        "ix_messages_account_id_order_number", "messages", ["account_id", "order_number", "id"], unique=False
    )
    op.create_index(
        "ix_messages_delayed",
        "messages",
        ["not_before"],
        unique=False,
        sqlite_where=sa.text("status = 'received' AND not_before IS NOT NULL"),
        postgresql_where=sa.text("status = 'received' AND not_before IS NOT NULL"),
    )
    op.create_index(
        "ix_messages_envelope_id",
        "messages",
        ["account_id", "envelope_id"],
        unique=False,
        sqlite_where=sa.text("envelope_id IS NOT NULL"),
        postgresql_where=sa.text("envelope_id IS NOT NULL"),
    )
    op.create_index(
        "ix_messages_leased",
        "messages",
        ["lease_id"],
        unique=False,
        sqlite_where=sa.text("status = 'processing'"),
        postgresql_where=sa.text("status = 'processing'"),
    )
    op.create_index(
        "ix_messages_lost",
        "messages",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("status = 'received' AND not_before IS NULL AND losses > 0"),
        postgresql_where=sa.text("status = 'received' AND not_before IS NULL AND losses > 0"),
    )
    op.create_index(
        "ix_messages_open",
        "messages",
        ["account_id", "order_number", "id"],
        unique=False,
        sqlite_where=sa.text("status IN ('held', 'failed')"),
        postgresql_where=sa.text("status IN ('held', 'failed')"),
    )
    op.create_index(
        "ix_messages_ready",
        "messages",
        ["lane", "account_id", "due_at", "id"],
        unique=False,
        sqlite_where=sa.text("status = 'received' AND not_before IS NULL"),
        postgresql_where=sa.text("status = 'received' AND not_before IS NULL"),
    )
    op.create_index(
        "uq_messages_idempotency_key",
        "messages",
        ["account_id", "test", "idempotency_key"],
        unique=True,
        sqlite_where=sa.text("idempotency_key IS NOT NULL"),
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_table(
        "order_versions",
        sa.Column("order_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("canonical", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "version", name=op.f("pk_order_versions")),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("account_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("test", sa.SmallInteger(), nullable=False),
        sa.Column(
            "order_key",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="the account's policy order_key, joined",
        ),
        sa.Column(
            "epoch",
            sa.Integer(),
            nullable=False,
            comment="0; one more when a number is used again after its reuse time",
        ),
        sa.Column("order_number", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("outcome", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("order_type", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("message_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("mapping_revision", sa.Integer(), nullable=False),
        sa.Column("catalogue_revision", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("currency", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("issue_date", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("requested_start", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("requested_end", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("ship_to_site", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint(
            "account_id", "test", "order_key", "epoch", name=op.f("uq_orders_account_id_test_order_key_epoch")
        ),
    )
    op.create_index("ix_orders_order_number", "orders", ["order_number", "account_id"], unique=False)
    op.create_table(
        "payloads",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("account_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("test", sa.SmallInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True, comment="null once erased"),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payloads")),
        sa.UniqueConstraint("account_id", "test", "sha256", name=op.f("uq_payloads_account_id_test_sha256")),
    )
    op.create_table(
        "quantity_movements",
        sa.Column("order_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("line_number", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="the line's place in the order"),
        sa.Column("message_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("unit", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("base_unit", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("base_ordered", Exact(), nullable=True),
        sa.Column("ordered", Exact(), nullable=False),
        sa.Column("confirmed", Exact(), nullable=False),
        sa.Column("backordered", Exact(), nullable=False),
        sa.Column("rejected", Exact(), nullable=False),
        sa.Column("cancelled", Exact(), nullable=False),
        sa.Column("shipped", Exact(), nullable=False),
        sa.Column("returned", Exact(), nullable=False),
        sa.Column("invoiced", Exact(), nullable=False),
        sa.Column("credited", Exact(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line_number", "number", name=op.f("pk_quantity_movements")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "receipts",
        sa.Column("document_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("body", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.PrimaryKeyConstraint("document_id", "number", name=op.f("pk_receipts")),
    )
    op.create_table(
        "revision_rows",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scope", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column(
            "kind",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="item, unit, site, price, file; product, pack, tax",
        ),
        sa.Column("natural_key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("body", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("added_in", sa.Integer(), nullable=False),
        sa.Column("removed_in", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision_rows")),
    )
    op.create_index(
        "ix_revision_rows_scope_kind_natural_key",
        "revision_rows",
        ["scope", "kind", "natural_key", "added_in"],
        unique=False,
    )
    op.create_table(
        "revisions",
        sa.Column("scope", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("reason", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column(
            "terms",
            sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
            nullable=False,
            comment="account.yaml as JSON; {} for the catalogue",
        ),
        sa.Column("sha256", sa.LargeBinary(), nullable=False, comment="of terms and rows: equal content, equal digest"),
        sa.PrimaryKeyConstraint("scope", "number", name=op.f("pk_revisions")),
    )
    op.create_table(
        "stock_movements",
        sa.Column("product", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("site", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("order_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("line_number", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("message_id", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("quantity", Exact(), nullable=False, comment="base units taken; negative gives back"),
        sa.Column("taken", Exact(), nullable=False),
        sa.Column("taken_by_account", Exact(), nullable=False),
        sa.PrimaryKeyConstraint("product", "site", "number", name=op.f("pk_stock_movements")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_stock_movements_account", "stock_movements", ["product", "site", "account_id", "number"], unique=False
    )
    op.create_table(
        "stock_places",
        sa.Column("product", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("site", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("product", "site", name=op.f("pk_stock_places")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stock_snapshots",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("product", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("site", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("as_of", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("on_hand", Exact(), nullable=False),
        sa.Column("reserved_other", Exact(), nullable=False),
        sa.Column("next_receipt_date", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("next_receipt_quantity", Exact(), nullable=True),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_snapshots")),
    )
    op.create_index("ix_stock_snapshots_product", "stock_snapshots", ["product", "site", "id"], unique=False)
    op.create_table(
        "timers",
        sa.Column("kind", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("subject", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name=op.f("pk_timers")),
    )
    op.create_index("ix_timers_due_at", "timers", ["due_at"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
