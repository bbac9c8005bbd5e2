"""Decisions remember what was before and can be taken back; takedowns know when their pictures are gone."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0004_near_identical_captions'),
    ]

    operations = [
        migrations.AddField(
            model_name='decision',
            name='undone_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='decision',
            name='was',
            field=models.CharField(choices=[('pending', 'waiting for moderation'), ('active', 'active'), ('retired', 'retired')], default='active', max_length=10),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='takedown',
            name='finished_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('was__in', ['pending', 'active', 'retired'])), name='status_before_a_decision_is_known'),
        ),
    ]
