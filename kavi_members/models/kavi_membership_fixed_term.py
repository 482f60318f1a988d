from odoo import api, fields, models
from odoo.exceptions import ValidationError


class KaviMembershipFixedTerm(models.Model):
    """A common term that is no plain year; the rows of a type win over its day."""

    _name = "kavi.membership.fixed.term"
    _inherit = ["kavi.protected.mixin"]
    _description = "Common Term"
    _order = "type_id, date_from"
    _rec_name = "date_from"

    type_id = fields.Many2one(
        "kavi.membership.type", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="type_id.company_id", store=True, index=True)
    date_from = fields.Date(string="First Day", required=True)
    date_to = fields.Date(string="Last Day", required=True)

    _dates_fit = models.Constraint(
        "CHECK(date_from <= date_to)",
        "A term ends on the day on which it starts, or later.",
    )

    @api.constrains("date_from", "date_to")
    def _check_overlap(self):
        for rows in self.type_id.mapped("fixed_term_ids").grouped("type_id").values():
            ordered = rows.sorted("date_from")
            for one, other in zip(ordered, ordered[1:], strict=False):
                if other.date_from <= one.date_to:
                    raise ValidationError(
                        self.env._(
                            "The common terms from %(one)s and from %(other)s overlap.",
                            one=one.date_from,
                            other=other.date_from,
                        )
                    )
