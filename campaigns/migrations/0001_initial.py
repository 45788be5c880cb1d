from __future__ import annotations

import campaigns.text
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('slug', models.SlugField(max_length=100, unique=True, verbose_name='short name')),
                ('status', models.CharField(choices=[('active', 'Active'), ('ended', 'Ended')], default='active', max_length=10, verbose_name='status')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'campaign',
                'verbose_name_plural': 'campaigns',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='LeadField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='How other systems know this field: small letters, digits and underscores.', max_length=50, validators=[django.core.validators.RegexValidator('^[a-z0-9_]+\\Z', 'Use small letters a to z, digits and underscores only.', code='key')], verbose_name='key')),
                ('label', models.CharField(help_text='What people read on the form.', max_length=200, verbose_name='label')),
                ('type', models.CharField(choices=[('text', 'Text'), ('number', 'Number'), ('boolean', 'Yes or no'), ('date', 'Date')], default='text', max_length=10, verbose_name='type')),
                ('required', models.BooleanField(default=False, verbose_name='required on the form')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lead_fields', to='campaigns.campaign', verbose_name='campaign')),
            ],
            options={
                'verbose_name': 'custom lead field',
                'verbose_name_plural': 'custom lead fields',
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'key'), name='leadfield_key_once', violation_error_message='This campaign already has a field with this key.')],
            },
        ),
        migrations.CreateModel(
            name='Participant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('audience', models.CharField(choices=[('lead', 'Lead'), ('referrer', 'Referrer')], max_length=10, verbose_name='audience')),
                ('email', models.EmailField(max_length=254, verbose_name='email')),
                ('email_normalized', models.CharField(editable=False, max_length=254, verbose_name='email, lower-cased')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('phone', models.CharField(blank=True, max_length=50, verbose_name='phone')),
                ('company', models.CharField(blank=True, max_length=255, verbose_name='company')),
                ('source', models.CharField(blank=True, max_length=255, verbose_name='source')),
                ('referral_code', models.CharField(default=campaigns.text.new_code, editable=False, max_length=20, unique=True, verbose_name='referral code')),
                ('custom', models.JSONField(blank=True, default=dict, verbose_name='custom fields')),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('qualified', 'Qualified'), ('rejected', 'Rejected')], default='pending', max_length=10, verbose_name='status')),
                ('joined_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False, verbose_name='joined')),
                ('qualified_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='qualified')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='participants', to='campaigns.campaign', verbose_name='campaign')),
                ('referrer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='referrals', to='campaigns.participant', verbose_name='referrer')),
            ],
            options={
                'verbose_name': 'participant',
                'verbose_name_plural': 'participants',
                'indexes': [models.Index(fields=['email_normalized'], name='participant_email_prefix', opclasses=['varchar_pattern_ops'])],
                'constraints': [models.UniqueConstraint(fields=('email_normalized', 'campaign', 'audience'), name='participant_once'), models.CheckConstraint(condition=models.Q(models.Q(('qualified_at__isnull', False), ('status', 'qualified')), models.Q(models.Q(('status', 'qualified'), _negated=True), ('qualified_at__isnull', True)), _connector='OR'), name='participant_qualified_time'), models.CheckConstraint(condition=models.Q(('audience', 'lead'), ('status', 'pending'), _connector='OR'), name='participant_only_leads_qualify'), models.CheckConstraint(condition=models.Q(('referrer__isnull', True), models.Q(('referrer', models.F('id')), _negated=True), _connector='OR'), name='participant_not_own_referrer')],
            },
        ),
    ]
