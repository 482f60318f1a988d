"""What the tests of billing have in common.

A company of their own with a chart of accounts, one user of each role, short ways to
raise and settle bills as these users do it, and a reading of the ledger in plain SQL
that owes nothing to the code under test.
"""

from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import TransactionCase, new_test_user

from .companies import COMPANY, take_company

ROLES = {
    "user": "kavi_billing.group_billing_user",
    "officer": "kavi_billing.group_billing_officer",
    "administrator": "kavi_billing.group_billing_administrator",
    # keeps the books, has no billing role
    "accountant": "account.group_account_user,account.group_account_invoice",
}

# What is charged, paid and credited on the posted invoices of a bill, in the bill's
# and in company currency. A match with an entry that is no longer posted is none; an
# invoice that was replaced is no longer the bill's. Of a payment that wrote off a
# rest, or gave a discount, only the money counts as paid.
LEDGER = """
    WITH charge AS (
        SELECT line.id, line.amount_currency, line.balance
          FROM account_move_line line
          JOIN account_move move ON move.id = line.move_id
          JOIN account_account account ON account.id = line.account_id
         WHERE move.kavi_bill_id = %s AND move.state = 'posted'
           AND move.move_type = 'out_invoice'
           AND move.is_kavi_replaced IS NOT TRUE
           AND account.account_type = 'asset_receivable'
    ), settled AS (
        SELECT CASE WHEN other.move_type = 'out_refund' THEN 0
                    WHEN line.is_kavi_without_money THEN 0
                    WHEN payment.id IS NULL THEN ROUND(
                        match.debit_amount_currency * LEAST(1, COALESCE((
                            SELECT SUM(money.balance)
                              FROM account_move_line money
                              JOIN account_account bank ON bank.id = money.account_id
                             WHERE money.move_id = other.id AND (bank.account_type
                                   IN ('asset_cash', 'liability_credit_card')
                                OR bank.id IN (
                                   SELECT account_account_id
                                     FROM kavi_company_fee_account_rel
                                    WHERE res_company_id = other.company_id))
                        ) / -NULLIF((
                            SELECT SUM(owed.balance)
                              FROM account_move_line owed
                              JOIN account_account account
                                ON account.id = owed.account_id
                             WHERE owed.move_id = other.id AND owed.balance < 0
                               AND account.account_type = 'asset_receivable'
                        ), 0), 0)), 6)
                    ELSE ROUND(match.debit_amount_currency * LEAST(1, (
                             SELECT SUM(money.amount_currency)
                               FROM account_move_line money
                              WHERE money.move_id = other.id
                                AND money.account_id = payment.outstanding_account_id
                                AND money.currency_id = line.currency_id
                         ) / -NULLIF(line.amount_currency, 0)), 6)
               END AS money,
               match.debit_amount_currency AS amount, match.amount AS balance
          FROM account_partial_reconcile match
          JOIN charge ON charge.id = match.debit_move_id
          JOIN account_move_line line ON line.id = match.credit_move_id
          JOIN account_move other ON other.id = line.move_id
     LEFT JOIN account_payment payment ON payment.id = other.origin_payment_id
         WHERE other.state = 'posted'
    )
    SELECT (SELECT COALESCE(SUM(amount_currency), 0) FROM charge),
           (SELECT COALESCE(SUM(money), 0) FROM settled),
           (SELECT COALESCE(SUM(amount - money), 0) FROM settled),
           (SELECT COALESCE(SUM(balance), 0) FROM charge)
           - (SELECT COALESCE(SUM(balance), 0) FROM settled)
"""
# What was paid out against the posted credit notes of a bill.
PAID_OUT = """
    SELECT COALESCE(SUM(match.credit_amount_currency), 0)
      FROM account_partial_reconcile match
      JOIN account_move_line note_line ON note_line.id = match.credit_move_id
      JOIN account_move note ON note.id = note_line.move_id
      JOIN account_account account ON account.id = note_line.account_id
      JOIN account_move_line out_line ON out_line.id = match.debit_move_id
      JOIN account_move paid_out ON paid_out.id = out_line.move_id
     WHERE note.kavi_bill_id = %s AND note.state = 'posted'
       AND note.move_type = 'out_refund' AND note.is_kavi_replaced IS NOT TRUE
       AND account.account_type = 'asset_receivable'
       AND paid_out.state = 'posted' AND paid_out.move_type != 'out_invoice'
"""


