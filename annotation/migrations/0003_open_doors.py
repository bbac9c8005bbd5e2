"""Moderation, invitations, tokens; and what memes, meme templates and people need for them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from annotation.migrations._triggers import install_triggers, remove_triggers


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0002_invariants'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.RunPython(remove_triggers, install_triggers),
        migrations.CreateModel(
            name='Acceptance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('beginning', models.CharField(max_length=12)),
                ('scopes', models.JSONField()),
                ('expires_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='BlockedPhrase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phrase', models.CharField(max_length=100, unique=True)),
                ('added_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(choices=[('approve', 'approved'), ('retire', 'retired'), ('restore', 'restored')], max_length=10)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_sha256', models.CharField(max_length=64, unique=True)),
                ('note', models.CharField(blank=True, max_length=120)),
                ('role', models.CharField(choices=[('annotator', 'annotator'), ('researcher', 'researcher'), ('admin', 'admin')], max_length=10)),
                ('guests', models.BooleanField(default=False)),
                ('quota', models.PositiveIntegerField()),
                ('accepted', models.PositiveIntegerField(default=0)),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name='Takedown',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name='meme',
            name='proposed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='meme',
            name='reviewed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='memetemplate',
            name='created_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='memetemplate',
            name='proposals_open',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='user',
            name='closed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='is_guest',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='user',
            name='paused_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='paused_because',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddIndex(
            model_name='meme',
            index=models.Index(condition=models.Q(('status', 'pending')), fields=['id'], name='memes_waiting_for_moderation'),
        ),
        migrations.AddIndex(
            model_name='meme',
            index=models.Index(fields=['source_id'], name='memes_by_where_they_came_from'),
        ),
        migrations.AddIndex(
            model_name='skip',
            index=models.Index(condition=models.Q(('kind', 'flag'), ('superseded_at__isnull', True)), fields=['at'], name='flags_in_force'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('paused_at__isnull', True), models.Q(('paused_because', ''), _negated=True), _connector='OR'), name='a_pause_has_a_reason'),
        ),
        migrations.AddField(
            model_name='acceptance',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acceptances', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='apitoken',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tokens', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='blockedphrase',
            name='added_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='decision',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='decision',
            name='meme',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='annotation.meme'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='acceptance',
            name='invitation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acceptances', to='annotation.invitation'),
        ),
        migrations.AddField(
            model_name='takedown',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='takedown',
            name='meme',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='takedown', to='annotation.meme'),
        ),
        migrations.AddField(
            model_name='takedown',
            name='template',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='takedown', to='annotation.memetemplate'),
        ),
        migrations.AddConstraint(
            model_name='apitoken',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='a_token_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='blockedphrase',
            constraint=models.CheckConstraint(condition=models.Q(('phrase', ''), _negated=True), name='a_blocked_phrase_is_not_empty'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['-id'], name='decisions_newest_first'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('action__in', ['approve', 'retire', 'restore'])), name='decision_is_known'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['annotator', 'researcher', 'admin'])), name='an_invitation_gives_a_known_role'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('accepted__lte', models.F('quota')), ('quota__gte', 1)), name='an_invitation_is_accepted_within_its_quota'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('guests', False), ('role', 'annotator'), _connector='OR'), name='guests_only_judge'),
        ),
        migrations.AddConstraint(
            model_name='acceptance',
            constraint=models.UniqueConstraint(fields=('invitation', 'user'), name='an_invitation_is_accepted_once'),
        ),
        migrations.AddConstraint(
            model_name='takedown',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('meme__isnull', True), ('template__isnull', False)), models.Q(('meme__isnull', False), ('template__isnull', True)), _connector='OR'), name='a_takedown_is_of_a_template_or_of_a_meme'),
        ),
        migrations.AddConstraint(
            model_name='takedown',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='a_takedown_has_a_reason'),
        ),
        migrations.RunPython(install_triggers, remove_triggers),
    ]
