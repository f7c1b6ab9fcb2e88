"""Which headers travel, which are recorded, and which are secrets."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote_to_bytes

from transom.capture.exchange import Headers
from transom.gateway.routes import Target
from transom.gateway.upstream import RawHeaders

HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
"""RFC 9110 §7.6.1, and what older proxies add."""

CREDENTIALS = (b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key")

_KEYS = frozenset((b"key", b"api_key", b"api-key", b"access_token"))
"""Names under which a query carries a credential: Gemini's, Azure's, RFC 6750 §2.3's."""
_CREDENTIALS_AND_COOKIES = frozenset((*CREDENTIALS, b"cookie"))
_OURS = (b"x-transom-", b"helicone-")
_NOT_FORWARDED = HOP_BY_HOP | {b"host", b"content-length", b"expect"}
_NOT_LENT = _NOT_FORWARDED | _CREDENTIALS_AND_COOKIES
_RECORDED_REQUEST = frozenset(
    (
        b"anthropic-version",
        b"content-encoding",
        b"content-type",
        b"helicone-request-id",
        b"helicone-session-id",
        b"helicone-user-id",
        b"traceparent",
        b"x-request-id",
        b"x-transom-app",
        b"x-transom-metadata",
        b"x-transom-session",
        b"x-transom-tags",
        b"x-transom-user",
    )
)
_PROPERTY = b"helicone-property-"
_RECORDED_RESPONSE = (
    b"apim-request-id",
    b"content-encoding",
    b"content-type",
    b"request-id",
    b"retry-after",
    b"x-request-id",
)


def credential(headers: dict[bytes, bytes]) -> bytes | None:
    """What the caller proves itself with."""
    for name in CREDENTIALS:
        if value := headers.get(name):
            return value.removeprefix(b"Bearer ").strip() or None
    return None


def to_provider(headers: RawHeaders, by_name: dict[bytes, bytes], target: Target, length: int | None) -> RawHeaders:
    """The caller's headers less what is hop-by-hop or ours; with the held key, if any, for the caller's.

    A provider that a route chose, and not the caller, never sees the caller's credentials. `by_name` has the headers by
    their names. `length` is the body's where it is known; a body of unknown length is sent chunked by the caller of
    this.
    """
    lends = target.carries_credential and not target.translated
    kept = [header for header in headers if _is_forwarded(header[0], lends)]
    if b"connection" in by_name:
        named = _named_in_connection(headers)
        kept = [header for header in kept if header[0] not in named]
    if lends and b"cookie" in by_name:
        kept = [(n, _foreign_cookies(v) if n == b"cookie" else v) for n, v in kept]
        kept = [(n, v) for n, v in kept if v or n != b"cookie"]
    if target.api_key:
        kept += _held_key(target)
    elif target.translated and target.carries_credential and (own := credential(by_name)):
        kept.append((b"authorization", b"Bearer " + own))
    if length is not None:
        kept.append((b"content-length", b"%d" % length))
    return kept


@lru_cache(maxsize=4096)
def _is_forwarded(name: bytes, lends: bool) -> bool:
    """Whether a header goes on to a provider that is lent the caller's credentials, or isn't."""
    return name not in (_NOT_FORWARDED if lends else _NOT_LENT) and not name.startswith(_OURS)


def query_to_provider(query: bytes, target: Target) -> bytes:
    """The caller's query, less its key where the caller's credentials don't go."""
    if not query or target.carries_credential:
        return query
    return b"&".join(p for p in query.split(b"&") if unquote_to_bytes(p.partition(b"=")[0]).lower() not in _KEYS)


def uncompressed(headers: RawHeaders) -> RawHeaders:
    """The same headers, but asking for an answer that can be edited."""
    return [header for header in headers if header[0] != b"accept-encoding"] + [(b"accept-encoding", b"identity")]


def _foreign_cookies(value: bytes) -> bytes:
    """A Cookie header less our own: browsers send the admin pages' session to every port of its host."""
    return b"; ".join(c for c in value.split(b"; ") if not c.startswith(b"transom_"))


def _held_key(target: Target) -> RawHeaders:
    key = (target.api_key or "").encode()
    if target.translated:
        return [(b"authorization", b"Bearer " + key)]
    if target.provider == "anthropic" or target.path.rstrip(b"/").endswith(b"/messages"):
        return [(b"x-api-key", key)]
    if target.wire == "gemini" and b"/openai/" not in target.path:
        return [(b"x-goog-api-key", key)]
    if target.provider == "azure":
        return [(b"api-key", key)]
    return [(b"authorization", b"Bearer " + key)]


def to_client(headers: RawHeaders, by_name: dict[bytes, bytes]) -> RawHeaders:
    """The provider's headers less what is hop-by-hop. `by_name` has them by lower-case name."""
    if HOP_BY_HOP.isdisjoint(by_name):
        return headers.copy()
    dropped = HOP_BY_HOP | _named_in_connection(headers)
    return [header for header in headers if header[0].lower() not in dropped]


def _named_in_connection(headers: RawHeaders) -> frozenset[bytes]:
    named: set[bytes] = set()
    for name, value in headers:
        if name.lower() == b"connection":
            named.update(token.strip().lower() for token in value.split(b","))
    return frozenset(named)


def recorded_request(headers: RawHeaders) -> Headers:
    """The request headers that a record keeps: never a credential."""
    return [(n.decode(), v.decode("latin-1")) for n, v in headers if n in _RECORDED_REQUEST or n.startswith(_PROPERTY)]


def recorded_response(by_name: dict[bytes, bytes]) -> Headers:
    """The response headers that a record keeps, from all by their lower-case names."""
    return [(n.decode(), by_name[n].decode("latin-1")) for n in _RECORDED_RESPONSE if n in by_name]
