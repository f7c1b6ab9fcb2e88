"""Redaction with a Presidio analyzer service, over HTTP and through the pool."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from tests.tiny_model import save_tiny_model
from transom.capture.exchange import Exchange, Message
from transom.config import Redaction, Settings
from transom.redact.pool import RedactionFailed, RedactionPool
from transom.redact.presidio import registry
from transom.redact.profiles import Profile
from transom.secret import Secret
from transom.types import Cost, Ended, Operation, Usage

pytestmark = pytest.mark.slow

TEXT = "Say hello to John Smith of Paris, mary@example.com"


class Service:
    """Presidio's analyzer behind its REST API. `trouble` is asked first, and may answer or wait itself."""

    def __init__(self, folder: Path) -> None:
        none = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
        profile = Profile(model=f"spacy:{save_tiny_model(folder)}", threshold=0.5)
        self.engine = AnalyzerEngine(registry=registry(profile), nlp_engine=none)
        self.trouble: Callable[[BaseHTTPRequestHandler], bool] = lambda _: False
        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def _handler(service) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.path != "/analyze" or service.trouble(self):
                    return
                found = service.engine.analyze(body["text"], body["language"], entities=body["entities"])
                answer = json.dumps([result.to_dict() for result in found], default=vars).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path / "tiny")
    yield made
    made.released.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def settings(service: Service, tmp_path: Path) -> Settings:
    file = tmp_path / "redaction.yaml"
    file.write_text(f"profiles: {{mine: {{model: '{service.address}', threshold: 0.5}}}}")
    return Settings(redaction=Redaction(file=file, profile="mine", timeout_s=4))


async def redacted(settings: Settings, *texts: str) -> list[str]:
    async with RedactionPool(settings, Secret(b"k" * 32)) as pool:
        exchanges = [await pool.redact(exchange(text), Usage(), Cost()) for text in texts]
    return [each.input_messages[0].parts[0]["content"] for each in exchanges]


def exchange(text: str) -> Exchange:
    return Exchange(
        id="01990000-0000-7000-8000-000000000000",
        project_id="default",
        key_id="anonymous",
        started_at=1,
        ended=Ended.COMPLETE,
        provider="openai",
        operation=Operation.CHAT,
        method="POST",
        path="/v1/chat/completions",
        input_messages=[Message(role="user", parts=[{"type": "text", "content": text}])],
    )


async def test_what_the_service_finds_is_redacted_with_what_our_patterns_find(settings: Settings) -> None:
    [text, long] = await redacted(settings, TEXT, "Nothing at All. " * 500 + TEXT)
    for each in (text, long):
        assert "<PERSON:" in each and "<LOCATION:" in each and "<EMAIL_ADDRESS:" in each
        assert not {"John", "Paris", "mary"} & set(each.replace("@", " ").split())


async def test_a_service_that_fails_costs_the_content(service: Service, settings: Settings) -> None:
    def fail(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_error(503)
        return True

    service.trouble = fail
    with pytest.raises(RedactionFailed, match="redaction_error"):
        await redacted(settings, TEXT)


async def test_a_service_that_hangs_costs_the_content(service: Service, settings: Settings) -> None:
    service.trouble = lambda _: service.released.wait()
    with pytest.raises(RedactionFailed, match="redaction_timeout"):
        await redacted(settings, TEXT)


async def test_a_service_that_is_gone_costs_the_content(service: Service, settings: Settings) -> None:
    service.server.shutdown()
    service.server.server_close()
    with pytest.raises(RedactionFailed, match="redaction_error"):
        await redacted(settings, TEXT)
