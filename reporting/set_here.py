"""What is set on the pages of this room, in words for the settings of the portal."""

from django.utils.translation import gettext as _

from portal.costs import Source
from portal.models import CostInputs, Merchant, User
from portal.templatetags.formats import money
from reporting.models import Subscription, Topic


def describe_costs(merchant: Merchant, user: User) -> str:
    costs = CostInputs.costs_of(merchant)
    price = money(costs.human_conversation, merchant.currency)
    if {costs.minutes_per_conversation.source, costs.hourly_cost.source} == {Source.DEFAULT}:
        return _("A conversation that a person has costs %(price)s: a guess, as nobody typed your own costs.") % {
            "price": price
        }
    return _("A conversation that a person has costs %(price)s.") % {"price": price}


def describe_subscription(merchant: Merchant, user: User) -> str:
    if Subscription.active(merchant).filter(user=user).exists():
        return _("You get it every Monday at 08:00.")
    return _("You do not get it.")


def describe_anomaly_emails(merchant: Merchant, user: User) -> str:
    if Subscription.active(merchant, Topic.ANOMALIES).filter(user=user).exists():
        return _("You get one when something is out of the ordinary.")
    return _("You get none.")
