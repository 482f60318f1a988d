import math

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import request, route
from odoo.tools import single_email_re

from odoo.addons.kavi_billing.controllers.portal_bill import BillPage


class CardPage(BillPage):
    """Paying bills by card: what it comes to, then on to the gateway."""

    @route(
        "/my/bills/<int:bill_id>/pay",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def pay_by_card(self, bill_id, access_token=None, **post):
        """One bill, with or without a log-in."""
        try:
            bill, roles = self._find_bill(bill_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        return self._pay_or_ask(bill, roles, access_token, post)

    @route(
        "/my/billing/pay/card",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def pay_several_by_card(self, **post):
        """Several of one's own bills at once."""
        asked = request.httprequest.values.getlist("bill")
        ids = {self._to_id(text) for text in asked}
        bills = self._get_bills().search(
            self._get_bills_domain() & Domain("id", "in", list(ids))
        )
        # what is not theirs does not exist for them
        if not bills or len(bills) < len(set(asked)):
            return request.redirect("/my/billing?refused=1")
        roles = bills[0].partner_id._get_payer_roles()
        return self._pay_or_ask(bills.sudo(), roles, None, post)

    def _pay_or_ask(self, bills, roles, access_token, post):
        """The page that says what it comes to; posted, the gateway's page."""
        error = self._try(bills._check_card_payable, roles)
        if request.httprequest.method == "POST" and not error:
            amount = self._parse_amount(bills, post.get("amount"))
            try:
                return self._go_to_gateway(bills, access_token, amount, post)
            except UserError as refusal:
                error = str(refusal)
        quote = bills._quote_card_payment() if not error else None
        values = {
            **self._prepare_billing_page_values(),
            "page_name": "kavi_card",
            "bills": bills,
            "quote": quote,
            "error": error,
            "email": post.get("email") or bills._get_payer_email(),
            "token": access_token if "link" in roles else None,
            "back_url": bills._get_landing_route(),
            "no_breadcrumbs": request.env.user._is_public(),
        }
        return request.render("kavi_commerce.portal_card", values)

    def _go_to_gateway(self, bills, access_token, amount, post):
        email = (post.get("email") or "").strip()
        if bills.company_id.billing_gateway_collect_email and not (
            single_email_re.match(email) and len(email) < 255
        ):
            raise UserError(request.env._("Enter the e-mail address of the payer."))
        tx = bills._pay_by_card(
            bills._get_card_provider(),
            amounts={bills: amount} if amount is not None else None,
            landing_route=bills._get_landing_route(),
            flow="redirect",
        )
        if email:
            tx.payer_email = email
        url = tx._kavi_open_checkout()
        if not url:
            return request.redirect(tx.landing_route)
        return request.redirect(url, code=303, local=False)

    def _parse_amount(self, bills, text):
        """What the payer typed; no number is refused by the bill, with a sentence."""
        if not text or len(bills) > 1:
            return None
        try:
            return float(text)
        except ValueError:
            return math.nan
