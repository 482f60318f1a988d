from odoo import api, models
from odoo.tools import is_html_empty


class KaviDocumentMixin(models.AbstractModel):
    """What is printed: whatever has an account (``partner_id``) and a company.

    The page (``kavi_billing.document_page``) shows what :meth:`_get_document_values`
    returns.
    """

    _name = "kavi.document.mixin"
    _description = "Printed Document"

    def _get_document_values(self, document):
        """What the document says, ready to be shown, in the environment's language.

        :param str document: which one, where a record has several
        :return: dict with ``title``, ``number``, ``account``, ``recipient`` (contacts),
            ``facts`` (pairs of label and text), ``mark`` (text and color, or None), and
            what its own template shows. Text is escaped there; what is ``Markup`` was
            sanitized when it was stored
        """
        raise NotImplementedError

    def _get_document_lang(self):
        """Documents speak the language of whom they are for."""
        self.ensure_one()
        # sudo: the account of a document that may be seen
        return self.partner_id.sudo().lang or self.env.lang

    @api.model
    def _get_filled_html(self, html):
        """Html that says something, or nothing."""
        return "" if is_html_empty(html) else html

    @api.model
    def _prepare_total(self, currency, label, amount, main=False):
        """A row of the sums: what is taken off has its sign in front of the symbol."""
        text = currency.format(abs(amount))
        is_negative = currency.compare_amounts(amount, 0.0) < 0
        return {
            "label": label,
            "amount": f"\N{MINUS SIGN}{text}" if is_negative else text,
            "main": main,
        }
