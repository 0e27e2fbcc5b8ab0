"""What OpenAPI says of every operation alike: the key it takes, its parameters, and its errors."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

PROBLEM = "application/problem+json"


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """drf-spectacular finds this by `target_class` once it was imported, which portal/apps.py does."""

    target_class = "portal.api_access.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key from Settings, API keys. It decides the merchant.",
        }


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField(help_text="about:blank: the status says it all.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False)
    errors = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="What is wrong and what to write instead, by parameter or field."
    )
    limit = serializers.DictField(
        required=False,
        help_text="With 429: the allowance that is used up, as `name`, `per_minute` and `retry_after_seconds`.",
    )


REASONS = {
    HTTPStatus.BAD_REQUEST: "Something asked or sent makes no sense; `errors` names it.",
    HTTPStatus.UNAUTHORIZED: "No key, or one that is unknown or revoked.",
    HTTPStatus.FORBIDDEN: "The key lacks the scope.",
    HTTPStatus.NOT_FOUND: "There is no such object of this merchant.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is no JSON.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests with this key.",
}
RETRY_AFTER = {
    "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds after which to try again.", "required": True}
}


class ApiSchema(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        query = getattr(self.view, "query", None) if self.method == "GET" else None
        return [query] if query and query().fields else []

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Its description ends with the scope, which the view itself is asked for."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation and (scope := getattr(self.view, "scope", None)):
            said = (operation.get("description", ""), f"Scope of the key: `{scope}`.")
            operation["description"] = "\n\n".join(filter(None, said))
        return operation

    def _get_request_body(self, direction: Any = "request") -> dict[str, Any] | None:
        body: dict[str, Any] | None = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        return {**body, "required": True} if body else None

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._errors():
            said = bodies.get(str(int(status)), {}).get("description")
            bodies[str(int(status))] = self._problem(status, said or REASONS[status])
        for code, body in bodies.items():
            if code >= "400" and "content" not in body:
                bodies[code] = self._problem(HTTPStatus(int(code)), body["description"])
        return dict(sorted(bodies.items()))

    def _errors(self) -> list[HTTPStatus]:
        """What may go wrong with an operation of this kind."""
        errors = [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS]
        has_body = self.method in ("POST", "PUT", "PATCH")
        if has_body or self.method == "GET":
            errors.append(HTTPStatus.BAD_REQUEST)
        if has_body:
            errors += [HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
        if "{" in self.path:
            errors.append(HTTPStatus.NOT_FOUND)
        return errors

    def _problem(self, status: HTTPStatus, description: str) -> dict[str, Any]:
        shape = self.resolve_serializer(ProblemSerializer, "response").ref
        body: dict[str, Any] = {"description": description, "content": {PROBLEM: {"schema": shape}}}
        if status is HTTPStatus.TOO_MANY_REQUESTS:
            body["headers"] = RETRY_AFTER
        return body
