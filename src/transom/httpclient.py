"""The one import of httpx, so that its successor is a one-line change. The relay has a client of its own."""

from __future__ import annotations

import httpx

TIMEOUT = httpx.Timeout(60, connect=5)
"""Seconds between two signs of life; 5 to connect."""

HTTPError = httpx.HTTPError
Response = httpx.Response


def async_client(base_url: str, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
    """A client that follows no redirects and gives up on a silent server. Use it as an async context manager."""
    return httpx.AsyncClient(base_url=base_url, headers=headers, timeout=TIMEOUT)
