"""What every table is made with."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
SortedText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by its code points everywhere, so that the program and both databases agree on what is next."""
Serial = BigInteger().with_variant(Integer, "sqlite")
