from odoo import fields, models


class KaviMembershipAnswer(models.Model):
    """What an applicant answered; it stays as it was asked."""

    _name = "kavi.membership.answer"
    _inherit = ["kavi.protected.mixin"]
    _description = "Answer of an Applicant"
    _order = "application_id, sequence, id"
    _rec_name = "question"

    application_id = fields.Many2one(
        "kavi.membership.application", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        related="application_id.company_id", store=True, index=True
    )
    question_id = fields.Many2one(
        "kavi.membership.question",
        string="Asked As",
        ondelete="set null",
        index="btree_not_null",
    )
    sequence = fields.Integer()
    question = fields.Char(required=True)
    value_text = fields.Text(string="Answer")
    value_date = fields.Date(string="Day")
    attachment_ids = fields.Many2many("ir.attachment", string="Files")
