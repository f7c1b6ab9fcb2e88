from tests.db import db, db_url, postgres, postgres_url, sqlite_template, sqlite_url

__all__ = ["db", "db_url", "postgres", "postgres_url", "sqlite_template", "sqlite_url"]
