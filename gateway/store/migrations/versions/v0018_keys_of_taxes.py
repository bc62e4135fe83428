"""A row of taxes.csv is known without its category, so that another category takes its place"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_KEY = ("tax_class", "ship_from_country", "ship_to_country", "buyer_vat", "valid_from")
_SAME = {"": "any", "yes": "registered", "no": "none"}


def upgrade() -> None:
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT id, body FROM revision_rows WHERE scope = 'catalogue' AND kind = 'tax'"))
    keys = [{"id": row[0], "key": _key(json.loads(row[1]))} for row in found.fetchall()]
    if keys:
        connection.execute(sa.text("UPDATE revision_rows SET natural_key = :key WHERE id = :id"), keys)


def _key(cells: dict[str, str]) -> str:
    told = {**cells, "buyer_vat": _SAME.get(cells.get("buyer_vat", ""), cells.get("buyer_vat", ""))}
    return "|".join(told.get(name, "").replace("\\", "\\\\").replace("|", "\\|") for name in _KEY)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
