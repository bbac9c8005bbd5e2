"""Importing what people already have: each importer reads a source of `corpus.sources`, calls the services and fills a report."""
