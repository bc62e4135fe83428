"""The canonical documents, one file each: the terms of OASIS UBL 2.1 in snake_case."""
