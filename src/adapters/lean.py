"""Libraries, imported without what they load only because it is there: that is a tenth of every start.

Litestar brings rich, httpx and PyYAML into every installation. structlog, aiobotocore and dependency-injector
import them where they find them, each for something that is not used here.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any


def import_libraries() -> None:
    """Import what every command but ``--help`` needs. To be called before anything else imports it."""
    with absent("rich"):
        import_module("structlog")
    with absent("yaml"):
        import_module("dependency_injector.containers")
    with _no_certificates():
        import_module("aiohttp")


@contextmanager
def absent(*modules: str) -> Iterator[None]:
    """Let whatever is imported meanwhile find that these, if nobody has imported them yet, are not installed.

    Source: The Python language reference, "The module cache": None there makes their import fail.
    """
    cache: dict[str, Any] = sys.modules
    hidden = [name for name in modules if name not in cache]
    cache.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            cache.pop(name, None)


def find_models_by_name(session: Any) -> None:
    """Let a session of botocore's look for the models of a service in the folder of its name.

    It would look for those of all four hundred services first, so as to tell their names if one is unknown:
    hundreds of folders for each kind of model, which a machine that has just started reads from its disk.
    """
    loader = session.get_component("data_loader")

    def folders(_kind_of_model: str) -> list[str]:
        paths = filter(Path.is_dir, map(Path, loader.search_paths))
        return [folder.name for path in paths for folder in path.iterdir()]

    loader.list_available_services = folders


@contextmanager
def _no_certificates() -> Iterator[None]:
    """Let no certificates be read meanwhile.

    aiohttp reads the system's twice while it is imported, once for connections that check none. What it makes
    then trusts nobody: every https connection here has to be given an ``ssl`` of its own.
    """
    reading = "set_default_verify_paths"  # the class inherits it
    setattr(ssl.SSLContext, reading, lambda _: None)
    try:
        yield
    finally:
        delattr(ssl.SSLContext, reading)
