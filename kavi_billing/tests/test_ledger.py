"""The account's ledger and its allocations: what the books hold, and nothing else.

BA-01 (debits and credits), BA-02 (documents), BA-04 (what was applied to what), BA-05
(the balance is derived), BB-09 ... BB-11 and BB-15 (every money event, with its links).
"""

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL

from .test_credit import CreditCommon


class LedgerCommon(CreditCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        for day, rate in (("2020-01-01", 0.5), ("2026-02-01", 0.8)):
            cls.env["res.currency.rate"].create(
                {
                    "name": day,
                    "rate": rate,
                    "currency_id": cls.euro.id,
                    "company_id": cls.company.id,
                }
            )
        cls.ledgers = cls.as_user("user")["kavi.account.ledger"]

    def ledger_of(self, account=None, **domain):
        """The ledger of an account as a billing user sees it, oldest first."""
        self.env.flush_all()
        self.ledgers.invalidate_model()  # as in a request of its own
        terms = [("partner_id", "=", (account or self.account).id)]
        terms += [(name, "=", value) for name, value in domain.items()]
        return self.ledgers.search(terms, order="date, id")

    def assertLedger(self, account=None):
        """Per currency, the last balance is what the account owes on its bills less its
        open credits (D-07); in company currency too."""
        account = account or self.account
        lines = self.ledger_of(account)
        bills = self.env["kavi.bill"].search([("partner_id", "=", account.id)])
        credits = self.env["kavi.credit"].search([("partner_id", "=", account.id)])
        for currency in lines.currency_id:
            own = lines.filtered(lambda line, c=currency: line.currency_id == c)
            due = sum(b.amount_due for b in bills if b.currency_id == currency)
            rest = sum(c.amount_open for c in credits if c.currency_id == currency)
            self.assertAlmostEqual(own[-1].balance, due - rest, 6, currency.name)
            self.assertAlmostEqual(sum(own.mapped("amount")), due - rest, 6)
            self.assertAlmostEqual(sum(own.mapped("amount_open")), due - rest, 6)
        due = sum(bills.mapped("amount_due_company"))
        rest = sum(credits.mapped("amount_open_company"))
        self.assertAlmostEqual(lines[-1].balance_company, due - rest, 6)
        self.assertAlmostEqual(sum(lines.mapped("amount_company")), due - rest, 6)


@tagged("post_install", "-at_install")
class TestLedger(LedgerCommon):
    def test_every_document(self):
        """BA-02: invoice, payment, credit note, refund, each with its links."""
        bill = self.issued(100, bill_date="2026-03-01")
        self.pay(bill, date="2026-03-05")
        self.refund(bill, 30)
        credit = self.credit(50, date="2026-03-02")
        lines = self.ledger_of()
        self.assertEqual(
            sorted(lines.mapped("kind")),
            ["credit_note", "credit_note", "invoice", "payment", "refund"],
        )
        invoice, credit_line, payment = lines[:3]
        self.assertEqual(
            (invoice.kind, invoice.debit, invoice.credit, invoice.balance),
            ("invoice", 100.0, 0.0, 100.0),
        )
        self.assertEqual(invoice.bill_id, bill)
        self.assertEqual(
            (credit_line.credit, credit_line.balance, credit_line.credit_id),
            (50.0, 50.0, credit),
        )
        self.assertFalse(credit_line.bill_id)
        self.assertEqual(
            (payment.kind, payment.credit, payment.balance, payment.bill_id),
            ("payment", 100.0, -50.0, bill),
        )
        self.assertTrue(all(line.reference for line in lines))
        ours = lines.with_env(self.as_user("accountant"))
        self.assertEqual(ours[0].move_id, self.invoice(bill))
        self.assertEqual(ours[2].payment_id.amount, 100.0)
        self.assertEqual(ours[2].action_open_document()["res_model"], "account.payment")
        self.assertEqual(ours[0].move_line_id.move_id, ours[0].move_id)
        self.assertLedger()

    def test_reversal(self):
        """A payment that bounced: its reversal stands beside it."""
        bill = self.issued(100)
        self.pay(bill)
        payment = self.ledger_of(kind="payment").sudo().payment_id
        payment.move_id.line_ids.remove_move_reconcile()
        payment.move_id._reverse_moves([{}], cancel=True)
        reversal = self.ledger_of(kind="reversal")
        self.assertEqual(reversal.debit, 100.0)
        self.assertEqual(bill.amount_due, 100.0)
        self.assertLedger()

    def test_drafts_are_no_documents(self):
        """Only what is posted counts."""
        self.draft()
        bill = self.issued(100)
        self.reverse(self.invoice(bill))
        self.assertEqual(self.ledger_of().mapped("kind"), ["invoice"])
        self.invoice(bill).button_draft()
        self.assertFalse(self.ledger_of())

    def test_accounts_only(self):
        """Contacts that are no accounts are not shown; payments by a contact of the
        account are the account's."""
        contact = self.env["res.partner"].create(
            {"name": "Bob", "parent_id": self.account.id}
        )
        payment = self.env["account.payment"].create(
            {
                "partner_id": contact.id,
                "amount": 10,
                "journal_id": self.bank.id,
                "payment_type": "inbound",
                "partner_type": "customer",
            }
        )
        payment.action_post()
        self.assertEqual(self.ledger_of().mapped("credit"), [10.0])
        other = self.env["res.partner"].create({"name": "No Account"})
        payment = payment.copy({"partner_id": other.id})
        payment.action_post()
        self.assertFalse(self.ledger_of(other))

    def test_two_currencies(self):
        """One balance a currency, and the total in company currency; exchange
        differences are entries of their own."""
        bill = self.issued(100, currency_id=self.euro.id, bill_date="2026-01-15")
        self.issued(40, bill_date="2026-01-20")
        credit = self.credit(60, currency_id=self.euro.id, date="2026-02-15")
        self.assertLedger()
        self.apply(credit, bill, 25.55)
        self.assertLedger()
        self.apply(credit, bill)
        self.pay(bill, date="2026-02-20")
        self.assertLedger()
        exchange = self.ledger_of(kind="exchange")
        self.assertTrue(exchange)
        self.assertEqual(set(exchange.mapped("amount")), {0.0})
        euros = self.ledger_of(currency_id=self.euro.id)
        self.assertEqual(euros[-1].balance, 0.0)
        dollars = self.ledger_of(currency_id=self.company.currency_id.id)
        self.assertEqual(dollars[-1].balance, 40.0)
        self.assertEqual(self.ledger_of()[-1].balance_company, 40.0)

    def test_whole_life(self):
        """After every act the ledger owes what the bills say, less open credits."""
        bill, other = self.issued(100), self.issued(70)
        credit = self.credit(80)
        self.assertLedger()
        self.apply(credit, bill, 30)
        self.assertLedger()
        self.apply(credit, other)
        self.assertLedger()
        credit._unapply(bill)
        self.assertLedger()
        self.refund_credit(credit)
        self.assertLedger()
        second = self.credit(20)
        second.action_expire()
        self.assertLedger()
        payment = self.register_payment(self.invoice(bill), 130)
        self.credits._record_overpayments(payment, bill)
        self.assertLedger()
        self.cancel(self.issued(60))
        self.assertLedger()

    def test_running_balance_of_a_part(self):
        """A filtered or paged list shows the same balances as the whole."""
        for day in range(1, 6):
            self.issued(day * 10, bill_date=f"2026-03-0{day}")
        lines = self.ledger_of()
        self.assertEqual(lines.mapped("balance"), [10.0, 30.0, 60.0, 100.0, 150.0])
        part = self.ledgers.search([("id", "in", lines[2:4].ids)], order="date, id")
        self.env.invalidate_all()
        self.assertEqual(part.mapped("balance"), [60.0, 100.0])

    def test_lists_like_any_other(self):
        """Groups, sums, export and search on what it says."""
        bill = self.issued(100)
        self.pay(bill)
        self.env.flush_all()
        domain = [("partner_id", "=", self.account.id)]
        groups = self.ledgers._read_group(domain, ["kind"], ["amount:sum", "__count"])
        self.assertEqual(
            sorted(groups), [("invoice", 100.0, 1), ("payment", -100.0, 1)]
        )
        by_month = self.ledgers.formatted_read_group(
            domain, ["date:month", "currency_id"], ["debit:sum"]
        )
        self.assertEqual(sum(group["debit:sum"] for group in by_month), 100.0)
        self.users["user"].group_ids += self.env.ref("base.group_allow_export")
        rows = self.ledger_of().export_data(
            ["date", "kind", "reference", "bill_id", "debit", "credit", "balance"]
        )["datas"]
        self.assertEqual([row[-1] for row in rows], [100.0, 0.0])
        found = self.ledgers.search([*domain, ("bill_id", "=", bill.id)])
        self.assertEqual(len(found), 2)
        read = self.ledgers.web_search_read(
            domain, {"reference": {}, "bill_id": {"fields": {"display_name": {}}}}
        )
        self.assertEqual(read["length"], 2)

    def test_read_only(self):
        """Nobody writes the ledger."""
        self.issued(100)
        line = self.ledger_of()
        for role in ("user", "officer", "administrator"):
            own = line.with_env(self.as_user(role))
            for call in (
                lambda own=own: own.write({"debit": 5}),
                lambda own=own: own.unlink(),
                lambda own=own: own.create({"debit": 5}),
            ):
                with self.assertRaises(AccessError):
                    call()

    def test_who_sees_it(self):
        """Billing users and accountants, of the companies that they work for."""
        self.issued(100)
        self.env.flush_all()
        stranger = self._new_user("stranger", "base.group_user")
        for model in ("kavi.account.ledger", "kavi.account.allocation"):
            with self.assertRaises(AccessError):
                self.env(user=stranger, su=False)[model].search([])
        company = self._new_company("Kavi Other Ltd")
        bill = self.env["kavi.bill"].create(
            {
                "partner_id": self.account.id,
                "title": "Elsewhere",
                "amount": 5,
                "company_id": company.id,
            }
        )
        bill.with_company(company)._issue()
        self.assertEqual(self.ledger_of().mapped("debit"), [100.0])
        everything = self.env["kavi.account.ledger"].with_context(
            allowed_company_ids=(self.company | company).ids
        )
        lines = everything.search([("partner_id", "=", self.account.id)])
        self.assertEqual(sorted(lines.mapped("balance")), [5.0, 100.0])

    def test_action_of_the_account(self):
        """BB-10: one click from the account."""
        self.issued(100)
        action = self.account.with_env(self.as_user("user")).action_open_ledger()
        self.assertEqual(action["res_model"], "kavi.account.ledger")
        self.assertTrue(self.ledgers.search(action["domain"]))
        action = self.account.action_open_allocations()
        self.assertEqual(action["res_model"], "kavi.account.allocation")

    def test_constant_number_of_queries(self):
        """A page costs the same however many documents there are."""
        counts = []
        for number in (1, 1, 8):  # the first fills the registry's caches
            bills = self.bills.union(*(self.draft(10) for __ in range(number)))
            bills.action_issue()
            self.env.flush_all()
            self.env.invalidate_all()
            count = self.env.cr.sql_log_count
            self.ledgers.web_search_read(
                [("partner_id", "=", self.account.id)],
                {
                    "date": {},
                    "debit": {},
                    "balance": {},
                    "balance_company": {},
                    "bill_id": {"fields": {"display_name": {}}},
                    "partner_id": {"fields": {"display_name": {}}},
                },
            )
            counts.append(self.env.cr.sql_log_count - count)
        self.assertEqual(counts[1], counts[2])

    def test_one_account_by_index(self):
        """100,000 items of others are not read to show one account."""
        self.issued(100)
        self.env.flush_all()
        query = self.ledgers._search([("partner_id", "=", self.account.id)])
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        rows = self.env.execute_query(
            SQL("EXPLAIN %s", query.select(SQL("debit"), SQL("bill_id")))
        )
        plan = "\n".join(row[0] for row in rows)
        self.assertIn("commercial_partner_id_index", plan)
        # whichever index fits so few items best; never all of them
        self.assertRegex(plan, r"(Index|Bitmap).* on account_move_line line")


@tagged("post_install", "-at_install")
class TestAllocation(LedgerCommon):
    def allocations(self, **domain):
        self.env.flush_all()
        self.env["kavi.account.allocation"].invalidate_model()
        terms = [(name, "=", value) for name, value in domain.items()]
        return self.as_user("user")["kavi.account.allocation"].search(
            [("partner_id", "=", self.account.id), *terms], order="id"
        )

    def test_what_settled_what(self):
        """BA-04: which payment or credit settled which bill, how much."""
        bill, other = self.issued(100), self.issued(30)
        credit = self.credit(50)
        self.apply(credit, bill, 20)
        self.apply(credit, other)
        self.pay(bill)
        found = {
            (line.bill_id, line.kind, line.amount)
            for line in self.allocations(company_id=self.company.id)
        }
        self.assertEqual(
            found,
            {(bill, "credit", 20.0), (other, "credit", 30.0), (bill, "payment", 80.0)},
        )
        line = self.allocations(kind="credit", bill_id=bill.id)
        self.assertEqual(line.credit_id, credit)
        self.assertTrue(line.applied_at)
        self.assertEqual(line.debit_line_id.bill_id, bill)
        self.assertEqual(line.credit_line_id.credit_id, credit)
        self.assertTrue(line.debit_reference and line.credit_reference)
        action = line.credit_line_id.action_open_allocations()
        self.assertEqual(
            len(line.env["kavi.account.allocation"].search(action["domain"])), 2
        )

    def test_two_currencies(self):
        """Exchange differences settle nothing and are not listed."""
        bill = self.issued(100, currency_id=self.euro.id, bill_date="2026-01-15")
        credit = self.credit(60, currency_id=self.euro.id, date="2026-02-15")
        self.apply(credit, bill, 25.55)
        self.apply(credit, bill)
        lines = self.allocations(bill_id=bill.id)
        self.assertEqual(sorted(lines.mapped("amount")), [25.55, 34.45])
        self.assertEqual(sorted(credit.allocation_ids.mapped("amount")), [25.55, 34.45])

    def test_dead_matches_are_not_listed(self):
        """What is matched with an entry that is no longer posted settles nothing."""
        bill, credit = self.issued(50), self.credit(50)
        self.apply(credit, bill)
        self.invoice(bill).button_draft()
        self.assertFalse(self.allocations())
