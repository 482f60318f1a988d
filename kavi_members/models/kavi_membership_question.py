from odoo import api, fields, models
from odoo.exceptions import ValidationError


class KaviMembershipQuestion(models.Model):
    """A question of an application form."""

    _name = "kavi.membership.question"
    _inherit = ["kavi.protected.mixin"]
    _description = "Question of an Application Form"
    _order = "form_id, sequence, id"

    form_id = fields.Many2one(
        "kavi.membership.form", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="form_id.company_id", store=True, index=True)
    name = fields.Char(string="Question", required=True, translate=True)
    help_text = fields.Char(string="Explanation", translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            ("char", "Line"),
            ("text", "Text"),
            ("choice", "Choice"),
            ("date", "Day"),
            ("file", "File"),
        ],
        required=True,
        default="char",
    )
    choices = fields.Text(translate=True, help="Of a choice: one on each line.")
    required = fields.Boolean()
    partner_field = fields.Selection(
        "_get_partner_fields",
        string="Also Put Into",
        help="The field of the contact that gets the answer.",
    )

    @api.model
    def _get_partner_fields(self):
        """Hook: the fields of a contact that an applicant may fill."""
        labels = self.env["res.partner"].fields_get(
            ["phone", "website", "function", "street", "street2", "city", "zip", "vat"],
            ["string"],
        )
        return [(name, label["string"]) for name, label in labels.items()]

    @api.constrains("kind", "choices")
    def _check_choices(self):
        for question in self:
            if question.kind == "choice" and not (question.choices or "").strip():
                raise ValidationError(
                    self.env._("Say what “%s” lets one choose from.", question.name)
                )
