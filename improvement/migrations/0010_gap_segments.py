import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("improvement", "0009_gap_memory")]

    operations = [
        migrations.AddField(
            model_name="gap",
            name=name,
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=16), blank=True, default=list, size=None
            ),
        )
        for name in ("channels", "languages")
    ]
