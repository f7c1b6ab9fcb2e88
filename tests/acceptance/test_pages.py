"""The admin pages in a real browser: what a person does there, without an error, a violation or a barrier."""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright
from pydantic import SecretStr

from tests.running import TOKEN, free_port, until
from tests.unit.admin.seeds import (
    BENGALI,
    CHAT,
    FAILED,
    HOSTILE,
    HOSTILE_TRACE,
    LEFT,
    TOOLS,
    UNKNOWN,
    seed,
    seeded_id,
)
from tests.unit.store.builders import SECRET
from transom.admin.app import create_app
from transom.config import Settings
from transom.store.engine import connect, migrate

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed"),
]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 390, "height": 844}}
PAGES = {
    "list": "/",
    "filtered": "/?q=order&status=ok",
    "wrong": "/?status=odd",
    "none": "/?q=zzzz",
    "chat": f"/traces/{seeded_id(CHAT)}",
    "tools": f"/traces/{seeded_id(TOOLS)}",
    "failed": f"/traces/{seeded_id(FAILED)}",
    "metadata-only": f"/traces/{seeded_id(UNKNOWN)}",
    "bengali": f"/traces/{seeded_id(BENGALI)}",
    "hostile": f"/traces/{seeded_id(HOSTILE_TRACE)}",
    "client-left": f"/traces/{seeded_id(LEFT)}",
    "sessions": "/sessions",
    "session": "/sessions/support-42",
    "completeness": "/completeness",
    "redaction": "/redaction",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an admin server with the seeds in its store."""
    folder, port = tmp_path_factory.mktemp("admin"), free_port()
    settings = Settings(data=folder, admin_token=SecretStr(TOKEN), admin_port=port)
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        await migrate(settings.database)
        db = connect(settings.database)
        await seed(db)
        app = create_app(settings, SECRET, db, "Answers come from the demo provider.")
        servers.append(uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, ws="none")))
        await servers[0].serve()
        await db.dispose()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    until(lambda: servers and servers[0].started)
    yield f"http://127.0.0.1:{port}"
    servers[0].should_exit = True
    thread.join(30)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as it:
        yield it


@dataclass
class Visit:
    """A page of a browser, and all that it complained of."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def log_in(self) -> None:
        self.page.get_by_label("Admin token").fill(TOKEN)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_role("button", name="Log out")).to_be_visible()


def browser(playwright: Playwright, folder: Path, **options: Any) -> BrowserContext:
    """A browser with a profile of its own."""
    executable = shutil.which("chromium")
    return playwright.chromium.launch_persistent_context(folder, executable_path=executable, args=FLAGS, **options)


@pytest.fixture
def visit(playwright: Playwright, base: str, tmp_path: Path) -> Iterator[Visit]:
    """A wide, light window that is logged in; at its end, no complaint may be left."""
    context = browser(playwright, tmp_path / "profile", viewport=SIZES["wide"])
    it = Visit(context.pages[0], base)
    it.go("/")
    it.log_in()
    yield it
    context.close()
    assert it.complaints == []


def test_from_the_list_to_a_trace_and_back(visit: Visit):
    page = visit.page
    expect(page.get_by_role("row")).to_have_count(51)
    page.get_by_label("Search").fill("receipt")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row")).to_have_count(2)
    assert page.url == f"{visit.base}/?q=receipt"
    page.get_by_role("link", name="Where is my order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("claude-sonnet-4-5")
    expect(page.get_by_text("Person 1").first).to_be_visible()
    page.get_by_text("Reasoning", exact=True).click()
    expect(page.get_by_text("I should look the order up before I answer.", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Search")).to_have_value("receipt")
    page.get_by_role("link", name="Clear all").click()
    expect(page.get_by_role("row")).to_have_count(51)


def test_filters_by_menu_and_by_cell(visit: Visit):
    page = visit.page
    page.get_by_label("Model").select_option("claude-sonnet-4-5")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row")).to_have_count(22)
    page.get_by_title("Only this provider").first.click()
    expect(page.get_by_role("link", name="Provider: anthropic")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="Provider: anthropic").click()
    expect(page.get_by_role("row")).to_have_count(22)


def test_older_and_newer(visit: Visit):
    page = visit.page
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("row")).to_have_count(18)
    page.get_by_role("link", name="Newer").click()
    expect(page.get_by_role("row")).to_have_count(51)


def test_times_are_local_and_text_can_be_copied(visit: Visit):
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.go(PAGES["chat"])
    expect(visit.page.locator("[data-zone]")).to_have_count(0)
    visit.page.get_by_text("Redacted JSON").click()
    visit.page.get_by_role("button", name="Copy").click()
    expect(visit.page.get_by_role("button", name="Copied")).to_be_visible()
    assert '"model": "gpt-5-mini"' in visit.page.evaluate("navigator.clipboard.readText()")


def test_logging_out(visit: Visit):
    visit.page.get_by_role("button", name="Log out").click()
    expect(visit.page.get_by_role("heading", name="Log in")).to_be_visible()
    visit.go("/sessions")
    visit.log_in()
    expect(visit.page.get_by_role("heading", name="Sessions")).to_be_visible()


def test_hostile_text_is_only_text(visit: Visit):
    visit.go(PAGES["hostile"])
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert visit.page.locator("main img, main script").count() == 0


def test_the_policy_holds(visit: Visit):
    """An injected inline script doesn't run: the browser would say so, were the policy not there."""
    visit.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'top.ran = 1'}))")
    assert visit.page.evaluate("top.ran") is None
    assert [c for c in visit.complaints if re.search("Content Security Policy", c)] == visit.complaints != []
    visit.complaints.clear()


def test_everything_works_without_javascript(playwright: Playwright, base: str, tmp_path: Path):
    context = browser(playwright, tmp_path / "profile", java_script_enabled=False)
    it = Visit(context.pages[0], base)
    it.go("/?q=receipt")
    it.log_in()
    expect(it.page.get_by_role("row")).to_have_count(2)
    expect(it.page.get_by_role("columnheader", name="Time (UTC)")).to_be_visible()
    it.page.get_by_role("link", name="Where is my order").click()
    expect(it.page.get_by_text("Person 1").first).to_be_visible()
    expect(it.page.get_by_role("button", name="Copy")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_without_barriers(playwright: Playwright, base: str, tmp_path: Path, scheme: Any, size: str):
    """axe finds nothing, nothing is wider than the window, and nothing is complained of. Screenshots are kept."""
    context = browser(playwright, tmp_path / "profile", viewport=SIZES[size], color_scheme=scheme)
    it = Visit(context.pages[0], base)
    it.go("/")
    barriers = look(it, tmp_path, "login")
    it.log_in()
    for name, path in PAGES.items():
        it.go(path)
        barriers += look(it, tmp_path, name)
    context.close()
    assert barriers == []
    assert it.complaints == []


def look(visit: Visit, folder: Path, name: str) -> list[str]:
    """What is wrong with the page as it stands; its folded parts are opened first."""
    page = visit.page
    page.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    found = [
        f"{name}: {v['id']} {[node['target'] for node in v['nodes']]}" for v in Axe().run(page).response["violations"]
    ]
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*found, *([f"{name}: {wider} px too wide"] if wider > 0 else [])]
