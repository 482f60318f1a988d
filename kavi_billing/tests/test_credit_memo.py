"""Credit memos correct a bill: its accounts, its taxes, to the cent (BB-14); and the
button that applies what an account has in its favour to a bill (BB-08)."""

from lxml import etree

from odoo.fields import Command
from odoo.tests import tagged

from .test_credit import CreditCommon
from .test_refund import RefundCommon


class MemoCommon(CreditCommon, RefundCommon):
    def memo(self, bill, amount, **vals):
        return self.credit(
            amount,
            kind="memo",
            bill_id=bill.id,
            partner_id=bill.partner_id.id,
            currency_id=bill.currency_id.id,
            **vals,
        )

    def taxed_bill(self, **vals):
        """Two accounts, three taxes, one of them included in its price."""
        self.catering = self.env["account.account"].create(
            {"name": "Catering", "code": "498765", "account_type": "income"}
        )
        product = self.env["product.product"].create(
            {"name": "Lunch", "property_account_income_id": self.catering.id}
        )
        high, low = self.tax(21, "21%"), self.tax(7, "7%")
        included = self.tax(5.5, "5.5%", price_include_override="tax_included")
        lines = self.lines((33.33, high), (19.99, high + low), (10.01, included))
        lines[1][2]["product_id"] = product.id
        return self.issued(line_ids=lines, **vals)

    def assertShare(self, bill, notes, amount):
        """Each account and tax of ``notes`` has its share of the invoice, to a cent."""
        invoice = bill.sudo().invoice_id
        mine, whole = self.by_account(notes), self.by_account(invoice)
        self.assertEqual(set(mine), set(whole))
        part = amount / bill.amount_total
        for key, charged in whole.items():
            self.assertAlmostEqual(mine[key], -charged * part, delta=0.011)


