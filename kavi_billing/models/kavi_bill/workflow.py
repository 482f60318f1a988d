from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ...tools.bill_rules import ACTS, DERIVED, EDITABLE, FACTS, allowed_acts, refusal

_DATES = ("bill_date", "due_date")


class KaviBill(models.Model):
    """The guards: they ask ``bill_rules``, on every path."""

    _inherit = "kavi.bill"

    allowed_acts = fields.Json(
        compute="_compute_allowed_acts",
        help="The acts that the table allows now: the form shows these buttons.",
    )
    flag_label = fields.Char(string="Flags", compute="_compute_flag_label")

    @api.depends(
        "state",
        "is_overdue",
        "is_partly_paid",
        "is_disputed",
        "is_frozen",
        "opening_state",
        "opening_date",
    )
    def _compute_allowed_acts(self):
        table = self._get_acts()
        for bill in self:
            bill.allowed_acts = allowed_acts(
                bill.state or "draft", bill._get_flags(), table
            )

    @api.depends(
        "is_overdue",
        "is_partly_paid",
        "is_disputed",
        "is_frozen",
        "opening_state",
        "opening_date",
    )
    def _compute_flag_label(self):
        labels = self._get_flag_labels()
        for bill in self:
            flags = bill._get_flags()
            bill.flag_label = " · ".join(
                label for flag, label in labels.items() if flag in flags
            )

    @api.model
    def _get_acts(self):
        """Hook: the table of what may be done with bills; other addons extend it.

        :return: dict like ``bill_rules.ACTS``
        """
        return ACTS

    def _check_act(self, act):
        """Refuse ``act`` unless the table allows it on each of these bills.

        :param str act: a key of :meth:`_get_acts`
        :raise AccessError: when the user's role may not do it
        :raise UserError: with the reason, for the first bill that refuses
        """
        self._check_role(self._get_acts()[act].role)
        for bill in self:
            reason = bill._get_refusal(act)
            if reason:
                raise UserError(reason)

    def _lock_for_act(self, act):
        """Lock the bills' rows, look again at what they are, and check ``act``.

        Two persons at once: one waits for nobody and is told, or is served again by
        the framework with the facts as they are then.
        """
        self.check_access("write")
        self._lock_rows()
        self._check_act(act)

    def _check_open_today(self):
        """Refuse what is booked today while today is in a closed period: Odoo would put
        one entry on another day, or stop in the middle."""
        for bill in self:
            company, journal = bill.company_id, bill.sudo().invoice_id.journal_id
            closed = self._get_closed_until(company, journal, company._billing_today())
            if closed:
                raise UserError(
                    self.env._(
                        "The books are closed until %(day)s, so bill %(bill)s cannot "
                        "be changed today. Ask the accountant to open the period, or "
                        "change the bill after that day.",
                        day=format_date(self.env, closed),
                        bill=bill.name,
                    )
                )

    def _get_refusal(self, act):
        """Why ``act`` is refused on this bill, as a sentence; "" when it is allowed."""
        self.ensure_one()
        found = refusal(act, self.state, self._get_flags(), self._get_acts())
        if not found:
            return ""
        reason, detail = found
        label = self._get_act_labels()[act]
        if reason == "flag":
            return self.env._(
                "%(act)s: not while bill %(bill)s is marked “%(flag)s”.",
                act=label,
                bill=self.display_name,
                flag=self._get_flag_labels()[detail],
            )
        if reason == "missing":
            return self.env._(
                "%(act)s: bill %(bill)s is not marked “%(flag)s”.",
                act=label,
                bill=self.display_name,
                flag=self._get_flag_labels()[detail],
            )
        return self._get_state_refusal(act, label)

    def _get_state_refusal(self, act, label):
        """The sentence for an act that the bill's state refuses."""
        if act == "delete":
            return self.env._(
                "Bill %s is issued, and what was issued is not deleted. Cancel it "
                "instead: its history stays.",
                self.display_name,
            )
        if self.state == "canceled":
            return self.env._(
                "%(act)s: bill %(bill)s is canceled, and that is final.",
                act=label,
                bill=self.display_name,
            )
        if self.state == "draft":
            return self.env._(
                "%(act)s: issue the draft %(bill)s first.",
                act=label,
                bill=self.display_name,
            )
        return self.env._(
            "%(act)s: not on a bill that is %(state)s (%(bill)s).",
            act=label,
            bill=self.display_name,
            state=self._get_state_label(),
        )

    @api.model
    def _get_wizard_bills(self, act):
        """The selected bills, if a wizard for ``act`` may open on them."""
        if self.env.context.get("active_model") != self._name:
            return self.browse()
        bills = self.browse(self.env.context.get("active_ids") or ())
        bills._check_act(act)
        if len(bills.company_id) > 1:
            raise UserError(
                self.env._("Choose bills of one company: each has its own methods.")
            )
        return bills

    @api.model
    def _check_created_vals(self, vals_list):
        """No bill is born issued, paid or canceled."""
        for vals in vals_list:
            self._check_years(vals, _DATES)
        if self._is_act():
            return
        self._refuse_fields(
            {
                name
                for name in DERIVED | FACTS
                if self.env.context.get(f"default_{name}")
            }
        )
        for vals in vals_list:
            # A default or a form may send what is empty anyway.
            self._refuse_fields(
                {name for name in vals if name in DERIVED | FACTS and vals[name]}
            )
            if vals.get("created_by") and not self.env.su:
                self._check_role("officer")

    def write(self, vals):
        if self._is_act():
            return super().write(vals)
        self._check_written_vals(vals)
        moving = self.browse()
        if "company_id" in vals and "currency_id" not in vals:
            moving = self.filtered(
                lambda bill: bill.currency_id == bill.company_id.currency_id
            )
        result = super().write(vals)
        for bill in moving:  # in the currency of the company, as it was
            if bill.currency_id != bill.company_id.currency_id:
                bill.currency_id = bill.company_id.currency_id
        issued = self.filtered("name")
        if "due_date" in vals:
            issued._sync_invoice_due_date()
        if "purchase_order" in vals:
            # sudo: "edit" was checked for the bill
            issued.sudo().invoice_id.ref = vals["purchase_order"]
        if vals.get("partner_id"):
            self.partner_id._open_billing_account()
        return result

    def _check_written_vals(self, vals):
        self._refuse_fields(set(vals) & (DERIVED | FACTS))
        self._check_years(vals, _DATES)
        issued = self.filtered("name")
        names = self._get_written_fields(vals)
        if not issued or not names:
            return
        fixed = names - EDITABLE
        if fixed:
            raise UserError(
                self.env._(
                    "Bill %(bill)s is issued: %(fields)s can no longer be changed. "
                    "Cancel it and raise a new one instead.",
                    bill=issued[0].name,
                    fields=self._get_field_labels(fixed),
                )
            )
        issued._check_act("edit")
        if "due_date" in names:
            if not vals["due_date"]:
                raise UserError(self.env._("An issued bill has a due date."))
            issued._check_act("postpone")

    def unlink(self):
        # before mail takes the messages away, which it does first of all
        self.check_access("unlink")
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_issued(self):
        self._check_act("delete")
        self.env["kavi.activity"]._record(
            "delete", {bill: bill.title or "" for bill in self}
        )
        for partner in self.partner_id:
            drafts = self.filtered(lambda bill, p=partner: bill.partner_id == p)
            # sudo: contacts may be read-only for whoever may delete a draft (KB-39)
            partner.sudo()._message_log(
                body=self.env._("Drafts deleted: %s", ", ".join(drafts.mapped("title")))
            )
