from odoo import api, fields, models


class KaviBill(models.Model):
    """What has settled a bill, row by row, and the sums of it.

    Paper, page and mail show these rows and sums, so that each can be followed: what
    was charged, less credited and paid, and what was given back, is what is due. A
    refund is both, money given back and a credit note of as much (see ``refund``).
    """

    _inherit = "kavi.bill"

    amount_idle = fields.Monetary(
        string="Not Owed",
        compute="_compute_amount_idle",
        help="What the bill asks, but nobody owes in these books: it is a draft or "
        "history, or its invoice is not posted.",
    )

    # === COMPUTE METHODS === #

    @api.depends("amount_total", "amount_credited", "amount_paid", "amount_due")
    def _compute_amount_idle(self):
        for bill in self:
            bill.amount_idle = bill._get_settlement_sums(False)["idle"]

    # === BUSINESS METHODS === #

    def _get_settlement_sums(self, with_surcharge=True):
        """The sums of this bill: ``charged - credited - paid + refunded - idle = due``.

        :param bool with_surcharge: also what the chosen method is going to charge
        :return: dict of these amounts in the bill's currency. ``idle`` is what the bill
            asks, but nobody owes here: its invoice is not posted, or it is history
        """
        self.ensure_one()
        refunded = self.refund_amount
        sums = {
            "charged": self.amount_with_surcharge
            if with_surcharge
            else self.amount_total,
            "credited": self.amount_credited + refunded,
            "paid": self.amount_paid,
            "refunded": refunded,
            "due": self.amount_to_pay if with_surcharge else self.amount_due,
        }
        sums["idle"] = (
            sums["charged"]
            - sums["credited"]
            - sums["paid"]
            + sums["refunded"]
            - sums["due"]
        )
        return {name: self.currency_id.round(amount) for name, amount in sums.items()}

    def _get_settlements(self):
        """What has settled this bill so far, and what was given back; one row a
        document, however many instalments it filled. What a change of the amount has
        replaced is not among them.

        :return: list of dicts, oldest first: ``kind`` ("payment", "credit" or
            "refund"), ``date``, ``label``, ``text`` and ``detail`` (what it is, in
            short, in words, and what these say beyond label and reference), ``number``
            (of a check or the like), ``reference`` and ``move_id`` (of the entry), and
            ``amount`` in the bill's currency; what was refunded has a minus. The rows
            of a kind add up to its sum
        """
        self.ensure_one()
        bill = self.sudo()  # who sees the bill sees what was paid
        invoices, notes = bill._get_standing_documents()
        lines = bill._get_receivable_lines(invoices)
        matches = lines._get_live_matches() & lines.matched_credit_ids
        # a row of that view has the id of its match
        Allocation = bill.env["kavi.account.allocation"]
        as_credit = Allocation.search(
            [("id", "in", matches.ids), ("kind", "=", "credit")]
        )
        found = {}

        def add(kind, line, match, amount):
            # money has the day on which it came, wherever it was booked; credit that on
            # which it was used
            day = bill._get_money_day(line)
            row = found.setdefault((kind, line.move_id), [0.0, day, False])
            row[0] += amount
            is_credit = match.id in as_credit.ids
            if is_credit or kind == "credit":
                row[1] = max(row[1], match.max_date)
            row[2] = row[2] or is_credit

        for match in matches:
            credit, matched = match.credit_move_id, match.debit_amount_currency
            is_note = credit.move_id.move_type == "out_refund"
            money = 0.0 if is_note else bill._get_money_part(match)
            add("payment", credit, match, money)
            add("credit", credit, match, matched - money)
        lines = bill._get_receivable_lines(notes)
        for match in lines._get_live_matches() & lines.matched_debit_ids:
            debit, amount = match.debit_move_id, match.credit_amount_currency
            if debit.move_id.move_type != "out_invoice":
                add("refund", debit, match, -amount)
                add("credit", match.credit_move_id, match, amount)
        rows = bill._get_opening_rows()
        for kind in ("payment", "credit", "refund"):
            amounts = [
                (move, *row) for (each, move), row in found.items() if each == kind
            ]
            rows += bill._prepare_settlement_rows(kind, amounts)
        # what an import does not date came first, and went back last
        undated = {"refund": "9999"}
        return sorted(
            rows,
            key=lambda row: (
                str(row["date"] or undated.get(row["kind"], "")),
                row["move_id"],
            ),
        )

    # === HELPER METHODS === #

    def _prepare_settlement_rows(self, kind, amounts):
        """The rows of one kind, rounded so that they add up to the cent.

        :param list amounts: (entry, amount, day, whether it was used as a credit)
        """
        currency = self.currency_id
        rest = currency.round(sum(amount for _move, amount, *_ in amounts))
        rows = []
        for move, amount, day, is_credit in amounts:
            amount = currency.round(amount)
            if currency.is_zero(amount):
                continue
            rest -= amount
            rows.append(
                {
                    "kind": kind,
                    "date": day,
                    "move_id": move.id,
                    "number": move.origin_payment_id.kavi_number or "",
                    "reference": move.name,
                    "amount": amount,
                    **self._describe_settlement(kind, move, amount, is_credit),
                }
            )
        if rows:
            rows[-1]["amount"] = currency.round(rows[-1]["amount"] + rest)
        return rows

    def _describe_settlement(self, kind, move, amount, is_credit):
        """What a row is called.

        :return: dict of ``label``, ``text`` and ``detail``, what the text says beyond
            label and reference
        """
        payment, credit = move.origin_payment_id, move.kavi_credit_ids[:1]
        if credit and is_credit:
            return {
                "label": self.env._("Credit"),
                "text": self.env._(
                    "Credit %(number)s: %(reason)s",
                    number=credit.name,
                    reason=credit.reason,
                ),
                "detail": f"{credit.name}: {credit.reason}",
            }
        if move.move_type == "out_refund":
            title = self._get_note_title(move)
            return {
                "label": self.env._("Credit Note"),
                "text": self.env._(
                    "Credit note %(number)s: %(reason)s",
                    number=move.name,
                    reason=title,
                ),
                "detail": title,
            }
        if kind == "credit":
            label = self._get_reduction_label(move)
            return {"label": label, "text": label, "detail": ""}
        method = payment.kavi_method_id.name
        if kind == "refund":
            label = self.env._("Refund")
            text = f"{label}, {method}" if method else label
            return {"label": label, "text": text, "detail": method or ""}
        is_money = payment or move.statement_line_id
        label = self.env._("Payment") if is_money else self.env._("Other Entry")
        text = method or label
        if (
            payment.currency_id == self.currency_id
            and self.currency_id.compare_amounts(payment.amount, amount) > 0
        ):
            text = self.env._(
                "%(method)s, part of %(amount)s",
                method=text,
                amount=self.currency_id.format(payment.amount),
            )
            if credit:
                text = self.env._(
                    "%(payment)s; what was left over is credit %(credit)s",
                    payment=text,
                    credit=credit.name,
                )
        return {"label": label, "text": text, "detail": text if text != label else ""}

    def _get_reduction_label(self, move):
        """What an entry took off the debt beside its money."""
        company, used = self.company_id, move.line_ids.account_id
        early = company.account_journal_early_pay_discount_loss_account_id
        rest = company.billing_write_off_account_id
        days = self._get_receivable_lines(self.invoice_id).mapped("discount_date")
        last = max(filter(None, days), default=None)
        # one account may serve for both: then the day says which it was
        if early & used and last and (move.date <= last or not rest & used):
            return self.env._("Discount for paying early")
        if rest & used:
            return self.env._("Rest written off")
        if move.origin_payment_id or move.statement_line_id:
            return self.env._("Written off")
        return self.env._("Other Entry")

    def _get_opening_rows(self):
        """What was paid, credited and refunded before these books began."""
        paid_on, back_on = self.opening_payment_date, self.opening_refund_date
        before = [
            ("payment", self.opening_paid, paid_on, self.env._("Payment")),
            ("credit", self.opening_credited, False, self.env._("Credit")),
            # of what was given back, as much was credited
            ("credit", self.opening_refunded, back_on, self.env._("Credit Note")),
            ("refund", -self.opening_refunded, back_on, self.env._("Refund")),
        ]
        return [
            {
                "kind": kind,
                "date": day,
                "move_id": 0,
                "label": text,
                "text": text,
                "detail": "",
                "number": "",
                "reference": "",
                "amount": amount,
            }
            for kind, amount, day, text in before
            if not self.currency_id.is_zero(amount)
        ]
