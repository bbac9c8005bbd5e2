"""Wiring: settings, addresses, Celery, WSGI. Whoever loads the settings has the Celery application, to queue with or to ask."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
