from werkzeug.exceptions import NotFound

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request, route

from ..tools.bill_rules import DOCUMENTS
from .portal import BillingPortal

# Which confirmation the page may show after something was posted.
DONE = ("method", "number")


class BillPage(BillingPortal):
    """A bill: everything the payer needs on one page, with or without a log-in."""

    def _document_check_access(self, model_name, document_id, access_token=None):
        """The same error for a bill that does not exist and one they may not see."""
        if model_name != "kavi.bill":
            return super()._document_check_access(model_name, document_id, access_token)
        return self._find_bill(document_id, access_token)[0]

    def _find_bill(self, bill_id, access_token=None):
        """The bill with superuser rights, and the user's roles.

        :raise MissingError: always the same, whatever the reason
        """
        bill, roles = request.env["kavi.bill"]._find_for_payer(bill_id, access_token)
        if not bill:
            raise MissingError(request.env._("This bill does not exist."))
        return bill, roles

    @route("/my/bills/<int:bill_id>", type="http", auth="public", website=True)
    def my_bill(self, bill_id, access_token=None, done=None, pid=None, hash=None, **kw):
        """The page of a bill."""
        try:
            bill, roles = self._find_bill(bill_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        # nothing else of the address: who made the link would say what the page says
        return self._render_bill(
            bill, roles, access_token, done=done, pid=pid, hash=hash
        )

    @route(
        "/my/bills/<int:bill_id>/<any(invoice,receipt,credit_note):document>",
        type="http",
        auth="public",
        website=True,
        methods=["GET"],
    )
    def bill_document(self, bill_id, document, access_token=None, download=None, **kw):
        """Invoice, receipt or credit notes, to view or to keep (KB-42)."""
        try:
            bill, __ = self._find_bill(bill_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        try:
            content, name = bill._get_document_pdf(document)
        except UserError as error:
            raise NotFound from error
        return self._answer_pdf(content, name, download)

    @route(
        "/my/bills/<int:bill_id>/method",
        type="http",
        auth="public",
        website=True,
        methods=["POST"],
    )
    def choose_method(self, bill_id, access_token=None, method_id=None, **kw):
        """The payer chooses a manual method, or changes it."""
        try:
            bill, roles = self._find_bill(bill_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        error = self._try(bill._choose_method_as_payer, self._to_id(method_id), roles)
        return self._answer(bill, roles, access_token, error, "method")

    @route(
        "/my/bills/<int:bill_id>/numbers",
        type="http",
        auth="public",
        website=True,
        methods=["POST"],
    )
    def write_numbers(self, bill_id, access_token=None, **post):
        """The payer enters their PO number or invoice number."""
        try:
            bill, roles = self._find_bill(bill_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        error = ""
        for act in ("purchase_order", "invoice_number"):
            if act in post and not error:
                error = self._try(bill._write_payer_number, act, post[act], roles)
        return self._answer(bill, roles, access_token, error, "number")

    def _answer(self, bill, roles, access_token, error, done):
        """Show the page again, with the error or a confirmation."""
        if error:
            return self._render_bill(bill, roles, access_token, error=error)
        query = {"done": done}
        if access_token:
            query["access_token"] = access_token
        return request.redirect_query(bill.access_url, query)

    def _render_bill(
        self, bill, roles, access_token, error="", done=None, pid=None, hash=None
    ):
        acts = bill._get_payer_acts(roles)
        can_choose = "choose_method" in acts
        values = {
            **self._prepare_billing_page_values(),
            "page_name": "kavi_bill",
            "bill": bill,
            "object": bill,
            "res_company": bill.company_id,
            "acts": acts,
            "shows_purchase_order": bill.collect_purchase_order
            and (not roles or roles & {"holder", "administrator"}),
            "options": bill._get_payment_options() if can_choose else [],
            "payment_actions": bill._get_payment_actions() if can_choose else [],
            "error": error,
            "done": done if done in DONE else None,
            # an outsider has no page to go back to
            "no_breadcrumbs": request.env.user._is_public(),
            "documents": [
                document
                for document in DOCUMENTS
                if not bill._get_document_refusal(document)
            ],
            # for the conversation; a token that opened nothing is not handed on
            "token": access_token if "link" in roles else None,
            "pid": pid,
            "hash": hash,
        }
        return request.render("kavi_billing.portal_bill", values)
