"""aiobotocore, without httpx: it would import that for a back end that is not used here."""

from adapters.lean import absent

with absent("httpx", "httpx2"):
    from aiobotocore.config import AioConfig
    from aiobotocore.session import AioSession

__all__ = ["AioConfig", "AioSession"]
