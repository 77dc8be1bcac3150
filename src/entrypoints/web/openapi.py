"""What OpenAPI says of the requests that this service makes itself: the generic webhook."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    PathItem,
    RequestBody,
    Schema,
)

from adapters.chats.webhook import schema_components

PLACE = "#/webhooks/report/post/requestBody/content/application~1json/schema"
"""Litestar writes the common components anew, so that the body's parts stand in the body."""


@dataclass
class _Written(Schema):
    """A schema that is there already, in JSON Schema's own form."""

    written: dict[str, Any] = field(default_factory=dict)

    def to_schema(self) -> dict[str, Any]:
        """As it is."""
        return self.written


def webhooks() -> dict[str, Any]:
    """The request to a ``webhook+https://…`` destination."""
    events, classes = schema_components(f"{PLACE}/$defs/{{name}}")
    body = _Written(written={"oneOf": events, "$defs": classes})
    operation = Operation(
        summary="A report, signed as Standard Webhooks 1.0",
        description="Headers: webhook-id (the same over retries), webhook-timestamp, webhook-signature.",
        request_body=RequestBody(required=True, content={"application/json": OpenAPIMediaType(schema=body)}),
        responses={
            "2XX": OpenAPIResponse(description="Delivered."),
            "410": OpenAPIResponse(description="This URL is never called again."),
        },
    )
    return {"report": PathItem(post=operation)}
