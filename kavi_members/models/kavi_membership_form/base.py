from odoo import api, fields, models
from odoo.exceptions import ValidationError


class KaviMembershipForm(models.Model):
    """What applicants are asked, and which types they are offered."""

    _name = "kavi.membership.form"
    _description = "Application Form"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        [
            ("company", "Company"),
            ("individual", "Individual"),
            ("representative", "Company Representative"),
        ],
        required=True,
        default="individual",
    )
    slug = fields.Char(
        string="Address",
        required=True,
        copy=False,
        help="The last part of the form's address: letters, digits and hyphens.",
    )
    type_ids = fields.Many2many(
        "kavi.membership.type",
        string="Types",
        check_company=True,
        help="Empty: all that are offered.",
    )
    introduction = fields.Html(translate=True)
    question_ids = fields.One2many(
        "kavi.membership.question", "form_id", string="Questions", copy=True
    )
    matching = fields.Selection(
        [
            ("one", "All belong to one company"),
            ("list", "They choose from a list"),
            ("list_or_new", "They choose or enter a new one"),
        ],
        string="Company of an Individual",
        required=True,
        default="one",
    )
    holder_id = fields.Many2one(
        "res.partner",
        string="Company for Individuals",
        domain=[("is_billing_holder", "=", True)],
        help="To which all individuals belong.",
    )
    contact_type_ids = fields.Many2many(
        "kavi.contact.type",
        string="Contacts Asked For",
        help="Of a company, besides its primary contact.",
    )
    redirect_url = fields.Char(
        string="Afterwards Go To", help="An https address. Empty: the status page."
    )
    moderate = fields.Boolean(
        default=True,
        help="Of representatives: an officer approves them, however their company was "
        "found.",
    )
    captcha = fields.Boolean(
        string="Ask for a Captcha",
        help="Where Odoo's reCAPTCHA or Turnstile is set up.",
    )
    confirm_email = fields.Boolean(
        string="Confirm the E-Mail Address",
        help="The application counts once its address is confirmed.",
    )

    _slug_uniq = models.UniqueIndex("(slug)", "Another form has this address.")

    @api.constrains("slug")
    def _check_slug(self):
        for form in self:
            plain = form.slug.replace("-", "")
            if not (plain.isascii() and plain.isalnum() and form.slug.islower()):
                raise ValidationError(
                    self.env._(
                        "The address has small letters, digits and hyphens, e.g. join."
                    )
                )

    @api.constrains("redirect_url")
    def _check_redirect_url(self):
        for form in self.filtered("redirect_url"):
            own = form.redirect_url.startswith("/") and not form.redirect_url[
                1:
            ].startswith(("/", "\\"))
            if not own and not form.redirect_url.startswith("https://"):
                raise ValidationError(
                    self.env._(
                        "Afterwards one goes to an https address, or to a page of here."
                    )
                )

    @api.constrains("type_ids", "kind")
    def _check_types(self):
        for form in self:
            audience = "company" if form.kind == "company" else "individual"
            for one in form.type_ids:
                if one.audience != audience:
                    raise ValidationError(
                        self.env._(
                            "%(type)s is not for those who use the form %(form)s.",
                            type=one.name,
                            form=form.name,
                        )
                    )
