from psycopg2.errors import UniqueViolation

from odoo import api, models
from odoo.exceptions import ConcurrencyError


class KaviBill(models.Model):
    """What a bill's kind says: its number, terms, methods, where it is booked."""

    _inherit = "kavi.bill"

    @api.depends("company_id")
    def _compute_kind_id(self):
        for bill in self:
            kind = bill.kind_id
            if kind and kind.company_id in (bill.company_id, kind.company_id.browse()):
                continue
            bill.kind_id = bill.company_id._get_default_kind()

    def _compute_payment_term_id(self):
        result = super()._compute_payment_term_id()
        for bill in self:
            if not bill.name and bill.kind_id.payment_term_id:
                bill.payment_term_id = bill.kind_id.payment_term_id
        return result

    @api.onchange("kind_id")
    def _onchange_kind_id(self):
        result = super()._onchange_kind_id()
        self._follow_kind()
        return result

    def write(self, vals):
        result = super().write(vals)
        if "kind_id" in vals and "payment_term_id" not in vals:
            self._follow_kind()
        return result

    def _follow_kind(self):
        """A kind chosen on a draft brings its term, unless somebody chose another one:
        one that no kind, account or company would have set."""
        # sudo: only terms are compared
        kinds = self.env["kavi.bill.kind"].sudo().with_context(active_test=False)
        usual = kinds.search([("payment_term_id", "!=", False)]).payment_term_id
        for bill in self.filtered(lambda bill: not bill.name):
            partner = bill.partner_id.with_company(bill.company_id)
            term = (
                partner.property_payment_term_id
                or bill.company_id.sudo().billing_payment_term_id
            )
            if bill.payment_term_id <= usual | term:
                bill.payment_term_id = bill.kind_id.payment_term_id or term

    # === NUMBER === #

    def _draw_bill_ids(self, dates):
        """Draw Bill IDs for bills of one company, by the templates of their kinds.

        Different templates can spell the same ID (``$year-$counter`` and
        ``2026-$counter``): one that is taken is passed over.

        :param list dates: the issue date of each bill
        :return: list of str, one for each bill
        """
        company = self.company_id
        dates = dict(zip(self, dates, strict=True))
        names = {}
        missing = self
        while missing:
            drawn = []
            by_template = missing.grouped(lambda bill: bill.kind_id.bill_id_template)
            for template, bills in by_template.items():
                days = [dates[bill] for bill in bills]
                ids = company._next_bill_ids(days, template)
                drawn += zip(bills, ids, strict=True)
            taken = self._get_taken_ids([name for __, name in drawn])
            taken.update(names.values())
            for bill, name in drawn:
                if name not in taken:
                    names[bill] = name
                    taken.add(name)
            missing = missing.filtered(lambda bill: bill not in names)
        return [names[bill] for bill in self]

    def _get_taken_ids(self, names):
        # sudo: the company's bills, whoever may see them
        groups = self.sudo()._read_group(
            [("company_id", "=", self.company_id.id), ("name", "in", names)], ["name"]
        )
        return {name for (name,) in groups}

    def _assign_bill_ids(self):
        try:
            result = super()._assign_bill_ids()
            self.flush_recordset(["name"])
        except UniqueViolation as error:
            # Somebody drew the same ID by another template a moment ago, and this
            # transaction cannot see it yet: the framework tries again.
            message = self.env._("This Bill ID was given before.")
            raise ConcurrencyError(message) from error
        return result

    # === MONEY === #

    def _get_offered_methods(self):
        methods = super()._get_offered_methods()
        chosen = self.sudo().kind_id.method_ids  # only to choose among those
        return methods.filtered(lambda method: method in chosen) if chosen else methods

    def _prepare_invoice_vals(self, journal):
        return super()._prepare_invoice_vals(self.kind_id.journal_id or journal)
