from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        import portal.api_schema  # noqa: PLC0415 - known to drf-spectacular once imported
        import portal.checks  # noqa: F401, PLC0415 - registered once imported
