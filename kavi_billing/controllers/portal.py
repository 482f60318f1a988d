from odoo.exceptions import UserError
from odoo.fields import Date, Domain
from odoo.http import content_disposition, request, route

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

from ..tools.bill_rules import OPEN, SETTLED

MAX_AT_ONCE = 50  # bills that are paid together
MAX_ROWS = 1000  # of a statement on one page


class BillingPortal(CustomerPortal):
    """*My Account*: every account that the signed-in person may reach (KB-43)."""

    _items_per_page = 20

    # === HELPER METHODS === #

    @staticmethod
    def _to_id(text):
        """The id in an address or a form; 0 if the text is no id."""
        text = text or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    @staticmethod
    def _to_date(text):
        try:
            return Date.to_date(text or None)
        except ValueError:
            return None

    @staticmethod
    def _try(act, *args):
        """Run ``act`` in a savepoint.

        :return: "", or the reason why it was refused; then nothing was changed
        """
        try:
            with request.env.cr.savepoint():
                act(*args)
        except UserError as error:
            return str(error)
        return ""

    @staticmethod
    def _answer_pdf(content, name, download):
        """A PDF as response: shown by the browser, or downloaded."""
        disposition = "attachment" if download else "inline"
        return request.make_response(
            content,
            [
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(name, disposition)),
            ],
        )

    def _prepare_billing_page_values(self):
        """The values of every billing page; its language is for screen readers."""
        return {
            **self._prepare_portal_layout_values(),
            "html_data": {"lang": (request.env.lang or "en_US").replace("_", "-")},
        }

    # === PORTAL HOME === #

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if not counters:
            values["has_billing_account"] = bool(self._get_accounts())
        if "kavi_open_bill_count" in counters:
            values["kavi_open_bill_count"] = self._get_bills().search_count(
                self._get_bills_domain() & Domain("state", "in", OPEN)
            )
        return values

    def _get_accounts(self):
        """The accounts that the user may reach, with superuser rights."""
        accounts = request.env["res.partner"]._get_my_billing_accounts()
        return accounts.filtered("is_billing_account")

    def _get_bills_domain(self, accounts=None):
        """The bills of these accounts without canceled ones (KB-38).

        Imported history that was open is left out, too: nobody pays it here.
        """
        accounts = self._get_accounts() if accounts is None else accounts
        return (
            Domain("partner_id", "in", accounts.ids)
            & Domain("company_id", "in", request.env.companies.ids)
            & Domain("state", "in", (*OPEN, *SETTLED))
            & (Domain("opening_state", "=", False) | Domain("state", "in", SETTLED))
        )

    def _get_bills(self):
        """The model to search bills in, by :meth:`_get_bills_domain` only.

        sudo: whoever works here may have an account, too, and no right to see bills;
        the domain holds what the record rules say.
        """
        return request.env["kavi.bill"].sudo()

    # === ROUTES: BILLS, CREDITS, STATEMENT === #

    def _get_bill_filters(self):
        return {
            "open": {"label": request.env._("Open"), "states": OPEN},
            "paid": {"label": request.env._("Paid"), "states": SETTLED},
            "all": {"label": request.env._("All"), "states": (*OPEN, *SETTLED)},
        }

    def _get_bill_sortings(self):
        return {
            key: {"label": label, "order": order}
            for key, label, order in (
                ("due", request.env._("Due date"), "next_due_date, due_date, id"),
                ("date", request.env._("Newest"), "bill_date desc, id desc"),
                ("name", request.env._("Bill ID"), "name, id"),
                ("amount", request.env._("Amount"), "amount_total desc, id desc"),
            )
        }

    def _get_bill_list_domain(self, accounts, states, search):
        """The bills of these accounts in these states that the search text fits."""
        domain = self._get_bills_domain(accounts) & Domain("state", "in", states)
        if search:
            domain &= Domain.OR(
                Domain(name, "ilike", search)
                for name in ("name", "title", "purchase_order", "invoice_number")
            )
        return domain

    def _find_bill_page(self, domain, order, page, arguments):
        """One page of a list of bills.

        :param dict arguments: what the addresses of the other pages ask for
        :return: ``(bills, pager)``
        """
        pager = portal_pager(
            url="/my/billing",
            total=self._get_bills().search_count(domain),
            page=page,
            step=self._items_per_page,
            url_args=arguments,
        )
        bills = self._get_bills().search(
            domain,
            order=order,
            limit=self._items_per_page,
            offset=max(pager["offset"], 0),
        )
        return bills, pager

    @route(
        ["/my/billing", "/my/billing/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
    )
    def my_billing(
        self, page=1, account=None, filterby=None, sortby=None, search="", **kw
    ):
        """The accounts with their balances, and a page of their bills."""
        accounts = self._get_accounts()
        filters, sortings = self._get_bill_filters(), self._get_bill_sortings()
        filterby = filterby if filterby in filters else "open"
        if sortby not in sortings:
            sortby = "due" if filterby == "open" else "date"
        chosen = accounts.filtered(lambda a: a.id == self._to_id(account))
        # PostgreSQL takes no NUL, and nobody types what is not printed
        search = "".join(filter(str.isprintable, search or "")).strip()[:64]
        arguments = {
            "account": chosen.id or None,
            "filterby": filterby,
            "sortby": sortby,
            "search": search or None,
        }
        arguments = {name: value for name, value in arguments.items() if value}
        bills, pager = self._find_bill_page(
            self._get_bill_list_domain(
                chosen or accounts, filters[filterby]["states"], search
            ),
            order=sortings[sortby]["order"],
            page=self._to_id(str(page)) or 1,
            arguments=arguments,
        )
        values = {
            **self._prepare_billing_page_values(),
            "page_name": "kavi_billing",
            "accounts": accounts,
            "account": chosen,
            "balances": accounts._get_billing_balances(),
            "open_credits": accounts._get_open_credits(),
            "bills": bills,
            "pager": pager,
            "filters": filters,
            "filterby": filterby,
            "sortings": sortings,
            "sortby": sortby,
            "search": search,
            "arguments": arguments,
            "is_refused": "refused" in kw,
        }
        return request.render("kavi_billing.portal_my_billing", values)

    @route("/my/billing/credits", type="http", auth="user", website=True)
    def my_credits(self, account=None, **kw):
        """The credits of the accounts."""
        accounts = self._get_accounts()
        chosen = accounts.filtered(lambda a: a.id == self._to_id(account))
        # sudo: payers have no rights on credits; only those of their accounts, and of
        # the companies that they see
        credits_ = (
            request.env["kavi.credit"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", (chosen or accounts).ids),
                    ("company_id", "in", request.env.companies.ids),
                    ("state", "not in", ("draft", "canceled")),
                ],
                limit=200,
            )
        )
        values = {
            **self._prepare_billing_page_values(),
            "page_name": "kavi_credits",
            "accounts": accounts,
            "credits": credits_,
        }
        return request.render("kavi_billing.portal_my_credits", values)

    def _get_statement_period(self, account, date_from, date_to):
        """Account and period of the statement that the address asks for.

        :return: ``(account, first day, last day)``; no account when it is not theirs
        """
        accounts = self._get_accounts()
        chosen = accounts.filtered(lambda a: a.id == self._to_id(account))
        today = request.env.company._billing_today()
        return (
            chosen if account else accounts[:1],
            self._to_date(date_from) or today.replace(month=1, day=1),
            self._to_date(date_to) or today,
        )

    @route("/my/billing/statement/pdf", type="http", auth="user", website=True)
    def my_statement_pdf(self, account=None, date_from=None, date_to=None, **kw):
        """The statement of one account as PDF, as the office prints it."""
        account, *period = self._get_statement_period(account, date_from, date_to)
        if not account or period[0] > period[1]:
            return request.redirect("/my/billing")
        # sudo: payers have no rights on the ledger; the account is one of theirs, the
        # company the one they are in
        statement = (
            request.env["kavi.account.statement.wizard"]
            .sudo()
            .create(
                {
                    "partner_id": account.id,
                    "company_id": request.env.company.id,
                    "date_from": period[0],
                    "date_to": period[1],
                }
            )
        )
        content, __ = (
            request.env["ir.actions.report"]
            .sudo()
            ._render_qweb_pdf(
                "kavi_billing.action_report_account_statement", statement.ids
            )
        )
        return self._answer_pdf(content, f"{statement._get_document_name()}.pdf", True)

    @route("/my/billing/statement", type="http", auth="user", website=True)
    def my_statement(self, account=None, date_from=None, date_to=None, **kw):
        """Every document of one account in a period, with its running balance."""
        accounts = self._get_accounts()
        account, date_from, date_to = self._get_statement_period(
            account, date_from, date_to
        )
        if not account:
            return request.redirect("/my/billing")
        # sudo: as for credits
        ledger = request.env["kavi.account.ledger"].sudo()
        mine = Domain("partner_id", "=", account.id) & Domain(
            "company_id", "in", request.env.companies.ids
        )
        until = mine & Domain("date", "<=", date_to)
        items = ledger.search(
            until & Domain("date", ">=", date_from), order="date, id", limit=MAX_ROWS
        )
        values = {
            **self._prepare_billing_page_values(),
            "page_name": "kavi_statement",
            "accounts": accounts,
            "account": account,
            "items": items,
            # what the running balances begin and end with
            "openings": ledger._sum_balances(mine & Domain("date", "<", date_from)),
            "closings": ledger._sum_balances(until) if items else [],
            "is_cut": len(items) == MAX_ROWS,
            "date_from": date_from,
            "date_to": date_to,
        }
        return request.render("kavi_billing.portal_my_statement", values)

    # === ROUTES: SEVERAL BILLS AT ONCE === #

    @route(
        "/my/billing/pay",
        type="http",
        auth="user",
        website=True,
        methods=["GET", "POST"],
    )
    def pay_bills(self, method_id=None, **kw):
        """Choose one manual method for several bills of one account."""
        asked = request.httprequest.values.getlist("bill")
        ids = {self._to_id(text) for text in asked}
        bills = self._get_bills().search(
            self._get_bills_domain() & Domain("id", "in", list(ids))
        )
        # what is not theirs does not exist for them
        if not bills or len(bills) < len(set(asked)) or len(bills) > MAX_AT_ONCE:
            return request.redirect("/my/billing?refused=1")
        roles = bills[0].partner_id._get_payer_roles()
        problem = error = self._try(bills._check_payable_together, roles)
        if request.httprequest.method == "POST" and not problem:
            error = self._try(
                bills._choose_method_as_payer, self._to_id(method_id), roles
            )
            if not error:
                return request.redirect_query(
                    "/my/billing/pay", {"bill": bills.ids, "done": 1}
                )
        values = {
            **self._prepare_billing_page_values(),
            "page_name": "kavi_pay",
            "bills": bills,
            "error": error,
            "is_done": "done" in kw and not error,
            "options": [] if problem else bills._get_payment_options(),
            "payment_actions": [] if problem else bills._get_payment_actions(),
        }
        return request.render("kavi_billing.portal_pay_bills", values)
