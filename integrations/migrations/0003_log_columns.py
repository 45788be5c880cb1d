"""Each entry of the log gets what the log is searched by; those that exist are filled in."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE integrations_delivery SET
    campaign_id = (SELECT campaign_id FROM campaigns_participant p WHERE p.id = participant_id),
    joined_at = (SELECT joined_at FROM campaigns_participant p WHERE p.id = participant_id)
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial"), ("integrations", "0002_panel")]

    operations = [
        migrations.AddField(
            "delivery",
            "campaign",
            models.ForeignKey(
                null=True,
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="campaigns.campaign",
            ),
        ),
        migrations.AddField(
            "delivery", "joined_at", models.DateTimeField(null=True, editable=False, verbose_name="joined")
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
