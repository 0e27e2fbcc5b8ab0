import django.db.models.deletion
from django.db import migrations, models

# The model that most of a merchant's articles have vectors of is the one that was searched. Indexes of a merchant
# without a model in their name are made anew by the schedule, with one.
FILL = """
    INSERT INTO improvement_searchstate (merchant_id, embedding_model)
    SELECT DISTINCT ON (merchant_id) merchant_id, embedding_model
    FROM (
        SELECT merchant_id, embedding_model, count(DISTINCT article_id) n FROM improvement_chunk GROUP BY 1, 2
    ) counted
    ORDER BY merchant_id, n DESC, embedding_model
"""


class Migration(migrations.Migration):
    dependencies = [
        ("improvement", "0012_question_coverage_signals"),
        ("portal", "0006_settings_scope"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchState",
            fields=[
                (
                    "merchant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="portal.merchant",
                    ),
                ),
                ("embedding_model", models.CharField(max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name="WordCount",
            fields=[
                (
                    "merchant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="portal.merchant",
                    ),
                ),
                ("n_passages", models.PositiveIntegerField()),
                ("frequent", models.JSONField()),
                ("counted_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
