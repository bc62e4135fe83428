"""Settings and defaults. `gateway.bootstrap` and `workers.main` alone read them; the rest is handed what it needs."""
