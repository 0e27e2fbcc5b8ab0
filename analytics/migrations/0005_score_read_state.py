from datetime import UTC, datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0004_score_attempts")]

    operations = [
        migrations.AddField(
            model_name="qualityscore",
            name="read_state_at",
            # Scores made before are taken as of an older state: the local scorer makes them anew.
            field=models.DateTimeField(default=datetime(1970, 1, 1, tzinfo=UTC)),
            preserve_default=False,
        ),
    ]
