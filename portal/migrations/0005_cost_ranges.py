from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models


def minutes(name):
    validators = [MinValueValidator(0), MaxValueValidator(1440)]
    return models.DecimalField(
        blank=True, decimal_places=2, max_digits=7, null=True, validators=validators, verbose_name=name
    )


class Migration(migrations.Migration):
    """The range of the minutes, and who typed which amount."""

    dependencies = [("portal", "0004_two_step")]

    operations = [
        migrations.AddField("costinputs", "minutes_low", minutes("minutes at least")),
        migrations.AddField("costinputs", "minutes_high", minutes("minutes at most")),
        migrations.AddField("costinputs", "typed", models.JSONField(default=dict, editable=False)),
    ]
