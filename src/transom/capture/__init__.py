"""Bytes → `Exchange`, without I/O.

Reads: what the gateway saw (`Capture`). Produces: `Exchange`, raw and in memory only.
Must not import: anything that stores, shows or sends.
"""
