"""The everyday share of the fault-injection runs."""

from tests.harness.fixtures import folder, postgres, site, sqlite_site

__all__ = ["folder", "postgres", "site", "sqlite_site"]
