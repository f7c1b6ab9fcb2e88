"""Text without personal data: whatever is redacted in it is redacted wrongly.

Python comes from the standard library, which the model's training doesn't read; other files from the packages that are
installed, of some of which it reads a few; both are chosen by fixed seeds. Logs, tracebacks, OpenAPI and lock files are
made here. What code says of real people (authors, addresses, thanks) is left out line by line; a JSON file that says it
is left out whole, and so are files of tests and examples, which are full of invented people.
"""

from __future__ import annotations

import json
import random
import re
import sysconfig
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from fastapi import FastAPI
from pydantic import BaseModel

from evals.redaction.sets.values import Values

STANDARD, SITE = Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))
PROSE = Path(__file__).with_name("prose.txt")
SIZE = 100_000
"""Bytes of each kind, about."""
PIECE = 8000
"""Characters of a message, about: what somebody pastes."""
FROM_EACH = 10
"""Files of a package at most, so that none outweighs the others."""

_PERSONAL = re.compile(
    r"@|author|maintain|contribut|copyright|©|\(c\)|licen[cs]e|thanks|credit|written by|invented|inspired|named after"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b|birth|password|first.?name|last.?name|street|phone|\bfrom \w+ et al",
    re.I,
)
_INVENTED = re.compile(
    r"site-packages|test|example|sample|faker|locale|lang|names?\b|demo|dictionary|corpus|guardrail|recommend", re.I
)


def clean() -> dict[str, list[str]]:
    """Messages of each kind, the same as long as the same packages are installed."""
    return {
        "Python": list(_upto(_files(STANDARD, ("py",), _code))),
        "JavaScript and CSS": list(_upto(_files(SITE, ("js", "css", "ts"), _code))),
        "JSON": list(_upto(_files(SITE, ("json",), _json))),
        "YAML, TOML, shell": list(_upto(_files(SITE, ("yaml", "yml", "toml", "sh"), _code))),
        "logs": list(_upto(_logs())),
        "tracebacks": list(_upto(_tracebacks())),
        "OpenAPI": [json.dumps(_openapi()), json.dumps(_openapi(), indent=2)],
        "lock files": list(_upto(_locks())),
        "prose": PROSE.read_text().split("\n\n"),
    }


def _upto(texts: Iterator[str]) -> Iterator[str]:
    size = 0
    for text in texts:
        size += len(text.encode())
        yield text
        if size > SIZE:
            return


def _files(root: Path, suffixes: tuple[str, ...], read: Callable[[str], str]) -> Iterator[str]:
    """One piece of each file, in an order by chance; names decide, so that one more package changes little."""
    names = [path.relative_to(root) for suffix in suffixes for path in root.rglob(f"*.{suffix}")]
    taken = Counter[str]()
    for name in sorted(names, key=lambda name: random.Random(str(name)).random()):
        package, path = name.parts[0], root / name
        if _INVENTED.search(str(name)) or path.stat().st_size > 2**19 or taken[package] == FROM_EACH:
            continue
        text = read(path.read_text(errors="replace"))
        if len(text) > 200:
            taken[package] += 1
            yield text


def _code(text: str) -> str:
    """Some lines in a row, those about people left out."""
    lines = [line for line in text.splitlines() if len(line) < 1000 and not _PERSONAL.search(line)]
    whole = "\n".join(lines)
    if len(whole) <= PIECE:
        return whole
    start = random.Random(whole[:1000]).randrange(len(whole) - PIECE)
    return whole[start : start + PIECE].partition("\n")[2].rpartition("\n")[0]


def _json(text: str) -> str:
    """All of a file of a message's size that doesn't speak of people."""
    return text if len(text) <= 2 * PIECE and not _PERSONAL.search(text) else ""


