"""Transom: see what your LLM traffic does, without seeing who is in it."""

__version__ = "0.1.0"
