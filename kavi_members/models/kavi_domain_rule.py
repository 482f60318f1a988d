from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.form_rules import is_address

# Where anybody gets an address: it says nothing about whom one works for.
FREE_MAIL = frozenset(
    """aol.com fastmail.com free.fr gmail.com gmx.com gmx.de gmx.net googlemail.com
    hey.com hotmail.com hotmail.fr icloud.com laposte.net libero.it live.com mac.com
    mail.com mail.ru me.com msn.com naver.com orange.fr outlook.com pm.me posteo.de
    proton.me protonmail.com qq.com t-online.de tutanota.com wanadoo.fr web.de
    yahoo.co.uk yahoo.com yahoo.fr yandex.com yandex.ru ymail.com zoho.com
    163.com 126.com""".split()
)


class KaviDomainRule(models.Model):
    """Whoever has an e-mail address of this domain belongs to this company (KM-31)."""

    _name = "kavi.domain.rule"
    _description = "E-Mail Domain of a Company"
    _order = "domain"
    _rec_name = "domain"
    _check_company_auto = True

    domain = fields.Char(
        required=True, help="The part behind the @, e.g. acme.example."
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Belongs To",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
        domain=[("is_company", "=", True)],
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )

    _domain_uniq = models.UniqueIndex(
        "(company_id, domain)", "This domain belongs to a company already."
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._normalize(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._normalize(vals))

    # === BUSINESS METHODS === #

    @api.model
    def _find(self, domain, company):
        """The rule of a domain, or none."""
        return self.search(
            [("domain", "=", domain or ""), ("company_id", "=", company.id)], limit=1
        )

    # === HELPER METHODS === #

    @api.model
    def _normalize(self, vals):
        if not vals.get("domain"):
            return vals
        return {**vals, "domain": vals["domain"].strip().lower().lstrip("@")}

    # === CONSTRAINT METHODS === #

    @api.constrains("domain")
    def _check_domain(self):
        for one in self:
            if not is_address(f"x@{one.domain}"):
                raise ValidationError(
                    self.env._(
                        "“%s” is no domain: enter what is behind the @.", one.domain
                    )
                )
            if one.domain in FREE_MAIL:
                raise ValidationError(
                    self.env._(
                        "Anybody gets an address of %s: it tells nothing of a company.",
                        one.domain,
                    )
                )
