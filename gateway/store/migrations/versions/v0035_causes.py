"""Why messages are held, by cause, and what our people make of each cause"""

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Exact

revision = "0035"
down_revision = "0034"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_REMARKS = "'check_digit', 'other_currency', 'unknown_element', 'unread_value'"
"""What was only remarked on beside the fault that held a message."""
_FILL = f"""
INSERT INTO open_causes (fingerprint, message_id, account_id, code, run, number, place, received_at, due_at,
                         amount, currency, is_test)
SELECT fingerprint, id, account_id, code, run, number, row_number() OVER (PARTITION BY id ORDER BY number),
       received_at, due_at, amount, currency, is_test
FROM (
    SELECT f.fingerprint, m.id, m.account_id, min(f.code) AS code, m.run, min(f.number) AS number, m.received_at,
           m.due_at, m.amount, m.currency, coalesce(m.is_test, m.test) AS is_test
    FROM messages m JOIN faults f ON f.message_id = m.id AND f.run = m.run
    WHERE m.status IN ('held', 'failed') AND (f.code NOT IN ({_REMARKS}) OR NOT EXISTS (
        SELECT 1 FROM faults o WHERE o.message_id = m.id AND o.run = m.run AND o.code NOT IN ({_REMARKS})))
    GROUP BY f.fingerprint, m.id
) found
"""
_STATES = """
INSERT INTO problem_states (fingerprint, account_id, code, what, value, path, detail, state, opened_at, changed_by,
                            changed_at, times_reopened)
SELECT c.fingerprint, c.account_id, c.code, 'message', f.value, f.path, f.detail, 'open', g.since, 'gateway', g.since,
       0
FROM (SELECT fingerprint, max(message_id) AS newest, min(received_at) AS since FROM open_causes GROUP BY fingerprint) g
JOIN open_causes c ON c.fingerprint = g.fingerprint AND c.message_id = g.newest
JOIN faults f ON f.message_id = c.message_id AND f.run = c.run AND f.number = c.number
"""


def upgrade() -> None:
    op.create_table(
        "open_causes",
        sa.Column("fingerprint", _text, nullable=False),
        sa.Column("message_id", _text, nullable=False),
        sa.Column("account_id", _text, nullable=False),
        sa.Column("code", _text, nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column(
            "number", sa.Integer(), nullable=False, comment="of the fault in that run; the first one of this cause"
        ),
        sa.Column(
            "place", sa.Integer(), nullable=False, comment="1: the first cause of its message, which counts once by it"
        ),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("amount", Exact()),
        sa.Column("currency", _text),
        sa.Column(
            "hundredths",
            sa.BigInteger(),
            comment="the amount, where it is so many to the last digit",
        ),
        sa.Column("is_test", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "message_id", name="pk_open_causes"),
        sqlite_with_rowid=False,
    )
    odd = sa.text("hundredths IS NULL AND amount IS NOT NULL")
    op.create_index("ix_open_causes_odd", "open_causes", ["fingerprint"], sqlite_where=odd, postgresql_where=odd)
    op.create_index("ix_open_causes_message_id", "open_causes", ["message_id"])
    op.create_index("ix_open_causes_account_id", "open_causes", ["account_id", "fingerprint", "message_id"])
    op.create_table(
        "problem_states",
        sa.Column("fingerprint", _text, primary_key=True),
        sa.Column("account_id", _text, nullable=False),
        sa.Column("code", _text, nullable=False),
        sa.Column("what", _text, nullable=False, comment="message, document, file: what it keeps"),
        sa.Column("value", _text),
        sa.Column("path", _text, nullable=False),
        sa.Column("detail", _text, nullable=False),
        sa.Column("state", _text, nullable=False, comment="open, acknowledged, ignored, resolved"),
        sa.Column("assigned_to", _text, comment="a user's id"),
        sa.Column("ignored_until", sa.BigInteger()),
        sa.Column("reason", _text, comment="why it was put into this state"),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger()),
        sa.Column("changed_by", _text, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("times_reopened", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_problem_states_resolved_at", "problem_states", ["resolved_at", "fingerprint"])
    op.create_index("ix_problem_states_account_id", "problem_states", ["account_id", "resolved_at", "fingerprint"])
    where = sa.text("state <> 'resolved'")
    op.create_index(
        "ix_problem_states_standing", "problem_states", ["fingerprint"], sqlite_where=where, postgresql_where=where
    )
    connection = op.get_bind()
    connection.exec_driver_sql(_FILL)
    connection.exec_driver_sql(_STATES)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
