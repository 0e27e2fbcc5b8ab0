from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportingConfig(AppConfig):
    name = "reporting"

    def ready(self) -> None:
        from portal.navigation import register_elsewhere  # noqa: PLC0415 - models load after this file
        from reporting.set_here import describe_anomaly_emails, describe_costs, describe_subscription  # noqa: PLC0415

        register_elsewhere("roi", describe_costs, label=_("Costs for the return on investment"))
        register_elsewhere("reports", describe_subscription, label=_("Weekly report by email"))
        register_elsewhere("anomalies", describe_anomaly_emails, label=_("Emails about unusual hours"))
