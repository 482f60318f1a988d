from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ...tools.form_rules import STEPS
from ...tools.state import RUNNING

PATH = "/membership/apply"


class KaviMembershipForm(models.Model):
    """What a form offers: types, companies to choose from, steps (KM-20 ... KM-22)."""

    _inherit = "kavi.membership.form"

    portal_url = fields.Char(
        string="Public Address", compute="_compute_portal_url", help="For applicants."
    )

    # === COMPUTE METHODS === #

    @api.depends("slug")
    def _compute_portal_url(self):
        for form in self:
            form.portal_url = (
                f"{form.get_base_url()}{form._get_path()}" if form.slug else False
            )

    # === ACTION METHODS === #

    def action_open_page(self):
        """The form as applicants see it."""
        self.check_access("read")
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self._get_path(), "target": "new"}

    # === BUSINESS METHODS === #

    def _get_path(self):
        self.ensure_one()
        return f"{PATH}/{self.slug}"

    @api.model
    def _find_public(self, slug=None):
        """The forms that anybody may fill in, or the one of an address.

        sudo: they are public; pages show what is written for applicants.
        """
        domain = [("active", "=", True)]
        if slug is not None:
            domain.append(("slug", "=", slug))
        forms = self.sudo().search(domain)
        return forms.filtered(
            lambda form: form.kind == "representative" or form._get_offered_types()
        )

    def _get_offered_types(self):
        """What may be applied for today."""
        self.ensure_one()
        audience = "company" if self.kind == "company" else "individual"
        kinds = self.type_ids or self.env["kavi.membership.type"].search(
            [("company_id", "=", self.company_id.id), ("audience", "=", audience)]
        )
        return kinds.filtered(
            lambda kind: (
                kind.audience == audience
                and kind.company_id == self.company_id
                and kind.is_available
            )
        )

    def _get_offered_companies(self):
        """The companies that an applicant may choose: holders of individuals, or
        members whose people may join (KM-21, KM-31)."""
        self.ensure_one()
        partners = self.env["res.partner"]
        ours = [
            ("company_id", "in", (False, self.company_id.id)),
            ("is_company", "=", True),
            ("kavi_is_pending_member", "=", False),
        ]
        if self.kind == "representative":
            members = self.env["kavi.membership"].search(
                [
                    ("state", "in", RUNNING),
                    ("audience", "=", "company"),
                    ("company_id", "=", self.company_id.id),
                ]
            )
            return partners.search([*ours, ("id", "in", members.partner_id.ids)])
        return partners.search([*ours, ("kavi_purpose", "=", "individuals_company")])

    def _get_steps(self, kinds=None):
        """The pages of the form, in their order.

        :param kinds: the types that were chosen, as far as that is known: they say
            whether there is something to agree to
        """
        self.ensure_one()
        kinds = self._get_offered_types() if kinds is None else kinds
        empty = set()
        if self.kind == "individual" and self.matching == "one":
            empty.add("employer")
        if not self.question_ids.filtered("active"):
            empty.add("questions")
        if not any(kind._has_terms() for kind in kinds):
            empty.add("terms")
        return [step for step in STEPS[self.kind] if step not in empty]

    def _get_quote(self, kind):
        """What a type costs who applies today, and for how long: texts."""
        self.ensure_one()
        day = self.company_id._billing_today()
        total, period = kind._get_new_price(day)
        currency = self.company_id.currency_id
        free = currency.is_zero(total)
        return {
            "price": self.env._("Free") if free else currency.format(total),
            "setup": ""
            if currency.is_zero(kind.setup_fee)
            else currency.format(kind.setup_fee),
            "term": self.env._("until %s", format_date(self.env, period.end))
            if kind.term == "fixed" and period.end
            else kind._get_term_text(),
            "is_free": free,
        }

    # === CONSTRAINT METHODS === #

    @api.constrains("kind", "matching", "holder_id")
    def _check_holder(self):
        for form in self.filtered(lambda form: form.kind == "individual"):
            # sudo: only whether it holds people is read
            holder = form.holder_id.sudo()
            if holder and not holder.is_billing_holder:
                raise ValidationError(
                    self.env._(
                        "%s is no company for individuals: mark it as one first.",
                        holder.name,
                    )
                )
