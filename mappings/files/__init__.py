"""Account folders, catalogue files, supplier.yaml ↔ typed values: the only part of `mappings` that touches a disk."""
