"""Runs the admin's app under uvicorn."""

from __future__ import annotations

import structlog

from transom.admin.app import create_app
from transom.asgi import Server, server_config
from transom.config import Settings
from transom.secret import Secret
from transom.store.engine import connect

log = structlog.get_logger()

DEMO_PROVIDER = "demo"
DEMO_NOTICE = (
    "No provider is configured: answers come from the built-in demo provider. "
    "Fill these pages with `transom demo`, or name a provider in the settings."
)
_GRACE_S = 5


def notice(settings: Settings) -> str | None:
    """What every page is to say: that the demo provider answers, where it does."""
    return DEMO_NOTICE if settings.default_provider == DEMO_PROVIDER else None


async def serve(settings: Settings, secret: Secret) -> None:
    """Run the pages and the REST until SIGTERM."""
    engine = connect(settings.database)
    app = create_app(settings, secret, engine, notice(settings))
    config = server_config(app, settings.admin_host, settings.admin_port, _GRACE_S)
    log.info("admin listens", host=settings.admin_host, port=settings.admin_port)
    await Server(config).serve()
    await engine.dispose()
