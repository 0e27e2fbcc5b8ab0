import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('improvement', '0007_question_marks_and_requests'),
        ('portal', '0006_settings_scope'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArticleComparison',
            fields=[
                ('merchant', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='portal.merchant')),
                ('compared_to', models.DateTimeField()),
            ],
        ),
    ]
