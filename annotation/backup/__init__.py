"""Backup and restore: the database and the pictures as one file that either kind of database can read.

The file is a compressed tar of plain files, written and read one at a time, so memory does not grow with it:

    backup.json                          what it is: format, version, moment, migrations, the columns of every table
    tables/annotation.judgment/000001.jsonl   rows, one JSON array per line, as many as fit 8 MB
    pictures/memes/ab/abcd….jpg          pictures, each named by the hash of its bytes
    manifest.json                        what must have come before it: rows per table, the hash of every part, the pictures

All rows are of one moment. Nothing in the file says which database it came from: a laptop's SQLite becomes a PostgreSQL this way.
"""
