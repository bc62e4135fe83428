"""csv-1: inventory reports as a table, one item a row. README.md describes every column."""

from schemas.formats.csv_1.codec import CSV_1
from schemas.formats.csv_1.reading import read_lines

__all__ = ["CSV_1", "read_lines"]