def payer_path(bill):
    """The payer's page of a bill, with its link."""
    token = bill.sudo()._portal_ensure_token()
    return f"{bill.access_url}?access_token={token}"


class BillingCommon(TransactionCase):
    # Where the tests are; without a zone of its own the company is in UTC.
    company_name = COMPANY

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls._new_company(cls.company_name)
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )
        cls.users = {
            role: cls._new_user(role, groups) for role, groups in ROLES.items()
        }
        cls.officer = cls.users["officer"]
        cls.bank = cls._journal("bank")
        cls.check, cls.wire = cls.env["kavi.payment.method"].search(
            [("company_id", "=", cls.company.id), ("kind", "=", "manual")],
            order="sequence",
        )
        cls.account = cls.env["res.partner"].create(
            {"name": "Acme Ltd", "is_company": True, "is_billing_account": True}
        )
        cls.person = cls.env["res.partner"].create({"name": "Jane Doe"})
        cls.bills = cls.as_user("officer")["kavi.bill"]

    @classmethod
    def _new_company(cls, name, **vals):
        currency = cls.env["res.currency"].browse(vals.pop("currency_id", ()))
        company = take_company(cls.env, name, **vals)
        # after the chart, which brings its own
        company.currency_id = currency or cls.env.ref("base.USD")
        return company

    @classmethod
    def _new_user(cls, login, groups, **vals):
        vals = {
            "company_id": cls.company.id,
            "company_ids": [Command.set(cls.company.ids)],
            "tz": "UTC",
            **vals,
        }
        return new_test_user(
            cls.env, f"kavi_{login}", groups, {"no_reset_password": True}, **vals
        )

    @classmethod
    def _journal(cls, kind, company=None):
        return cls.env["account.journal"].search(
            [("company_id", "=", (company or cls.company).id), ("type", "=", kind)],
            limit=1,
        )

    @classmethod
    def as_user(cls, role):
        """An environment of the user of that role, without superuser rights."""
        user = cls.users[role] if isinstance(role, str) else role
        return cls.env(user=user, su=False)

    payer_path = staticmethod(payer_path)

    # === ACTS, AS THE USER DOES THEM === #

    @classmethod
    def draft(cls, amount=100.0, **vals):
        vals = {"partner_id": cls.account.id, "title": "Membership", **vals}
        if "line_ids" not in vals:
            vals["amount"] = amount
        return cls.bills.create(vals)

    @classmethod
    def issued(cls, amount=100.0, **vals):
        bill = cls.draft(amount, **vals)
        bill.action_issue()
        return bill

    @classmethod
    def wizard(cls, bills, act, vals):
        """The wizard of an act, opened on the bills as its button does."""
        model = f"kavi.bill.{act}.wizard"
        # a request of its own: what an earlier one had in its cache is gone
        cls.env.flush_all()
        cls.env.invalidate_all()
        context = {"active_model": "kavi.bill", "active_ids": bills.ids}
        return bills.env[model].with_context(**context).create(vals)

    @classmethod
    def choose(cls, bills, method=None):
        wizard = cls.wizard(bills, "method", {"method_id": (method or cls.check).id})
        wizard.action_choose_method()

    @classmethod
    def pay(cls, bills, method=None, **vals):
        vals = {"method_id": (method or cls.check).id, **vals}
        cls.wizard(bills, "payment", vals).action_complete_payment()

    @classmethod
    def cancel(cls, bills, reason="asked for", **vals):
        vals = {"reason": reason, **vals}
        cls.wizard(bills, "cancel", vals).action_cancel_bills()

    @classmethod
    def give_back(cls, bills, amount=None, **vals):
        """Refund bills, or a part of one."""
        if amount is not None:
            vals["amount"] = amount
        cls.wizard(bills, "refund", vals).action_refund()

    @classmethod
    def dispute(cls, bills, reason="never ordered", **vals):
        cls.wizard(bills, "dispute", {"reason": reason, **vals}).action_dispute()

    @classmethod
    def resolve_dispute(cls, bills, reason="agreed", **vals):
        wizard = cls.wizard(bills, "resolve", {"reason": reason, **vals})
        wizard.action_resolve_dispute()

    @classmethod
    def postpone(cls, bills, date, **vals):
        cls.wizard(bills, "postpone", {"date": date, **vals}).action_postpone()

    @classmethod
    def change_price(cls, bill, price, **vals):
        """Change what the first line of an issued bill asks."""
        wizard = cls.wizard(bill, "amount", vals)
        wizard.line_ids[:1].price_unit = price
        wizard.action_change_amount()

    @classmethod
    def bounce(cls, bill, payments=None, **vals):
        """Reverse payments of a bill; default the one that it has."""
        wizard = cls.wizard(bill, "reverse", vals)
        for line in wizard.line_ids:
            line.is_chosen = payments is None or line.payment_id in payments
        wizard.action_reverse_payment()

    @classmethod
    def send(cls, bills, template="reminder", **vals):
        """Send a notice by hand; of one bill, to somebody who has an address."""
        template = cls.env.ref(f"kavi_billing.mail_template_bill_{template}")
        if len(bills) == 1:
            vals = {"recipients": "jane@doe.example", **vals}
        cls.wizard(bills, "send", {"template_id": template.id, **vals}).action_send()

    @classmethod
    def allow_write_off(cls, limit):
        """Let rests up to ``limit`` be written off.

        :return: the account they go to
        """
        account = cls.env["account.account"].search(
            [
                ("company_ids", "=", cls.company.id),
                ("account_type", "=", "expense"),
            ],
            limit=1,
        )
        cls.company.billing_write_off_limit = limit
        cls.company.billing_write_off_account_id = account
        return account

    @classmethod
    def payments(cls, bill, kind="inbound"):
        """The bill's payments, or with "outbound" its refunds, oldest first."""
        payments = bill.sudo()._get_payments().sorted("id")
        return payments.filtered(lambda payment: payment.payment_type == kind)

    def messages(self, record):
        """The history of a record as it is now, newest first."""
        self.env.flush_all()
        record.invalidate_recordset(["message_ids"])
        return record.sudo().message_ids

    @classmethod
    def notes(cls, bill):
        """The bill's posted credit notes, oldest first."""
        return (
            bill.sudo()
            .move_ids.filtered(
                lambda move: move.move_type == "out_refund" and move.state == "posted"
            )
            .sorted("id")
        )

    @classmethod
    def let_taxes_wait(cls):
        """Taxes may be due when the money comes.

        :return: the account where they wait
        """
        cls.company.tax_exigibility = True
        return cls.env["account.account"].create(
            {
                "name": "Tax to come",
                "code": "255999",
                "account_type": "liability_current",
                "reconcile": True,
                "company_ids": [Command.set(cls.company.ids)],
            }
        )

    # === THE ACCOUNTANT, WHO WORKS ON INVOICES === #

    @classmethod
    def invoice(cls, bill):
        """The bill's invoice, in the accountant's hands."""
        return cls.as_user("accountant")["account.move"].browse(
            bill.sudo().invoice_id.id
        )

    @classmethod
    def register_payment(cls, move, amount=None, **vals):
        """Register a payment on an invoice or credit note, by Odoo's wizard."""
        if amount is not None:
            vals["amount"] = amount
        wizard = (
            move.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": cls.bank.id, **vals})
        )
        return wizard._create_payments()

    @classmethod
    def reverse(cls, move, modify=False, **vals):
        """Credit an invoice by Odoo's wizard.

        :return: the credit note: a draft, or posted and matched with ``modify`` (what
            the wizard does then, but for the new invoice, which bills refuse)
        """
        if modify:
            return move._reverse_moves([{"ref": "Reversed", **vals}], cancel=True)
        wizard = (
            move.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, **vals})
        )
        wizard.refund_moves()
        return move.reversal_move_ids.sorted("id")[-1:]

    @classmethod
    def refund(cls, bill, amount=None):
        """Give money back in the books: a credit note, paid out."""
        note = cls.reverse(cls.invoice(bill))
        if amount is not None:
            note.invoice_line_ids.write({"quantity": 1, "price_unit": amount})
        note.action_post()
        return note, cls.register_payment(note)

    # === OTHER PATHS === #

    def rpc(self, role, model, method, *args, **kwargs):
        """Call a method as a client over RPC does: through Odoo's own gate."""
        return call_kw(self.as_user(role)[model], method, list(args), kwargs)

    @contextmanager
    def refused(self, *words, error=UserError):
        """Something is refused, with a sentence that holds these words."""
        with self.assertRaises(error) as caught:
            yield
        message = str(caught.exception)
        for word in words:
            self.assertIn(word, message)
        self.assertGreater(len(message.split()), 3, "not a sentence: " + message)

    @classmethod
    @contextmanager
    def at(cls, moment):
        """Do something at another moment, as Python and Odoo's clock see it."""
        with (
            freeze_time(moment),
            patch.object(type(cls.cr), "now", lambda cr: datetime.now()),
        ):
            yield

    # === THE LEDGER === #

    def ledger(self, bill):
        """What the journal items say of a bill, read without the code under test."""
        self.env.flush_all()
        self.env.cr.execute(LEDGER, [bill.id])
        charged, paid, credited, due_company = map(float, self.env.cr.fetchone())
        self.env.cr.execute(PAID_OUT, [bill.id])
        refunded = float(self.env.cr.fetchone()[0])
        return {
            "refund_amount": refunded,
            "amount_retained": paid - refunded,
            "amount_total": charged,
            "amount_paid": paid,
            "amount_credited": credited,
            "amount_due": round(charged - paid - credited, 6),
            "amount_due_company": due_company,
        }

    def assertSettings(self, addon, company, wanted):
        """An addon's settings are these; each is on the page, and of one company.

        :param company: another one than the user's own
        :param dict wanted: ``{setting: value}``, none as it is before
        """
        Settings = self.env["res.config.settings"].with_company(company)
        here = {
            name
            for name, field in Settings._fields.items()
            if name.startswith("billing_") and field._module == addon
        }
        self.assertEqual(here, set(wanted))
        arch = Settings.get_view()["arch"]
        before = {name: self.company[name] for name in wanted}
        values = {
            name: [Command.set(value.ids)]
            if Settings._fields[name].type == "many2many"
            else getattr(value, "id", value)
            for name, value in wanted.items()
        }
        Settings.create(values).execute()
        for name, value in wanted.items():
            with self.subTest(setting=name):
                self.assertNotEqual(before[name], value)
                self.assertEqual(company[name], value)
                self.assertEqual(self.company[name], before[name])
                self.assertIn(f'name="{name}"', arch)

    def assertPublicMethods(self, addon, known, overridden="", mixins=()):
        """Clients can call of an addon's models what is known, and nothing else.

        :param dict known: the names of the methods by model, with spaces between
        :param str overridden: names of Odoo's own methods that are no news
        :param mixins: models whose methods come with each model that inherits them
        """
        inherited = {
            name: set(known[mixin].split())
            for mixin in mixins
            for name in self.env.registry[mixin]._inherit_children
        }
        for name, model in self.env.registry.items():
            ours = {
                attribute
                for part in model.mro()
                if part.__module__.startswith(f"odoo.addons.{addon}.")
                for attribute, value in vars(part).items()
                if callable(value) and not attribute.startswith("_")
            }
            allowed = set(known.get(name, "").split()) | inherited.get(name, set())
            self.assertEqual(ours - set(overridden.split()), allowed, name)

    def assertBooks(self, *bills):
        """Bills and ledger agree, and the nightly check sees it the same way."""
        self.env.flush_all()
        for bill in bills:
            before = {  # what was imported as settled is in no ledger
                "refund_amount": bill.opening_refunded,
                "amount_retained": bill.opening_paid - bill.opening_refunded,
                "amount_total": bill.opening_total,
                "amount_paid": bill.opening_paid,
                "amount_credited": bill.opening_credited,
            }
            for name, amount in self.ledger(bill).items():
                if name == "amount_total" and not bill.is_posted:
                    continue  # nothing is charged in the books
                self.assertAlmostEqual(
                    bill[name],
                    amount + before.get(name, 0.0),
                    6,
                    f"{name} of {bill.display_name}",
                )
            if bill.state in ("paid", "refunded", "canceled"):
                self.assertEqual(self.ledger(bill)["amount_due"], 0.0)
        found = self.env["kavi.bill"].sudo()._find_book_differences()
        ours = {bill.id: text for bill, text in found.items() if bill in bills}
        self.assertFalse(ours)

    def assertBill(self, bill, state, **values):
        """A bill is in that state, with these values, and agrees with the books."""
        self.env.flush_all()
        self.assertEqual(bill.state, state)
        for name, value in values.items():
            if isinstance(value, float):
                self.assertAlmostEqual(bill[name], value, 6, name)
            else:
                self.assertEqual(bill[name] or False, value, name)
        self.assertBooks(bill)
