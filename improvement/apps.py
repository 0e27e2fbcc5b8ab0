from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImprovementConfig(AppConfig):
    name = "improvement"

    def ready(self) -> None:
        from improvement.models import Draft, DraftState  # noqa: PLC0415 - models load after this file
        from portal.models import Merchant  # noqa: PLC0415
        from portal.navigation import register_count  # noqa: PLC0415

        def count_drafts_in_review(merchant: Merchant) -> int:
            return int(Draft.objects.for_merchant(merchant).filter(state=DraftState.IN_REVIEW).count())

        register_count("drafts", count_drafts_in_review, label=_("waiting for review"))
