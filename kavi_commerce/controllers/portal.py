import math

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import request, route

from odoo.addons.kavi_billing.controllers.portal_bill import BillPage

from ..paypal.event import one_address

SEVERAL = "/my/billing/pay/card"


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
        SEVERAL,
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET", "POST"],
    )
    def pay_several_by_card(self, **post):
        """Several of one's own bills at once."""
        bills, roles = self._find_several(request.httprequest.values.getlist("bill"))
        if not bills:
            return request.redirect("/my/billing?refused=1")
        return self._pay_or_ask(bills, roles, None, post)

    @route(
        "/my/bills/<int:bill_id>/pay/order",
        type="jsonrpc",
        auth="public",
        website=True,
    )
    def order_by_buttons(self, bill_id, access_token=None, **post):
        """PayPal's button on the page of one bill asks for the order."""
        try:
            bill, roles = self._find_bill(bill_id, access_token)
        except (AccessError, MissingError):
            return {"error": request.env._("This bill does not exist.")}
        return self._make_order(bill, roles, post)

    @route(
        f"{SEVERAL}/order",
        type="jsonrpc",
        auth="user",
        website=True,
    )
    def order_several_by_buttons(self, bill=(), **post):
        """The same for several bills."""
        bills, roles = self._find_several(bill if isinstance(bill, list) else [])
        if not bills:
            return {"error": request.env._("Choose the bills that are paid.")}
        return self._make_order(bills, roles, post)

    @route(
        "/my/bills/<int:bill_id>/pay/status",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def card_status(self, bill_id, access_token=None, **query):
        """The page of one bill asks whether its payment is still awaited."""
        try:
            bill, __ = self._find_bill(bill_id, access_token)
        except (AccessError, MissingError):
            return self._answer_status(request.env["kavi.bill"])
        return self._answer_status(bill)

    @route(
        f"{SEVERAL}/status",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def card_status_of_several(self, **query):
        """The same for several bills."""
        asked = request.httprequest.args.getlist("bill")
        return self._answer_status(self._find_several(asked)[0])

    def _answer_status(self, bills):
        is_awaited = bool(bills) and bills._is_card_awaited()
        return request.make_json_response(
            {"is_awaited": is_awaited}, headers=[("Cache-Control", "no-store")]
        )

    def _find_several(self, asked):
        """One's own bills, with superuser rights, and one's roles; none if one of them
        is somebody else's: what is not theirs does not exist for them."""
        ids = {self._to_id(str(text)) for text in asked}
        bills = self._get_bills().search(
            self._get_bills_domain() & Domain("id", "in", list(ids))
        )
        if not bills or len(bills) < len(ids):
            return bills.browse(), set()
        return bills.sudo(), bills[0].partner_id._get_payer_roles()

    def _pay_or_ask(self, bills, roles, access_token, post):
        """The page that says what it comes to; posted, the gateway's page."""
        error = self._try(bills._check_card_payable, roles)
        if request.httprequest.method == "POST" and not error:
            try:
                tx = self._open_checkout(bills, post, "redirect")
            except UserError as refusal:
                error = str(refusal)
            else:
                url = tx.state == "draft" and tx.approve_url
                return request.redirect(
                    url or tx._get_landing_page(), code=303, local=not url
                )
        notice = bills._get_gateway_notice() or bills._get_charged_notice()
        values = {
            **self._prepare_billing_page_values(),
            **(self._prepare_checkout(bills) if not error else {}),
            "page_name": "kavi_card",
            "bills": bills,
            # where it says what became of the payment, it needs no reason beside it
            "error": error if not notice or notice[0] in ("danger", "warning") else "",
            "card_notice": notice,
            "email": post.get("email") or bills._get_payer_email(),
            "token": access_token if "link" in roles else None,
            "back_url": bills.get_portal_url() if len(bills) == 1 else "/my/billing",
            "no_breadcrumbs": request.env.user._is_public(),
        }
        return request.render("kavi_commerce.portal_card", values)

    def _prepare_checkout(self, bills):
        """What the page shows of the payment, and of how one gets to the gateway."""
        provider, quote = bills._get_card_provider(), bills._quote_card_payment()
        choices = bills._get_card_choices()
        values = {
            "quote": quote,
            "flow": provider._get_bill_flow(),
            # what is due now, and all of it; nothing to choose where that is the same
            "choices": [
                (choice, bills._quote_card_payment(amounts))
                for choice, amounts in choices.items()
                if len(choices) > 1
            ],
        }
        if values["flow"] == "buttons":
            path = f"/my/bills/{bills.id}/pay" if len(bills) == 1 else SEVERAL
            values["sdk_url"] = provider._get_paypal_sdk_url(quote["currency"])
            values["order_url"] = f"{path}/order"
        return values

    def _make_order(self, bills, roles, post):
        """The order for PayPal's buttons.

        :return: dict with "order_id", "reference" and "landing_route"; with the latter
            only, where nothing is left to approve; or with "error"
        """
        error = self._try(bills._check_card_payable, roles)
        if not error and bills._get_card_provider()._get_bill_flow() != "buttons":
            error = request.env._("Reload the page: it is paid otherwise now.")
        if error:
            return {"error": error}
        try:
            tx = self._open_checkout(bills, post, "buttons")
        except UserError as refusal:
            return {"error": str(refusal)}
        if tx.state != "draft":
            # approved before, in another tab or window: the page says what became of it
            return {"landing_route": tx._get_landing_page()}
        return {
            "order_id": tx.paypal_order_id,
            "reference": tx.reference,
            "landing_route": tx._get_landing_page(),
        }

    def _open_checkout(self, bills, post, flow):
        """The attempt that the payer asks for, with its order at the gateway.

        :raise UserError: with the reason, for the payer
        """
        typed = str(post.get("email") or "").strip()
        email = one_address(typed)
        is_asked = bool(typed) or bills.company_id.billing_gateway_collect_email
        if is_asked and not email:
            raise UserError(request.env._("Enter the e-mail address of the payer."))
        tx = bills._pay_by_card(
            bills._get_card_provider(),
            amounts=self._get_chosen_amounts(bills, post),
            landing_route=bills._get_landing_route(),
            flow=flow,
        )
        if email:
            tx.payer_email = email
        tx._kavi_open_checkout()
        return tx

    def _get_chosen_amounts(self, bills, post):
        """What is paid of each bill: an amount that was typed, or what was chosen; what
        is due now if nothing was."""
        amount = self._parse_amount(bills, post.get("amount"))
        if amount is not None:
            return {bills: amount}
        choices = bills._get_card_choices()
        chosen = "all" if post.get("share") == "all" else "due"
        return choices.get(chosen)  # with nothing to choose, all that settles them

    def _parse_amount(self, bills, text):
        """What the payer typed; no number is refused by the bill, with a sentence."""
        if not text or len(bills) > 1:
            return None
        try:
            return float(text)
        except (TypeError, ValueError, OverflowError):
            return math.nan