@tagged("post_install", "-at_install")
class TestCreditMemo(MemoCommon):
    def test_takes_back_what_the_bill_charged(self):
        """The bill's income accounts and taxes, not the credit product's."""
        self.company.billing_credit_product_id = self.env["product.product"].create(
            {"name": "Goodwill", "taxes_id": [Command.set(self.tax(19, "19%").ids)]}
        )
        bill = self.taxed_bill()
        memo = self.memo(bill, 20)
        note = memo.sudo().move_id
        self.assertCredit(memo, "open", amount_open=20.0)
        self.assertAlmostEqual(note.amount_total, 20.0, 6)
        self.assertShare(bill, note, 20.0)
        self.assertIn(self.catering, note.invoice_line_ids.account_id)
        self.assertEqual(
            note.invoice_line_ids.tax_ids, bill.sudo().invoice_id.line_ids.tax_ids
        )
        self.assertFalse(note.kavi_bill_id)
        self.assertIn("For the trouble", note.invoice_line_ids[:1].name)
        goodwill = self.credit(20).sudo().move_id
        self.assertEqual(goodwill.invoice_line_ids.tax_ids.name, "19%")
        self.assertNotIn(self.catering, goodwill.invoice_line_ids.account_id)

    def test_parts_add_up(self):
        """Memo by memo, the whole bill is taken back: on every account and for every
        tax exactly what was charged."""
        bill = self.taxed_bill()
        total = bill.amount_total
        memos = self.credits
        for amount in (0.01, 7.77, 33.34, 11.11):
            memos |= self.memo(bill, amount)
        rest = bill.currency_id.round(total - sum(memos.mapped("amount")))
        memos |= self.memo(bill, rest)
        self.assertEqual(
            self.by_account(bill.sudo().invoice_id),
            {
                key: -amount
                for key, amount in self.by_account(memos.sudo().move_id).items()
            },
        )
        self.apply(memos, bill)
        self.assertBill(bill, "paid", amount_credited=total, amount_paid=0.0)

    def test_parts_add_up_in_a_batch(self):
        """Memos that are issued together know of each other: what is more than the bill
        is left over."""
        bill = self.taxed_bill()
        vals = {"kind": "memo", "bill_id": bill.id}
        rest = bill.currency_id.round(bill.amount_total - 30.0)
        drafts = self.credit_draft(13.37, **vals) | self.credit_draft(16.63, **vals)
        drafts |= self.credit_draft(rest, **vals)
        too_much = self.credit_draft(0.01, **vals)
        (drafts | too_much).action_issue()
        self.assertEqual(set(drafts.mapped("state")), {"open"})
        self.assertEqual(too_much.state, "draft")
        with self.refused("can be corrected", bill.name):
            too_much.action_issue()
        self.assertEqual(
            self.by_account(bill.sudo().invoice_id),
            {
                key: -amount
                for key, amount in self.by_account(drafts.sudo().move_id).items()
            },
        )

    def test_with_a_cancellation(self):
        """What a memo took back, the cancellation leaves; together they are the
        invoice."""
        bill = self.taxed_bill()
        memo = self.memo(bill, 12.34)
        self.apply(memo, bill)
        self.cancel(bill)
        self.assertBill(bill, "canceled", amount_due=0.0)
        notes = self.notes(bill) | memo.sudo().move_id
        self.assertEqual(
            self.by_account(bill.sudo().invoice_id),
            {key: -amount for key, amount in self.by_account(notes).items()},
        )

    def test_cancellation_takes_open_memos(self):
        """A bill that is canceled takes its memos first: the account has nothing left
        over, and the books show the bill's amount once."""
        bill = self.taxed_bill()
        memo = self.memo(bill, 12.34)
        other = self.issued(30, partner_id=bill.partner_id.id)
        self.cancel(bill)
        self.assertBill(bill, "canceled", amount_due=0.0)
        self.assertCredit(memo, "used", amount_open=0.0)
        self.assertBill(other, "new", amount_due=30.0)
        notes = self.notes(bill) | memo.sudo().move_id
        self.assertEqual(
            self.by_account(bill.sudo().invoice_id),
            {key: -amount for key, amount in self.by_account(notes).items()},
        )

    def test_cancellation_of_what_a_memo_took_back(self):
        bill = self.taxed_bill()
        memo = self.memo(bill, bill.amount_total)
        self.cancel(bill)
        self.assertBill(bill, "canceled", amount_due=0.0)
        self.assertCredit(memo, "used", amount_open=0.0)
        self.assertFalse(self.notes(bill))

    def test_refund_after_a_memo(self):
        """What a memo has given back is not refunded, too: both together are what was
        paid."""
        bill = self.taxed_bill()
        self.pay(bill)
        memo = self.memo(bill, 12.34)
        self.give_back(bill)
        self.assertBill(bill, "refunded", amount_retained=12.34)
        self.assertEqual(bill.amount_refundable, 0.0)
        self.assertCredit(memo, "open", amount_open=12.34)
        notes = self.notes(bill) | memo.sudo().move_id
        self.assertEqual(
            self.by_account(bill.sudo().invoice_id),
            {key: -amount for key, amount in self.by_account(notes).items()},
        )

    def test_no_more_than_the_bill(self):
        """What was credited already, by refund or memo, is not corrected again; what
        expired is."""
        bill = self.issued(100)
        self.pay(bill)
        self.give_back(bill, 40)
        memo = self.memo(bill, 50)
        with self.refused("$\xa010.00", bill.name):
            self.memo(bill, 10.01)
        memo._expire()
        self.assertCredit(memo, "expired")
        self.assertCredit(self.memo(bill, 60), "open", amount_open=60.0)
        with self.refused("$\xa00.00", "goodwill"):
            self.memo(bill, 1)

    def test_nothing_to_correct(self):
        """A bill that is canceled, or whose invoice is not posted."""
        canceled, unbooked = self.issued(), self.issued()
        self.cancel(canceled)
        with self.refused("$\xa00.00", canceled.name):
            self.memo(canceled, 1)
        self.invoice(unbooked).button_draft()
        with self.refused("not posted", unbooked.name):
            self.memo(unbooked, 1)

    def test_another_currency(self):
        """At the rate of its bill, which it takes a part of back; each account gets its
        share."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        for day, rate in (("2020-01-01", 0.5), ("2026-02-01", 0.8)):
            self.env["res.currency.rate"].create(
                {
                    "name": day,
                    "rate": rate,
                    "currency_id": euro.id,
                    "company_id": self.company.id,
                }
            )
        bill = self.taxed_bill(currency_id=euro.id, bill_date="2026-01-10")
        memo = self.memo(bill, 20, date="2026-02-10")
        self.assertShare(bill, memo.sudo().move_id, 20.0)
        self.assertCredit(memo, "open", amount_open=20.0)
        self.assertEqual(memo.amount_open_company, 40.0)
        self.apply(memo, bill)
        self.assertBill(bill, "new", amount_credited=20.0)
        self.assertBooks(bill)

    def test_expired_memo_is_taken_back(self):
        """Each account and tax gets its share back: nothing is left of the memo."""
        bill = self.taxed_bill()
        memo = self.memo(bill, 33.33)
        note = memo.sudo().move_id
        memo._expire()
        self.assertCredit(memo, "expired", amount_open=0.0)
        sums = self.by_account(note | note.reversal_move_ids)
        by_account = {}
        for (account, _tax), amount in sums.items():
            by_account[account] = round(by_account.get(account, 0.0) + amount, 6)
        self.assertFalse({key: sum_ for key, sum_ in by_account.items() if sum_})


@tagged("post_install", "-at_install")
class TestApplyButton(MemoCommon):
    def test_shown_where_it_helps(self):
        """Only while the table allows it and the account has a credit to give."""
        bill, other = self.issued(100), self.issued(100, partner_id=self.person.id)
        draft, euro = self.draft(), self.env.ref("base.EUR")
        euro.active = True
        foreign = self.issued(100, currency_id=euro.id)
        bills = bill | other | draft | foreign
        self.assertFalse(any(bills.mapped("has_open_credit")))
        credit = self.credit(30)
        bills.invalidate_recordset(["has_open_credit"])
        self.assertEqual(bills.mapped("has_open_credit"), [True, False, False, False])
        credit.expiry_date = credit.date
        with self.at("2040-01-01"):
            bills.invalidate_recordset(["has_open_credit"])
            self.assertFalse(bill.has_open_credit, "it has expired")
            with self.refused("no open credit"):
                self.opened(bill)
        bill.sudo()._write_facts({"is_frozen": True})
        self.assertFalse(bill.has_open_credit)

    def opened(self, bill):
        """The wizard, as the button opens it."""
        action = bill.action_apply_credit()
        self.assertEqual(action["res_model"], "kavi.credit.apply.wizard")
        return (
            bill.env[action["res_model"]].with_context(**action["context"]).create({})
        )

    def test_from_the_bill(self):
        bill, gone, credit = self.issued(100), self.credit(5), self.credit(30)
        gone._expire()
        wizard = self.opened(bill)
        self.assertEqual((wizard.credit_ids, wizard.bill_ids), (credit, bill))
        wizard.action_apply_credits()
        self.assertBill(bill, "new", amount_due=70.0)
        bill.invalidate_recordset(["has_open_credit"])
        self.assertFalse(bill.has_open_credit)

    def test_button_on_the_form(self):
        """Officers have it; who only sees bills has not."""
        for role, count in (("officer", 1), ("user", 0), ("accountant", 0)):
            view = self.as_user(role)["kavi.bill"].get_view(view_type="form")
            arch = etree.fromstring(view["arch"])
            found = arch.findall(".//button[@name='action_apply_credit']")
            self.assertEqual(len(found), count, role)
            for button in found:
                self.assertIn("has_open_credit", button.get("invisible"))
                self.assertIn("'apply_credit'", button.get("invisible"))
