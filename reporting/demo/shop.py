"""The shop of the demo: an outdoor and cycling shop in Germany. All of it is made up."""

SLUG = "talwind"
NAME = "Talwind Outdoor"
ZONE = "Europe/Berlin"
CURRENCY = "EUR"
HELP_URL = "https://help.talwind.example"

# A shop of the same owner that has not started yet: it shows what an empty portal looks like.
SECOND_SLUG = "talwind-rental"
SECOND_NAME = "Talwind Rental"
