"""The database is the truth: tables, repositories, migrations, leases. One store on SQLite and on PostgreSQL."""
