from reporting.models.anomaly import Among, Anomaly
from reporting.models.delivery import RETRY_AFTER, Delivery, DeliveryState
from reporting.models.report import Report
from reporting.models.subscription import Subscription, Topic

__all__ = [
    "RETRY_AFTER",
    "Among",
    "Anomaly",
    "Delivery",
    "DeliveryState",
    "Report",
    "Subscription",
    "Topic",
]
