"""Whose a row is: by e-mail, reference, tax ID and name; doubts are the person's."""

from odoo.tests import tagged

from .common import ImportCommon, row


@tagged("post_install", "-at_install")
class TestImportAccounts(ImportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.env["res.partner"]

    def partner(self, name, **vals):
        return self.partners.create({"name": name, "is_company": True, **vals})

    def line(self, **vals):
        """The one row of a file that was tested."""
        return self.make_tested([row("A", **vals)]).line_ids

    def test_order(self):
        """E-mail before reference before tax ID before name."""
        partners = {
            "email": self.partner("One", email="One@Example.com"),
            "reference": self.partner("Two", ref="K-2"),
            "vat": self.partner("Three", vat="XY 99-3"),
            "account": self.partner("Four"),
        }
        said = {
            "email": "one@example.com",
            "reference": "K-2",
            "vat": "xy993",
            "account": "  four ",
        }
        words = ["e-mail", "reference", "tax ID", "name"]
        while said:
            line = self.line(**{"account": "Nobody", **said})
            name = next(iter(said))
            self.assertEqual(line.partner_id, partners[name], line.reason)
            self.assertIn(words[-len(said)], line.reason)
            del said[name]

    def test_persons_of_a_company(self):
        """Who is somebody's contact is billed through them; a namesake is not."""
        contact = self.partners.create(
            {"name": "Jo", "parent_id": self.account.id, "email": "jo@acme.example"}
        )
        line = self.line(account="Whoever", email="jo@acme.example")
        self.assertEqual(line.partner_id, self.account)
        line = self.line(account="Jo")
        self.assertEqual((line.result, line.reason), ("created", "New account."))
        self.assertEqual(contact.commercial_partner_id, self.account)

    def test_ambiguous(self):
        """Several fit: nothing is created before somebody says who it is."""
        first, second = (self.partner("Twin", ref=ref) for ref in ("T1", "T2"))
        rows = [row("A", account="Twin"), row("B", account="twin"), row("C")]
        record = self.make_tested(rows)
        self.assertResults(record, ambiguous=2, created=1)
        line = record.line_ids[0]
        self.assertEqual(line.candidate_ids, first | second)
        record.action_import()
        self.assertResults(record, ambiguous=2, created=1)
        self.assertFalse(self.found("A"))
        # one decision for all rows that name the same account
        line.write({"decision": "use", "chosen_partner_id": second.id})
        record.action_import()
        self.assertResults(record, created=3)
        self.assertEqual((self.found("A") | self.found("B")).partner_id, second)

    def test_narrowed_down(self):
        """What tells several apart."""
        self.partner("Twin", email="t@example.com", ref="T1")
        second = self.partner("Twin", email="t@example.com", ref="T2")
        line = self.line(account="Twin", email="t@example.com", reference="T2")
        self.assertEqual((line.result, line.partner_id), ("created", second))
        line = self.line(account="Twin", email="t@example.com")
        self.assertEqual(line.result, "ambiguous")

    def test_archived(self):
        """Only where nobody else fits; and what is open is not booked on it."""
        old = self.partner("Gone", active=False)
        record = self.imported(
            [row("A", account="Gone"), row("B", "Paid", account="Gone")]
        )
        self.assertResults(record, rejected=1, created=1)
        self.assertEqual(self.found("B").partner_id, old)
        self.partner("Gone")
        self.assertResults(self.make_tested([row("A", account="Gone")]), created=1)

    def test_holder(self):
        self.partner("Members", is_billing_holder=True)
        line = self.line(account="Members")
        self.assertEqual(line.result, "rejected")
        self.assertIn("company for individuals", line.reason)

    def test_new_accounts(self):
        rows = [
            row("A", account="New Co", email="new@example.com", vat="", reference="R9"),
            row("B", account="Jane Poe", account_type="User"),
            row("C", account="Hopeful", account_type="Pending User"),
            row("D", account=""),
            row("E", account="New Co", email="new@example.com", vat="", reference="R9"),
        ]
        self.assertResults(self.imported(rows), created=4, rejected=1)
        company = self.found("A").partner_id
        self.assertEqual(company, self.found("E").partner_id)
        self.assertEqual(
            (
                company.is_company,
                company.email,
                company.ref,
                company.is_billing_account,
            ),
            (True, "new@example.com", "R9", True),
        )
        self.assertFalse(self.found("B").partner_id.is_company)
        self.assertEqual(
            self.found("C").partner_id.billing_account_type, "pending_user"
        )

    def test_no_new_accounts(self):
        """Or somebody decides about whoever is not here."""
        record = self.make_tested([row("A", account="Nobody")], create_accounts=False)
        self.assertResults(record, ambiguous=1)
        record.line_ids.decision = "new"
        record.action_import()
        self.assertResults(record, created=1)
        record = self.make_tested(
            [row("B", account="Nobody else")], create_accounts=False
        )
        record.line_ids.decision = "skip"
        record.action_import()
        self.assertResults(record, skipped=1)

    def test_decisions_outlive_another_test(self):
        self.partner("Twin")
        chosen = self.partner("Twin")
        record = self.make_tested([row("A", account="Twin")])
        record.line_ids.write({"decision": "use", "chosen_partner_id": chosen.id})
        record.action_test()
        self.assertResults(record, created=1)
        self.assertEqual(record.line_ids.partner_id, chosen)

    def test_another_company(self):
        """Neither its contacts nor, where the file says so, its bills."""
        other = self._new_company("Sister")
        self.users["administrator"].company_ids |= other
        self.partner("Theirs", company_id=other.id)
        record = self.imported(
            [
                row("A", account="Theirs", company=self.company.name),
                row("B", account="Theirs", company="Sister"),
                row("C", account="Theirs", company="Unheard of"),
            ]
        )
        self.assertResults(record, created=2, skipped=1)
        self.assertFalse(self.found("A").partner_id.company_id)
        self.assertFalse(self.found("B", other))
