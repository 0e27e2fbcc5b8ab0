from django.db import migrations


class Migration(migrations.Migration):
    """Counts by language are of no use any more; the task that runs every five minutes counts anew."""

    dependencies = [("improvement", "0013_search_state")]

    operations = [migrations.RunSQL("DELETE FROM improvement_wordcount", "DELETE FROM improvement_wordcount")]
