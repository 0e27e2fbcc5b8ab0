import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.contrib.postgres.operations import BtreeGinExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('improvement', '0005_chunk_headings_and_languages'),
    ]

    operations = [
        BtreeGinExtension(),
        migrations.AddField(
            model_name='chunk',
            name='words',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(then=django.contrib.postgres.search.SearchVector('heading', 'text', config='danish'), word_config='danish'), models.When(then=django.contrib.postgres.search.SearchVector('heading', 'text', config='german'), word_config='german'), models.When(then=django.contrib.postgres.search.SearchVector('heading', 'text', config='english'), word_config='english'), models.When(then=django.contrib.postgres.search.SearchVector('heading', 'text', config='spanish'), word_config='spanish'), models.When(then=django.contrib.postgres.search.SearchVector('heading', 'text', config='finnish'), word_config='finnish'), models.When(then=django.contrib.postgres.search.SearchVector('heading', 'text', config='french'), word_config='french'), models.When(then=django.contrib.postgres.search.SearchVector('heading', 'text', config='italian'), word_config='italian'), models.When(then=django.contrib.postgres.search.SearchVector('heading', 'text', config='dutch'), word_config='dutch'), models.When(then=django.contrib.postgres.search.SearchVector('heading', 'text', config='norwegian'), word_config='norwegian'), models.When(then=django.contrib.postgres.search.SearchVector('heading', 'text', config='portuguese'), word_config='portuguese'), models.When(then=django.contrib.postgres.search.SearchVector('heading', 'text', config='swedish'), word_config='swedish'), default=django.contrib.postgres.search.SearchVector('heading', 'text', config='simple')), output_field=django.contrib.postgres.search.SearchVectorField()),
        ),
        migrations.AddIndex(
            model_name='chunk',
            index=django.contrib.postgres.indexes.GinIndex(fields=['merchant', 'words'], name='chunk_words'),
        ),
    ]
