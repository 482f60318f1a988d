from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.const import STAFF


class KaviBill(models.Model):
    """From a bill to the record of another application that raised it (BB-10)."""

    _inherit = "kavi.bill"

    origin_name = fields.Char(
        string="Raised For",
        compute="_compute_origin_name",
        groups=STAFF,
        help="The record that raised the bill, if you may see it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("origin_model", "origin_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_origin_name(self):
        self.origin_name = False
        for bills in self.grouped("origin_model").values():
            origins = bills._get_origins()._filtered_access("read")
            names = {origin.id: origin.display_name for origin in origins}
            for bill in bills:
                bill.origin_name = names.get(bill.origin_id, False)

    # === ACTION METHODS === #

    def action_open_origin(self):
        """The record that raised this bill.

        :raise AccessError: for who may not see it
        :raise UserError: when there is none, or no longer
        """
        self.ensure_one()
        self.check_access("read")
        origin = self._get_origins()
        if not origin:
            raise UserError(
                self.env._(
                    "What bill %s was raised for is not there any more, or it was "
                    "raised by hand.",
                    self.display_name,
                )
            )
        origin.check_access("read")
        return origin._get_records_action()

    # === BUSINESS METHODS === #

    def _tell_origins(self, event):
        """Call back the records that these bills were raised for.

        :param str event: the last word of a callback of ``kavi.billable.mixin``
        """
        for model in set(self.mapped("origin_model")) - {False}:
            if model not in self.env:
                continue  # the application was uninstalled
            bills = self.filtered(lambda bill, model=model: bill.origin_model == model)
            origins = self.env[model].browse(set(bills.mapped("origin_id"))).exists()
            callback = getattr(origins, f"_kavi_bills_{event}", None)
            if callback and origins:
                bills._call_back(callback, event)

    # === HELPER METHODS === #

    def _get_origins(self):
        """The records that raised these bills, which have one model, as the user; they
        may not be allowed to see them."""
        model = self.env.get(self[:1].origin_model or "")
        if model is None or model._abstract or model._transient:
            return self.browse()  # raised by hand, or the application was uninstalled
        # sudo: whether it is there is asked before whether one may see it
        ids = [bill.origin_id for bill in self if bill.origin_id]
        return model.browse(model.sudo().browse(ids).exists().ids)
