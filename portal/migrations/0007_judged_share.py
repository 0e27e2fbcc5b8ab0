import django.contrib.postgres.fields
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0006_settings_scope"),
    ]

    operations = [
        migrations.AddField(
            model_name="merchant",
            name="judged_share",
            field=models.PositiveSmallIntegerField(
                default=100,
                validators=[django.core.validators.MaxValueValidator(100)],
                verbose_name="conversations that a language model reads (%)",
            ),
        ),
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("ingest", "Send events"),
                        ("read", "Read metrics, conversations and articles"),
                        ("review", "Review drafts and label quality"),
                        ("settings", "Change costs and the rubric"),
                    ],
                    max_length=10,
                ),
                size=None,
            ),
        ),
    ]
