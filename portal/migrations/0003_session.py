"""People stay signed in: the sessions of Django's own table move to ours."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models
from django.utils import timezone


def move_sessions(apps, schema_editor):
    """Both tables encode alike. Whoever was deleted since has no session here."""
    old, new = apps.get_model('sessions', 'Session'), apps.get_model('portal', 'Session')
    users = set(apps.get_model('portal', 'User').objects.values_list('pk', flat=True))
    rows = []
    for row in old.objects.filter(expire_date__gt=timezone.now()).iterator():
        user_id = int(SessionStore().decode(row.session_data).get(SESSION_KEY) or 0)
        if user_id in users:
            rows.append(new(session_key=row.session_key, session_data=row.session_data, expire_date=row.expire_date, user_id=user_id))
    new.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    old.objects.all().delete()




class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0002_invitation'),
        ('sessions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Session',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('user_agent', models.CharField(blank=True, max_length=300)),
                ('signed_in_at', models.DateTimeField(null=True)),
                ('seen_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'abstract': False,
            },
        ),
        migrations.RunPython(move_sessions, migrations.RunPython.noop),
    ]
