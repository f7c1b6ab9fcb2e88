"""Who may come in: the token, the signed session that it buys, form tokens, and a brake on guessing."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from transom.secret import mac

SESSION_S = 12 * 3600
"""How long a login lasts."""

FREE_FAILURES = 5
"""Wrong tokens that a client may send before it has to wait."""
LONGEST_WAIT_S = 60.0
MOST_CLIENTS = 10_000
"""Clients that the brake remembers; past that it forgets the oldest."""


@dataclass
class Throttle:
    """Failed attempts per client: after some free ones each doubles the wait, up to a minute."""

    now: Callable[[], float] = time.monotonic
    _failures: dict[str, tuple[int, float]] = field(default_factory=dict)

    def wait_s(self, client: str) -> float:
        """Seconds until `client` may try again; 0 if it may now."""
        _, until = self._failures.get(client, (0, 0.0))
        return max(0.0, until - self.now())

    def failed(self, client: str) -> None:
        """Note a wrong token."""
        failures = self._failures.pop(client, (0, 0.0))[0] + 1
        over = min(failures - FREE_FAILURES, 10)
        wait = min(2.0**over, LONGEST_WAIT_S) if over >= 0 else 0.0
        self._failures[client] = (failures, self.now() + wait)
        if len(self._failures) > MOST_CLIENTS:
            del self._failures[next(iter(self._failures))]

    def passed(self, client: str) -> None:
        """Forget the failures of a client that knew the token."""
        self._failures.pop(client, None)


@dataclass
class Access:
    """Checks tokens and sessions. `key` is `Secret.sessions`.

    A session is `<expiry>.<nonce>.<signature>`; the signature covers the token too, so a new token ends all sessions.
    """

    key: bytes = field(repr=False)
    token: str = field(repr=False)
    throttle: Throttle = field(default_factory=Throttle)
    now: Callable[[], float] = time.time
    _ended: dict[str, float] = field(default_factory=dict)

    def knows_token(self, offered: str) -> bool:
        """Whether `offered` is the admin token, compared in constant time."""
        return hmac.compare_digest(offered.encode(), self.token.encode())

    def open_session(self) -> str:
        """A new session's cookie value."""
        expiry, nonce = str(int(self.now()) + SESSION_S), secrets.token_urlsafe(18)
        return f"{expiry}.{nonce}.{self._sign(expiry, nonce)}"

    def session(self, cookie: str | None) -> str | None:
        """The nonce of a session that is genuine, unexpired and not ended; else None."""
        expiry, _, rest = (cookie or "").partition(".")
        nonce, _, signature = rest.partition(".")
        genuine = hmac.compare_digest(signature.encode(), self._sign(expiry, nonce).encode())
        if not genuine or float(expiry) < self.now() or nonce in self._ended:
            return None
        return nonce

    def end_session(self, nonce: str) -> None:
        """Refuse this session from now on."""
        now = self.now()
        self._ended = {ended: until for ended, until in self._ended.items() if until > now}
        self._ended[nonce] = now + SESSION_S

    def form_token(self, nonce: str) -> str:
        """What a form must carry so that it can only come from a page shown to the holder of `nonce`."""
        return mac(self.key, b"form", nonce.encode()).hex()

    def form_is_ours(self, nonce: str | None, offered: str) -> bool:
        """Whether a form came from a page of ours."""
        return nonce is not None and hmac.compare_digest(offered.encode(), self.form_token(nonce).encode())

    def _sign(self, expiry: str, nonce: str) -> str:
        return mac(self.key, b"session", self.token.encode(), expiry.encode(), nonce.encode()).hex()
