"""Words that messages are found by, and searches that people saved"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_INDEXES = {
    "ix_messages_open_newest": (["id"], "status IN ('held', 'failed')"),
    "ix_messages_open_of_account": (["account_id", "id"], "status IN ('held', 'failed')"),
    "ix_messages_rejected": (["id"], "status = 'rejected'"),
    "ix_messages_closed": (["id"], "status IN ('superseded', 'dismissed')"),
    "ix_messages_kind": (["kind", "id"], "kind IN ('change', 'cancel', 'answer', 'several')"),
}


def upgrade() -> None:
    for statement in _words(op.get_bind().dialect.name):
        op.execute(statement)
    op.create_table(
        "search_backlog",
        sa.Column("before_id", _text, primary_key=True, comment="older messages aren't in the index yet"),
    )
    op.execute("INSERT INTO search_backlog SELECT max(id) || '~' FROM messages HAVING max(id) IS NOT NULL")
    op.create_table(
        "saved_searches",
        sa.Column("user_id", _text, nullable=False),
        sa.Column("name", _text, nullable=False),
        sa.Column("query", _text, nullable=False, comment="as an address has it"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "name"),
    )
    for name, (columns, condition) in _INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, "messages", columns, sqlite_where=where, postgresql_where=where)


def _words(dialect: str) -> list[str]:
    """One row a message. On SQLite FTS5 has its words under a number that sorts as the message's id does; the index
    keeps no text, and no positions, because a word of ours is whatever stands between two spaces."""
    if dialect != "sqlite":
        return [
            'CREATE TABLE search_words (message_id TEXT COLLATE "C" PRIMARY KEY, words TSVECTOR NOT NULL)',
            "CREATE INDEX ix_search_words_words ON search_words USING gin (words)",
        ]
    tokenizer = "ascii tokenchars '-._/:#+@='"
    options = f"content='', contentless_delete=1, detail=none, tokenize=\"{tokenizer}\""
    return [
        "CREATE TABLE search_words_messages (number INTEGER PRIMARY KEY, message_id TEXT NOT NULL)",
        f"CREATE VIRTUAL TABLE search_words USING fts5(words, {options})",
    ]


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
