"""Captures at rest, encrypted, between the gateway and the recorder.

Reads and writes opaque payloads: one folder a writer, files of numbered records, each file under a key of its own.
Must not import: capture, or anything that could tell what a payload says.

    <spool>/<writer_id>/00000001.spool      records in the order they ended
    <spool>/<writer_id>/<seq>.large         the frames of one large payload; a record in a .spool file points to it
    <data>/writers/<writer_id>.counts       how many exchanges that writer began; locked while it lives
"""
