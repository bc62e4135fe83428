"""Messages whose document says itself that it is a test"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    comment = "sent with a test key, or marked as a test by its sender; null until it is read"
    op.add_column("messages", sa.Column("is_test", sa.SmallInteger(), comment=comment))
    op.execute(
        "UPDATE messages SET is_test = 1 WHERE test = 0 AND id IN "
        "(SELECT message_id FROM documents WHERE test = 1 UNION SELECT message_id FROM orders WHERE test = 1)"
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
