"""What training the local scorer led to, in plain words and the active locale."""

from django.utils.translation import ngettext

from analytics.scorer_training import Lack, Shortage
from portal.templatetags.formats import number


def tell_shortage(shortage: Shortage) -> str:
    counts = {name: number(getattr(shortage, name)) for name in ("missing", "needed", "found")}
    if shortage.lack == Lack.QUESTIONS:
        text = ngettext(
            "The labelled conversations ask %(found)s question; labels of %(needed)s different ones are needed.",
            "The labelled conversations ask %(found)s different questions; labels of %(needed)s are needed.",
            shortage.found,
        )
    elif shortage.lack == Lack.NEW_LABELS:
        text = ngettext(
            "%(missing)s more labelled conversation is needed: the next training is from %(needed)s on.",
            "%(missing)s more labelled conversations are needed: the next training is from %(needed)s on.",
            shortage.missing,
        )
    else:
        text = ngettext(
            "%(missing)s more labelled conversation is needed: the first training is from %(needed)s on.",
            "%(missing)s more labelled conversations are needed: the first training is from %(needed)s on.",
            shortage.missing,
        )
    return text % counts
