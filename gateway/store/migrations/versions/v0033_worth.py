"""What a message is, and what it is worth"""

import sqlalchemy as sa
from alembic import op

from gateway.store.columns import Exact

revision = "0033"
down_revision = "0032"

_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_kind = "order, change, cancel, answer; several: a body of several orders; null: not read"
_amount = "what it says that it is worth; null: it doesn't say"


def upgrade() -> None:
    op.add_column("messages", sa.Column("kind", _text, comment=_kind))
    op.add_column("messages", sa.Column("amount", Exact(), comment=_amount))
    op.add_column("messages", sa.Column("currency", _text))
    op.execute("UPDATE messages SET kind = 'several' WHERE parts IS NOT NULL")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
