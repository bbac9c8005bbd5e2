"""Wiring: settings, addresses, Celery, WSGI."""
