"""A client of the Odoo addon "JWT Authentication & API Controllers".

with Client("https://odoo.example.com") as odoo:
    odoo.log_in("demo", "demo")
    page = odoo.list("res.partner", fields=["name"], search="azure")
"""

from .aio import AsyncClient
from .client import Client
from .errors import (
    ApiError,
    LoggedOutError,
    MfaRequiredError,
    NetworkError,
    RequestTimeoutError,
    StoreError,
)
from .results import Download, One, Page
from .stores import FileStore, MemoryStore, TokenStore

__all__ = [
    "ApiError",
    "AsyncClient",
    "Client",
    "Download",
    "FileStore",
    "LoggedOutError",
    "MemoryStore",
    "MfaRequiredError",
    "NetworkError",
    "One",
    "Page",
    "RequestTimeoutError",
    "StoreError",
    "TokenStore",
]
