from odoo import fields, models


class KaviMembershipSeat(models.Model):
    """A person of a member company. Bound to the series: a renewal copies nothing."""

    _name = "kavi.membership.seat"
    _inherit = ["kavi.protected.mixin"]
    _description = "Membership Seat"
    _order = "series_id, id"
    _rec_name = "partner_id"
    _check_company_auto = True

    series_id = fields.Many2one(
        "kavi.membership", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="series_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Person",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("is_company", "=", False)],
    )
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="Until")
    source = fields.Selection(
        [
            ("admin", "Officer"),
            ("company_admin", "Company Administrator"),
            ("domain", "E-Mail Domain"),
            ("form", "Application"),
            ("code", "Code"),
            ("import", "Upload"),
        ],
        required=True,
        default="admin",
    )
    application_id = fields.Many2one(
        "kavi.membership.application",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    state = fields.Selection(
        [("waiting", "Waiting"), ("active", "Active"), ("ended", "Ended")],
        required=True,
        default="waiting",
    )

    _person_uniq = models.UniqueIndex(
        "(series_id, partner_id) WHERE date_to IS NULL",
        "This person has a seat there already.",
    )
    _dates_fit = models.Constraint(
        "CHECK(date_to IS NULL OR date_from <= date_to)",
        "A seat ends on the day on which it starts, or later.",
    )