_MODULES = ["billing.invoices", "search.index", "queue.worker", "http.router", "storage.blobs", "auth.tokens"]
_EVENTS = [
    "request finished status=200 bytes={price} took=41ms id={uuid}",
    "cache miss for item {uuid}, shard 7, ttl 3600",
    "retrying in 4.0s (attempt 3/5), model=gpt-4o-mini-2024-07-18 tokens=1913",
    "deployed {commit} build {version}+linux.x86_64 in 48.2s",
    "GET /v2/items/{uuid}?page=3&limit=50 HTTP/1.1 200 5120 0.034 python-httpx/0.28.1",
    "user-agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "listening on 127.0.0.1:8080, peers 0.0.0.0/0, port 5432, pid 20731",
    "checkpoint at lsn 0/1A2B3C4D, {unix}123 us, 18446744073709551615 max",
    'etag=W/"{commit}" last-modified={moment} age=86400',
    "gc: gen2 collected 120345 objects, heap 1073741824 bytes, pause 0.0123 s",
    "slow query 1284 ms: SELECT id, total FROM orders WHERE created_at > {unix} ORDER BY id LIMIT 100",
    "pulled image app/web@sha256:{commit}{commit} 187.4 MB",
    "TLS handshake TLSv1.3 TLS_AES_256_GCM_SHA384 resumed=false alpn=h2",
    "queue depth 1042, oldest 17.3 s, consumers 8, prefetch 64",
    "Back-off restarting failed container web in pod web-7d9c5b6f4-x2x8k (restarts: 12)",
    "claude-sonnet-4 finish_reason=tool_use input_tokens=20114 output_tokens=311 cost_usd=0.0651",
    "WARN deprecated option `max_workers` is ignored since {version}, use `concurrency`",
    "disk /dev/nvme0n1p2 81% of 494384795648 bytes, inodes 12%",
    "worker-3 heartbeat lost for 00:00:31.250, rescheduling 14 tasks from offset 9000123456",
    "tests/unit/test_router.py::test_paths_are_templates PASSED [ 42%] 0.03s",
    "feature flag new-checkout is off for 87.5% of traffic (seed 3735928559)",
    "metric http_server_duration_bucket le=0.25 count=10423 sum=812.0931",
    "resolved api.internal to 127.0.0.53 in 2 ms (A, AAAA), cached 300 s",
    "kernel: Linux 6.8.0-45-generic #45~22.04.1-Ubuntu SMP x86_64 GNU/Linux",
]


def _logs() -> Iterator[str]:
    """Lines of plain text and of JSON, forty at a time."""
    chance, values = random.Random("logs"), Values("logs")
    for number in range(1000):
        rows = [
            (_filled("{moment}", values), chance.choice(_MODULES), _filled(chance.choice(_EVENTS), values))
            for _ in range(40)
        ]
        if number % 2:
            yield "\n".join(f"{at} INFO [{name}] {event}" for at, name, event in rows)
        else:
            yield "\n".join(
                json.dumps({"ts": at, "level": "info", "logger": name, "msg": event, "seq": number})
                for at, name, event in rows
            )


def _filled(template: str, values: Values) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: values(slot[1]).text, template)


def _tracebacks() -> Iterator[str]:
    """Of errors that the standard library raises for bad arguments."""
    wrong: list[Callable[[], object]] = [
        lambda: json.loads("{'a': 1}"),
        lambda: re.compile("(?P<a"),
        lambda: int("12x"),
        lambda: Path("/no/such/file.cfg").read_text(),
        lambda: random.sample([1], 2),
        lambda: {"a": 1}["b"],
        lambda: "x" + 1,  # type: ignore[operator]
        lambda: bytes.fromhex("zz"),
    ]
    for number in range(80):
        try:
            wrong[number % len(wrong)]()
        except Exception:
            prefix = f"job {number} failed after {number * 37 % 900} ms, worker {number % 7}\n"
            yield prefix + traceback.format_exc().replace(str(Path(__file__).parents[3]), "/srv/app")


class _Item(BaseModel):
    sku: str
    title: str
    quantity: int = 1
    created: int
    tags: list[str] = []


def _openapi() -> dict[str, object]:
    """What FastAPI says of a service of 40 paths."""
    app = FastAPI(title="Inventory", version="2.14.3", description="Items, stock and orders of a warehouse.")
    for noun in (
        "items",
        "orders",
        "shelves",
        "batches",
        "carriers",
        "labels",
        "pallets",
        "returns",
        "prices",
        "scans",
    ):
        for verb in ("list", "show", "count", "check"):
            app.get(f"/v2/{noun}/{verb}/{{id}}", name=f"{verb}_{noun}", response_model=list[_Item])(lambda id: [])
    return app.openapi()


def _locks() -> Iterator[str]:
    """Of pip's and npm's forms."""
    values = Values("locks")
    names = sorted({path.name.partition("-")[0] for path in SITE.glob("*.dist-info")})
    for start in range(0, len(names), 20):
        some = names[start : start + 20]
        yield "\n".join(
            _filled(f"{name}=={{version}} \\\n    --hash=sha256:{{commit}}{{commit}}", values) for name in some
        )
        rows = {
            f"node_modules/{name}": {
                "version": _filled("{version}", values),
                "integrity": _filled("sha512-{commit}{commit}==", values),
                "engines": {"node": ">=18.12.0"},
            }
            for name in some
        }
        yield json.dumps({"lockfileVersion": 3, "packages": rows}, indent=2)
