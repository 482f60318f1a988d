from odoo import api, models
from odoo.exceptions import UserError

# Fields that follow from the entries, fields that only an act writes, and fields that
# may still be edited once the credit is in the books.
DERIVED = frozenset(
    "state amount_open amount_open_company amount_applied amount_refunded "
    "amount_expired".split()
)
FACTS = frozenset(("name", "move_id"))
EDITABLE = frozenset(("reason", "expiry_date"))


class KaviCredit(models.Model):
    """The guards of credits, on every path: button, RPC, import, cron."""

    _inherit = "kavi.credit"

    def _lock_in_state(self, *states):
        """Lock the credits' rows and refuse those that are in no state of ``states``.

        :raise AccessError: without the officer's role
        :raise UserError: with the reason
        """
        self._check_role("officer")
        self.check_access("write")
        self._lock_rows()
        labels = dict(self._fields["state"]._description_selection(self.env))
        for credit in self:
            if credit.state not in states:
                raise UserError(
                    self.env._(
                        "Credit %(credit)s is %(state)s: this cannot be done with it.",
                        credit=credit.display_name,
                        state=labels[credit.state],
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        is_act = self._is_act()
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            self._check_years(vals, ("date", "expiry_date"))
            vals.setdefault("partner_id", self.env.context.get("default_partner_id"))
            if not vals["partner_id"]:
                raise UserError(
                    self.env._("Choose the account that is credited: a credit has one.")
                )
            if not is_act:
                self._check_created_vals(vals)
        partners = self.env["res.partner"].browse(
            {vals["partner_id"] for vals in vals_list}
        )
        accounts = partners._get_billing_account()
        for vals in vals_list:
            partner = self.env["res.partner"].browse(vals["partner_id"])
            vals["partner_id"] = partner.commercial_partner_id.id
        credits = super().create(vals_list)
        accounts._open_billing_account()
        return credits

    @api.model
    def _check_created_vals(self, vals):
        self._refuse_fields({name for name in vals if vals[name]} & (DERIVED | FACTS))
        if vals.get("kind") == "overpayment":
            raise UserError(
                self.env._(
                    "An overpayment is not entered by hand: it is what a payment left "
                    "over."
                )
            )
        currency_id = (
            vals.get("currency_id")
            or self.env.context.get("default_currency_id")
            or self.env["kavi.bill"].browse(vals.get("bill_id")).currency_id.id
        )
        company = self.env["res.company"].browse(
            vals.get("company_id")
            or self.env.context.get("default_company_id")
            or self.env.company.id
        )
        currency = (
            self.env["res.currency"].browse(currency_id) or company.sudo().currency_id
        )
        self._check_amount(vals.get("amount"), currency)

    def write(self, vals):
        if self._is_act():
            return super().write(vals)
        self._refuse_fields(set(vals) & (DERIVED | FACTS))
        self._check_years(vals, ("date", "expiry_date"))
        names = self._get_written_fields(vals)
        fixed = names - EDITABLE
        issued = self.filtered("name")
        if issued and fixed:
            raise UserError(
                self.env._(
                    "Credit %(credit)s is in the books: %(fields)s can no longer be "
                    "changed. Take it back and give another one instead.",
                    credit=issued[0].name,
                    fields=self._get_field_labels(fixed),
                )
            )
        if names:
            self._check_written_amounts(vals)
        return super().write(vals)

    def _check_written_amounts(self, vals):
        """Drafts: the amount that they will have must be one of their currency."""
        self._check_role("officer")
        if vals.get("kind") == "overpayment":
            self._check_created_vals({"kind": "overpayment"})
        if "amount" in vals or "currency_id" in vals:
            for credit in self:
                currency = (
                    self.env["res.currency"].browse(vals.get("currency_id"))
                    or credit.currency_id
                )
                self._check_amount(vals.get("amount", credit.amount), currency)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_issued(self):
        self._check_role("officer")
        for credit in self:
            if credit.name:
                raise UserError(
                    self.env._(
                        "Credit %s is in the books, and what is booked is not deleted. "
                        "Take it back instead: its history stays.",
                        credit.name,
                    )
                )
