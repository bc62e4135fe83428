"""The everyday share of the fault-injection runs."""

from tests.harness.fixtures import folder, postgres, postgres_with_tables, site, sqlite_site

__all__ = ["folder", "postgres", "postgres_with_tables", "site", "sqlite_site"]
