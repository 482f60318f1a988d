from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from ...tools.form_rules import MAX_MESSAGE, MAX_MESSAGES, clean_text


class KaviMembershipApplication(models.Model):
    """The page on which an applicant follows the application, pays, withdraws and
    writes (KM-24, KM-54). Whoever has its link may; callers ask for the token first."""

    _inherit = "kavi.membership.application"

    # === ACTION METHODS === #

    def action_open_status_page(self):
        """The page as the applicant sees it: for officers, who may act for them."""
        self._check_role("officer")
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": self._get_status_path(),
            "target": "new",
        }

    # === BUSINESS METHODS === #

    def _get_status(self):
        """What the page shows: a dict for each membership, with "type", "state",
        "text", "bill", "amount", "pay_url" and "can_withdraw"."""
        self.ensure_one()
        members = self.with_context(active_test=False).membership_ids
        return [one._get_applicant_status() for one in members]

    def _get_representative_text(self):
        """The same for who joins a member company."""
        self.ensure_one()
        return {
            "open": self.env._(
                "We look at your application, and write to you when it is decided."
            ),
            "done": self.env._("You are welcome: you belong to your company here.")
            if not self.partner_id.kavi_is_pending_member
            else self.env._("Your application was not accepted."),
            "withdrawn": self.env._("You have withdrawn your application."),
        }.get(self.state, "")

    def _withdraw_as_applicant(self):
        """Take back what can be taken back: while nothing is paid.

        :raise UserError: when nothing can
        """
        self.ensure_one()
        self._wait_for_rows()
        if self.state in ("draft", "unconfirmed"):
            self._write_facts({"state": "withdrawn"})
            return
        if self.kind == "representative" and self.state == "open":
            self.seat_ids.unlink()
            self._write_facts({"state": "withdrawn"})
            return
        members = self.membership_ids.filtered(
            lambda one: "withdraw" in (one.allowed_acts or [])
        )
        if not members:
            raise UserError(
                self.env._(
                    "This can no longer be withdrawn here. Write to us below, and we "
                    "look what can be done."
                )
            )
        members._withdraw(self.env._("By the applicant."))

    def _post_as_applicant(self, text):
        """Keep what the applicant wrote, and tell the officers.

        :raise UserError: when it is empty, too long, or one of too many
        """
        self.ensure_one()
        text, is_long = clean_text(text, MAX_MESSAGE)
        if not text:
            raise UserError(self.env._("Write a message first."))
        if is_long:
            raise UserError(
                self.env._("A message has at most %s characters.", MAX_MESSAGE)
            )
        since = fields.Datetime.subtract(fields.Datetime.now(), days=1)
        people = self.partner_id | self.contact_ids.partner_id
        count = self.env["mail.message"].search_count(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("author_id", "in", people.ids),
                ("date", ">=", since),
            ]
        )
        if count >= MAX_MESSAGES:
            raise UserError(
                self.env._("You have written enough for today: we answer by mail.")
            )
        self.message_post(
            body=plaintext2html(text),
            author_id=(self._get_speaker() or self.partner_id).id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.membership_ids[:1]._alert_officers(
            self.env._("Message of an applicant"),
            self.env._("Read it on the application %s, and answer there.", self.name),
        )
