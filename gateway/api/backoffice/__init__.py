"""The routes of the supplier's own systems (ERP, WMS), under a back-office key."""
