"""aiobotocore, without httpx: it would import that for a back end that is not used here."""

from __future__ import annotations

from functools import cache

from adapters.lean import absent, find_models_by_name

with absent("httpx", "httpx2"):
    from aiobotocore.config import AioConfig
    from aiobotocore.session import AioSession

__all__ = ["AioConfig", "new_session", "process_session"]


def new_session(profile: str | None = None) -> AioSession:
    """Return what reads the configuration files now; None: the profile that the environment says."""
    session = AioSession(profile=profile)
    find_models_by_name(session)
    return session


@cache
def process_session() -> AioSession:
    """Return the one for all that the process itself keeps on AWS: endpoints and models are read once."""
    return new_session()
