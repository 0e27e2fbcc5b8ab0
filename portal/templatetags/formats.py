"""Numbers, money, durations and dates as the merchant reads them."""

from django import template

register = template.Library()
