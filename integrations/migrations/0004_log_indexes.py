"""The columns are asked for now, and the log is found by them; newest first."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ('campaigns', '0001_initial'),
        ('integrations', '0003_log_columns'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='outcome',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(state__in=['waiting', 'sending', 'uncertain', 'held'], then=models.Value('waiting')), default=models.F('state')), output_field=models.CharField(max_length=20)),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='campaign',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='campaigns.campaign'),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='joined_at',
            field=models.DateTimeField(editable=False, verbose_name='joined'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('contact_id', ''), _negated=True), fields=['contact_id'], name='log_by_contact'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['outcome', '-joined_at', '-participant'], name='log_by_outcome'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['reason', '-joined_at', '-participant'], name='log_by_reason'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['connection', '-joined_at', '-participant'], name='log_by_workspace'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['campaign', 'outcome', '-joined_at', '-participant'], name='log_by_campaign_outcome'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('incomplete', True)), fields=['-joined_at', '-participant'], name='log_of_incomplete'),
        ),
        # The story of an entry asks Django's history what people ordered for it.
        migrations.RunSQL(
            "CREATE INDEX history_by_object ON django_admin_log (object_id, content_type_id)",
            "DROP INDEX history_by_object",
        ),
    ]
