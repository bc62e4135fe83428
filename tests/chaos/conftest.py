"""The full fault-injection runs: `./test chaos`."""

from tests.harness.fixtures import folder, postgres, site, sqlite_site

__all__ = ["folder", "postgres", "site", "sqlite_site"]
