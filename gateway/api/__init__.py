"""The HTTP API for the accounts' systems: thin routes over the store and the intake, one error shape."""
