from odoo import api, fields, models


class KaviMembership(models.Model):
    """What the moderator sees of those who wait: since when, who they were before, and
    who looks like them."""

    _inherit = "kavi.membership"

    form_id = fields.Many2one(
        related="application_id.form_id", string="Form", store=True, index=True
    )
    waiting_days = fields.Integer(
        string="Waiting (Days)",
        compute="_compute_waiting_days",
        help="Since the state that it is in.",
    )
    former_count = fields.Integer(
        string="Former Terms", compute="_compute_former_count", compute_sudo=True
    )
    look_alike_count = fields.Integer(
        string="Look-Alikes",
        compute="_compute_look_alike_count",
        compute_sudo=True,
        help="Contacts with the same e-mail address, name or tax number.",
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "state_date")
    def _compute_waiting_days(self):
        for one in self:
            since = one.state_date or fields.Date.to_date(one.create_date)
            today = one.company_id._billing_today()
            waits = (one.state or "").startswith("pending")
            one.waiting_days = (today - since).days if waits and since else 0

    @api.depends("partner_id")
    def _compute_former_count(self):
        counts = dict(
            self._read_group(
                [
                    ("partner_id", "in", self.partner_id.ids),
                    ("date_activated", "!=", False),
                ],
                ["partner_id"],
                ["__count"],
            )
        )
        for one in self:
            own = bool(one.date_activated)
            one.former_count = counts.get(one.partner_id, 0) - own

    @api.depends("partner_id")
    def _compute_look_alike_count(self):
        waiting = self.filtered(
            lambda one: one.partner_id.kavi_is_pending_member and not one.date_ready
        )
        found = waiting.partner_id._find_look_alikes()
        for one in self:
            one.look_alike_count = len(found.get(one.partner_id, ()))

    # === ACTION METHODS === #

    def action_open_application(self):
        self.check_access("read")
        return self.application_id._get_records_action()

    # === HELPER METHODS === #

    def _mail_decision(self, text):
        """Mail what was decided; who is welcomed has a mail already."""
        template = self.env.ref("kavi_members.mail_template_decision").sudo()
        for one in self.sudo():  # the caller was checked
            holder = one.partner_id
            to = (holder.primary_contact_id or holder) if holder.is_company else holder
            if not to.email or one.state == "current" and one.type_id.welcome:
                continue
            template.with_context(lang=to.lang, decision_text=text).send_mail(
                one.id,
                email_values={"email_to": to.email_formatted, "recipient_ids": []},
            )
