from odoo import fields, models

from ...tools.const import USER

NOTE = "kavi_billing.mt_activity_note"


class KaviBill(models.Model):
    """Activity notes: what billing people write for each other (KB-41).

    They are messages of a subtype of their own; a record rule keeps them from everybody
    else, also from those who may read the bill (accountants, payers).
    """

    _inherit = "kavi.bill"

    # searched as the user: or words of a note could be guessed, one search at a time
    message_ids = fields.One2many(bypass_search_access=False)
    website_message_ids = fields.One2many(bypass_search_access=False)

    def _log_note(self, body):
        """An activity note: for billing people, never for the payer."""
        if body:
            messages = self.sudo()._message_log_batch(dict.fromkeys(self.ids, body))
            messages.subtype_id = self.env.ref(NOTE)

    def message_post(self, **kwargs):
        """What billing people log on a bill by hand is an activity note, too, unless
        they address it to somebody."""
        if (
            kwargs.get("message_type") == "comment"
            and kwargs.get("subtype_xmlid") == "mail.mt_note"
            and not kwargs.get("partner_ids")
            and self.env.user.has_group(USER)
        ):
            kwargs["subtype_xmlid"] = NOTE
        return super().message_post(**kwargs)
