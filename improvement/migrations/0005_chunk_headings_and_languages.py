from django.db import migrations, models

from improvement.word_configs import word_config


def tell_chunks_their_language(apps, _schema_editor):
    """Headings stay empty until an article is saved again; only the search by words reads them."""
    articles = apps.get_model('improvement', 'Article').objects
    chunks = apps.get_model('improvement', 'Chunk').objects
    for language in articles.values_list('language', flat=True).distinct().order_by():
        chunks.filter(article__language=language).update(word_config=word_config(language))


class Migration(migrations.Migration):

    dependencies = [
        ('improvement', '0004_article_audience_pairs_imports'),
    ]

    operations = [
        migrations.AddField(
            model_name='chunk',
            name='heading',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='chunk',
            name='word_config',
            field=models.CharField(default='simple', max_length=20),
        ),
        migrations.RunPython(tell_chunks_their_language, migrations.RunPython.noop),
    ]
