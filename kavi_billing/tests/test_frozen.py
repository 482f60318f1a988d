"""A frozen bill (KB-26) stays as it is on every path, an accountant's included: each
path is tried on a bill that is paid, refunded, canceled, or settled by a credit or from
the bank statement."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_credit import CreditCommon

FROZEN = ("is frozen",)


@tagged("post_install", "-at_install")
class TestFrozen(CreditCommon):
    def setUp(self):
        super().setUp()
        self.other = self.issued(100)

    def freeze(self, bill):
        self.env.flush_all()
        bill.sudo()._write_facts({"is_frozen": True})
        self.env.flush_all()
        self.env.invalidate_all()
        return bill

    def paid(self):
        bill = self.issued(100)
        self.pay(bill)
        return self.freeze(bill)

    def refunded(self):
        bill = self.issued(100)
        self.pay(bill)
        self.give_back(bill, 40)
        return self.freeze(bill)

    def canceled(self):
        bill = self.issued(100)
        self.pay(bill)
        self.cancel(bill, refund_amount=40)
        return self.freeze(bill)

    def credited(self):
        bill = self.issued(100)
        self.apply(self.credit(100), bill)
        return self.freeze(bill)

    def open(self):
        return self.freeze(self.issued(100))

    def from_the_bank(self):
        """Settled by a line of the bank statement, without a payment."""
        bill = self.issued(100)
        line = self.statement_line(100)
        suspense = line.move_id.line_ids.filtered(
            lambda item: item.account_id == line.journal_id.suspense_account_id
        )
        invoice = self.invoice(bill)
        receivable = self.receivable(invoice)
        suspense.write(
            {"account_id": receivable.account_id.id, "partner_id": self.account.id}
        )
        (suspense | receivable).reconcile()
        self.assertBill(bill, "paid")
        return self.freeze(bill)

    def statement_line(self, amount):
        return self.as_user("accountant")["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "amount": amount,
                "date": "2026-03-01",
                "payment_ref": "wire",
                "partner_id": self.account.id,
            }
        )

    def receivable(self, moves):
        return moves.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    def snapshot(self, bill):
        self.env.flush_all()
        self.env.invalidate_all()
        names = (
            "state amount_total amount_paid amount_credited amount_due refund_amount "
            "payment_date refund_date cancel_date next_due_date due_date flag_label"
        )
        items = self.receivable(bill.sudo().move_ids)
        return (
            [bill[name] for name in names.split()],
            items.mapped("amount_residual"),
            bill.sudo().move_ids.mapped("state"),
            bill.sudo().move_ids.mapped("ref"),
        )

    # === THE PATHS: each is a list of attempts, by name === #

    def entries(self, bill):
        """What stands for the bill and what settled it, in the accountant's hands."""
        books = bill.sudo()
        items = self.receivable(books.move_ids)
        matches = items._get_live_matches()
        settling = (matches.debit_move_id | matches.credit_move_id).move_id
        return (books.move_ids | settling).with_env(self.as_user("accountant"))

    def paths_of_entries(self, bill):
        for move in self.entries(bill):
            yield f"{move.name} to draft", move.button_draft
            yield f"{move.name} canceled", move.button_cancel
            for state in ("draft", "cancel"):
                yield (
                    f"{move.name} {state} by a client",
                    lambda move=move, state=state: self.rpc(
                        "accountant",
                        "account.move",
                        "write",
                        move.ids,
                        {"state": state},
                    ),
                )
            for match in move.line_ids._get_live_matches():
                yield f"{move.name} match removed", match.unlink
                yield (
                    f"{move.name} unreconciled",
                    lambda move=move: move.line_ids.remove_move_reconcile(),
                )
                yield (
                    f"{move.name} taken off the payment",
                    lambda move=move, match=match: self.rpc(
                        "accountant",
                        "account.move",
                        "js_remove_outstanding_partial",
                        move.ids,
                        match.id,
                    ),
                )

    def paths_of_payments(self, bill):
        payments = self.entries(bill).origin_payment_id
        for payment in payments:
            for act in ("action_draft", "action_cancel", "action_reject"):
                yield (
                    f"{payment.name} {act}",
                    lambda payment=payment, act=act: self.rpc(
                        "accountant", "account.payment", act, payment.ids
                    ),
                )
            yield (
                f"{payment.name} written to draft",
                lambda payment=payment: self.rpc(
                    "accountant",
                    "account.payment",
                    "write",
                    payment.ids,
                    {"state": "draft"},
                ),
            )

            for vals in (
                {"amount": 7},
                {"date": "2026-02-01"},
                {"partner_id": self.company.partner_id.id},
            ):
                yield (
                    f"{payment.name} with {vals}",
                    lambda payment=payment, vals=vals: payment.write(vals),
                )

    def paths_of_items(self, bill):
        """What an accountant may change on posted items of what settled it."""
        for move in self.entries(bill):
            yield (
                f"items of {move.name}",
                lambda move=move: move.line_ids.write({"name": "another"}),
            )
            yield f"{move.name} narration", lambda move=move: move.write({"ref": "x"})

    def paths_of_statement_lines(self, bill):
        for line in self.entries(bill).statement_line_id:
            yield "statement line undone", line.action_undo_reconciliation
            yield "statement line deleted", line.unlink

    def paths_of_documents(self, bill):
        for move in self.entries(bill).filtered(lambda move: move.sudo().kavi_bill_id):
            yield f"{move.name} reversed", lambda move=move: self.reverse(move)
            yield (
                f"{move.name} reversed at once",
                lambda move=move: self.reverse(move, modify=True),
            )
            yield (
                f"{move.name} ref",
                lambda move=move: move.write({"ref": "another"}),
            )
            yield (
                f"{move.name} due date",
                lambda move=move: self.receivable(move).write(
                    {"date_maturity": "2035-01-01"}
                ),
            )
            yield (
                f"{move.name} account",
                lambda move=move: move.invoice_line_ids[:1].write({"name": "another"}),
            )

    def paths_of_matching(self, bill):
        """Something else is matched with what is open, if anything is."""
        open_items = self.receivable(bill.sudo().move_ids).filtered(
            lambda item: not item.reconciled
        )
        for item in open_items.with_env(self.as_user("accountant")):
            credit = self.credit(30)
            entry = credit.sudo().move_id.with_env(item.env)
            yield (
                "a credit matched",
                lambda item=item, entry=entry: (
                    item | self.receivable(entry)
                ).reconcile(),
            )
            yield (
                "an outstanding credit assigned",
                lambda item=item, entry=entry: item.move_id.js_assign_outstanding_line(
                    self.receivable(entry).id
                ),
            )
            yield "credit applied", lambda credit=credit: self.apply(credit, bill)
            yield (
                "a payment registered",
                lambda item=item: self.register_payment(item.move_id, 10),
            )

    def paths_of_acts(self, bill):
        bills = bill.with_env(self.as_user("administrator"))
        for act in bills._get_acts():
            if act not in ("send_notice", "delete"):
                yield act, lambda act=act: bills._check_act(act)
        yield "title", lambda: bills.write({"title": "another"})
        yield "due date of the bill", lambda: bills.write({"due_date": "2035-01-01"})
        for note in bill.sudo().move_ids.kavi_credit_ids:
            yield "credit taken back", note._take_back

    def test_table_walk_frozen(self):
        """KB-26: path by path, on each kind of bill; nothing of it changes."""
        kinds = (
            self.paid,
            self.refunded,
            self.canceled,
            self.credited,
            self.from_the_bank,
            self.open,
        )
        families = [
            getattr(self, name) for name in sorted(dir(self)) if "paths_of" in name
        ]
        self.assertEqual(len(families), 7)
        tried = set()
        for kind in kinds:
            bill = kind()
            before = self.snapshot(bill)
            for family in families:
                for name, attempt in family(bill):
                    with (
                        self.subTest(kind=kind.__name__, path=name),
                        self.cr.savepoint() as savepoint,
                    ):
                        with self.assertRaises(UserError) as caught:
                            attempt()
                        self.assertRegex(
                            str(caught.exception).lower(),
                            "frozen|final|history|is posted",
                        )
                        savepoint.rollback()
                    self.env.invalidate_all()
                    tried.add((kind.__name__, family.__name__))
            self.assertEqual(self.snapshot(bill), before)
        # no family was passed over for want of something to try it on
        for kind, family in (
            ("paid", "paths_of_payments"),
            ("refunded", "paths_of_entries"),
            ("from_the_bank", "paths_of_statement_lines"),
            ("open", "paths_of_matching"),
        ):
            self.assertIn((kind, family), tried)

    def test_what_is_beside_it_goes_on(self):
        """The bank's own side of a payment, and the rest of what was paid too much, are
        no part of the bill."""
        bill = self.issued(100)
        self.register_payment(self.invoice(bill), 150)
        self.freeze(bill)
        payment = self.payments(bill).with_env(self.as_user("accountant"))
        rest = self.receivable(payment.move_id)
        due = self.receivable(self.invoice(self.other))
        (rest | due).reconcile()
        self.assertBill(self.other, "new", amount_due=50.0, amount_paid=50.0)
        self.assertBill(bill, "paid", amount_paid=100.0)
        # ... and it is taken off there again
        due.matched_credit_ids.unlink()
        self.assertBill(self.other, "new", amount_due=100.0)
        line = self.statement_line(150)
        liquidity, _counterpart, _rest = payment._seek_for_lines()
        suspense = line.move_id.line_ids.filtered(
            lambda item: item.account_id == line.journal_id.suspense_account_id
        )
        suspense.account_id = liquidity.account_id
        (suspense | liquidity).reconcile()
        self.assertTrue(liquidity.reconciled)
        self.assertBill(bill, "paid", amount_paid=100.0)

    def test_memo(self):
        """It is a credit note on what the bill has charged."""
        bill = self.paid()
        self.freeze(bill)
        memo = self.as_user("officer")["kavi.credit"].create(
            {
                "kind": "memo",
                "partner_id": bill.partner_id.id,
                "bill_id": bill.id,
                "reason": "less",
                "amount": 30.0,
            }
        )
        with self.refused(*FROZEN):
            memo.action_issue()

    def test_draft_note_is_not_posted_later(self):
        """Made before the bill was frozen, it would take back what stays."""
        bill = self.issued(100)
        self.pay(bill)
        note = self.reverse(self.invoice(bill))
        self.freeze(bill)
        with self.refused(*FROZEN):
            note.action_post()
        note.invalidate_recordset()
        self.assertEqual(note.state, "draft")
        note.unlink()  # nobody's record

    def test_posting_day_by_day(self):
        """Superuser rights of a job change nothing."""
        bill = self.paid()
        invoice = bill.sudo().invoice_id
        for attempt in (invoice.button_draft, invoice.button_cancel):
            with self.refused(*FROZEN):
                attempt()
        with self.refused(*FROZEN):
            self.payments(bill).action_draft()
        with self.refused(*FROZEN):
            invoice.line_ids.remove_move_reconcile()
        self.assertBill(bill, "paid")
