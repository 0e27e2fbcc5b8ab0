"""The stored corrections of a merchant's series. Only what enough people confirmed corrects anything."""

from collections.abc import Mapping

from analytics.corrections import Correction, Series
from analytics.models import Calibration
from portal.models import Merchant

NONE: Mapping[str, Correction] = {}


def read_corrections(merchant: Merchant) -> dict[Series, dict[str, Correction]]:
    """By series and dimension ("overall" among them). One query over calibration_latest."""
    rows = (
        Calibration.objects.for_merchant(merchant)
        .filter(is_latest=True, is_provisional=False)
        .values_list("scorer", "scorer_version", "rubric_version", "dimension", "correction")
    )
    found: dict[Series, dict[str, Correction]] = {}
    for *series, dimension, correction in rows:
        if correction is not None:
            found.setdefault((series[0], series[1], series[2]), {})[dimension] = Correction(**correction)
    return found
