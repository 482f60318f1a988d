"""What only acts and books say, nobody says by hand: model by model, field by field.

The rows come from the registry: every field that a form only shows, of each of our
models and of ours on Odoo's, and what each model protects besides. A new field is in
the table by itself. Each is sent by whoever may create such a record, over RPC: as a
default in the context, as a default that the user keeps, with a copy, with a line of
its parent, as a value, and by writing. It is refused, or the record is as without it.
"""

import os
from copy import deepcopy

from odoo import models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.kavi_billing.tools.const import THREAD_FIELDS
from odoo.addons.kavi_commerce.tests.common import CommerceCommon

MIXIN = "kavi.protected.mixin"
# Values that Odoo itself carries from one item to the next, with its user's rights:
# they only name what the line of an invoice is.
FOLLOWING = {"account.move.line": {"kavi_charge_kind", "is_kavi_deposit"}}
# An application says who it is, with the rights of the officer who works with it.
FOLLOWING["kavi.bill"] = {"created_by", "origin_model", "origin_id"}
# Fields that the roles here have not: a default for one of them may be refused as a
# whole.
CLOSED = {
    *("access_token", "import_name_key", "link_date"),
    *("kavi_granted_category_ids", "kavi_member_since", "kavi_member_status"),
}
# Made anew with each record: what was sent is not in it.
NUMBERED = {"billing_sequence_id", "billing_credit_sequence_id"}
REFUSALS = (AccessError, UserError, ValidationError)


@tagged("post_install", "-at_install")
class TestDefaults(CommerceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for role, groups in {
            "contacts": "base.group_partner_manager,kavi_billing.group_billing_user",
            "club": "kavi_members.group_members_administrator",
            "managers": "base.group_erp_manager,base.group_partner_manager",
            "system": "base.group_system",
            # sees each field, so that no group of a field is what refuses
            "bookkeeper": "kavi_billing.group_billing_administrator,"
            "account.group_account_invoice,account.group_account_user",
        }.items():
            cls.users[role] = cls._new_user(role, f"base.group_user,{groups}")
        # what a stranger's key could point to
        cls.stranger = cls.env["res.partner"].create({"name": "Stranger"})
        cls.taken = cls.issued(90.0, partner_id=cls.stranger.id)
        cls.pay(cls.taken)
        cls.credit = cls.as_user("officer")["kavi.credit"].create(
            {"partner_id": cls.stranger.id, "reason": "Trouble", "amount": 11750.0}
        )
        cls.credit.action_issue()
        cls.sales = cls.env["account.journal"].search(
            [("company_id", "=", cls.company.id), ("type", "=", "sale")], limit=1
        )
        cls.income = cls.env["account.account"].search(
            [("company_ids", "=", cls.company.id), ("account_type", "=", "income")],
            limit=1,
        )

    # === THE TABLE === #

    def get_makers(self):
        """Who may create records of each model over RPC, and with what."""
        account = {"partner_id": self.account.id}
        move = {"move_type": "entry", "journal_id": self._journal("general").id}
        return {
            "kavi.bill": ("bookkeeper", {**account, "title": "X", "amount": 10.0}),
            "kavi.bill.line": (
                "bookkeeper",
                {"bill_id": self.draft().id, "name": "X", "price_unit": 5.0},
            ),
            "kavi.credit": ("bookkeeper", {**account, "reason": "X", "amount": 5.0}),
            "kavi.import": ("administrator", {"file": "eA==", "file_name": "x.csv"}),
            "kavi.outbox": (
                "administrator",
                {"name": "X", "company_id": self.company.id},
            ),
            "kavi.payment.method": ("administrator", {"name": "Cash"}),
            **self.get_club_makers(),
            "account.move": ("accountant", move),
            "account.move.line": (
                "accountant",
                {
                    "move_id": self.env["account.move"].create(move).id,
                    "account_id": self.income.id,
                    "balance": 0.0,
                },
            ),
            "account.payment": (
                "accountant",
                {**account, "amount": 5.0, "payment_type": "inbound"},
            ),
            "payment.transaction": (
                "system",
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.provider.payment_method_ids[:1].id,
                    "amount": 5.0,
                    "currency_id": self.company.currency_id.id,
                    "partner_id": self.account.id,
                },
            ),
            "payment.provider": ("system", {"name": "X"}),
            "res.company": ("managers", {"name": "Another"}),
            "res.partner": ("contacts", {"name": "Mine", "is_company": True}),
        }

    def get_club_makers(self):
        """The same, for what administrators of members set up."""
        own = {"name": "X", "company_id": self.company.id}
        kind = self.env["kavi.membership.type"].create(own)
        form = self.env["kavi.membership.form"].create({**own, "slug": f"x{kind.id}"})
        application = self.env["kavi.membership.application"].create(
            {"company_id": self.company.id}
        )
        term = {"date_from": "2030-01-01", "date_to": "2030-12-31"}
        return {
            "kavi.membership.contact": ("club", {"application_id": application.id}),
            "kavi.membership.fee": ("club", {"type_id": kind.id, "amount": 5.0}),
            "kavi.membership.fixed.term": ("club", {"type_id": kind.id, **term}),
            "kavi.membership.question": ("club", {"form_id": form.id, "name": "X"}),
        }

    def get_protected(self, role, model):
        """The names of the model's protected fields that the test can look at."""
        Model = self.as_user(role)[model]
        return sorted(
            name
            for name in Model._get_protected_fields()
            if Model._fields[name].store and not name.startswith(THREAD_FIELDS)
        )

    def sample(self, model, name):
        """A value that somebody might send, as it goes over RPC; None: there is none
        to point to."""
        field = self.env[model]._fields[name]
        if field.relational:
            found = self.env[field.comodel_name].sudo()
            domain = []
            if "company_id" in found._fields and field.comodel_name != "res.users":
                domain = [("company_id", "in", (self.company.id, False))]
            if field.comodel_name == "res.partner":
                domain = [("id", "=", self.stranger.id)]
            if field.comodel_name == "account.move":
                found = self.credit.sudo().move_id
            else:
                found = found.with_context(active_test=False).search(domain, limit=1)
            if not found:
                return None
            return found.id if field.type == "many2one" else [[4, found.id]]
        if field.type == "selection":
            return field.get_values(self.env)[-1]
        return {
            "boolean": True,
            "date": "2026-01-31",
            "datetime": "2026-01-31 12:00:00",
            "integer": 7,
            "float": 7.0,
            "monetary": 7.0,
            "json": {"forged": True},
            "many2one_reference": 7,
            "binary": "eA==",
        }.get(field.type, "FORGED")

    def get_samples(self, role, model):
        samples = {
            name: self.sample(model, name) for name in self.get_protected(role, model)
        }
        return {name: value for name, value in samples.items() if value is not None}

    # === DOORS === #

    def read_protected(self, record, names):
        self.env.flush_all()
        record = record.sudo()
        record.invalidate_recordset()
        return {
            name: record[name].ids if record._fields[name].relational else record[name]
            for name in names
            if name != "access_token"  # given when it is first asked for
        }

    def attempt(self, role, model, method, *args, context=None):
        """A call over RPC that is taken back.

        :return: what the protected fields are then, for the record that it made; None
            when it was refused
        """
        names = self.get_protected(role, model)
        try:
            with self.env.cr.savepoint() as savepoint:
                context = {"allowed_company_ids": self.company.ids, **(context or {})}
                # Odoo's create() writes into what it is given
                args = deepcopy(args)
                answer = self.rpc(role, model, method, *args, context=context)
                self.env.flush_all()
                if isinstance(answer, list):
                    answer = answer[0]
                id_ = answer["id"] if isinstance(answer, dict) else answer
                record = self.env[model].browse(id_)
                found = self.read_protected(record, names)
                if "access_token" in record._fields:
                    self.assertNotEqual(record.sudo().access_token, "FORGED")
                savepoint.close(rollback=True)
                return found
        except REFUSALS:
            return None
        finally:
            self.env.invalidate_all()

    def get_batches(self, samples):
        """All keys at once; in the long profile each by itself, too."""
        alone = [{name: samples[name]} for name in CLOSED & set(samples)]
        together = {name: samples[name] for name in samples if name not in CLOSED}
        if os.environ.get("KAVI_LONG"):
            alone = [{name: value} for name, value in samples.items()]
        return [together, *alone]

    def assertUnmoved(self, wanted, found, batch):
        if found is None:
            return  # refused
        for name in NUMBERED & set(batch):
            self.assertNotEqual(found[name], [batch[name]], name)
        wanted, found = (
            {name: value for name, value in values.items() if name not in NUMBERED}
            for values in (wanted, {**wanted, **found})
        )
        self.assertEqual(found, wanted, sorted(batch))

    def test_defaults_in_the_context(self):
        """By create, by the form's own call, and with a copy."""
        for model, (role, vals) in self.get_makers().items():
            samples = self.get_samples(role, model)
            wanted = self.attempt(role, model, "create", vals)
            self.assertIsNotNone(wanted, f"{role} makes no {model}")
            for batch in self.get_batches(samples):
                context = {f"default_{name}": value for name, value in batch.items()}
                with self.subTest(model=model, keys=len(batch)):
                    found = self.attempt(role, model, "create", vals, context=context)
                    if not set(batch) <= CLOSED:
                        self.assertIsNotNone(found, "refused as a whole: look by key")
                    self.assertUnmoved(wanted, found, batch)
                    saved = self.attempt(
                        role, model, "web_save", [], vals, {"id": {}}, context=context
                    )
                    self.assertUnmoved(wanted, saved, batch)

    def test_defaults_of_a_copy(self):
        for model, (role, vals) in self.get_makers().items():
            if model in ("account.move.line", "payment.transaction", "kavi.outbox"):
                continue  # not copied, or one a company
            id_ = self.rpc(role, model, "create", deepcopy(vals))
            wanted = self.attempt(role, model, "copy", [id_])
            # these are not, nor is a row that would overlap
            if model not in (
                "kavi.import",
                "res.company",
                "kavi.membership.fixed.term",
            ):
                self.assertIsNotNone(wanted, f"{model} is not copied")
            samples = self.get_samples(role, model)
            for batch in self.get_batches(samples):
                context = {f"default_{name}": value for name, value in batch.items()}
                with self.subTest(model=model):
                    found = self.attempt(role, model, "copy", [id_], context=context)
                    self.assertUnmoved(wanted or found, found, batch)

    def test_defaults_that_a_user_keeps(self):
        """Whoever works here may keep defaults for themselves (``ir.default``)."""
        for model, (role, vals) in self.get_makers().items():
            samples = self.get_samples(role, model)
            wanted = self.attempt(role, model, "create", vals)
            for name, value in samples.items():
                if isinstance(value, list):
                    continue  # Odoo takes no commands there
                user = self.users[role]
                try:
                    with self.env.cr.savepoint():
                        self.env["ir.default"].sudo().set(
                            model, name, value, user_id=user.id
                        )
                except REFUSALS:
                    continue
            with self.subTest(model=model):
                found = self.attempt(role, model, "create", vals)
                self.assertIsNotNone(found)
                self.assertUnmoved(wanted, found, samples)

    def test_defaults_of_a_line(self):
        """Keys for the lines, in the call that makes their parent."""
        vals = {"partner_id": self.account.id, "title": "X"}
        vals["line_ids"] = [[0, 0, {"name": "X", "price_unit": 5.0}]]
        samples = self.get_samples("bookkeeper", "kavi.bill.line")
        keys = {**samples, "bill_id": self.taken.id}
        # another company's line in this one's bill is no line at all
        other = {"default_company_id": keys.pop("company_id")}
        with self.assertRaises(AccessError):
            self.rpc("bookkeeper", "kavi.bill", "create", deepcopy(vals), context=other)
        for name, value in keys.items():
            context = {f"default_{name}": value}
            context["allowed_company_ids"] = self.company.ids
            with self.subTest(name=name), self.env.cr.savepoint() as savepoint:
                id_ = self.rpc(
                    "bookkeeper", "kavi.bill", "create", deepcopy(vals), context=context
                )
                bill = self.bills.browse(id_)
                self.assertEqual(len(bill.line_ids), 1)
                self.assertBill(bill, "draft", amount_total=5.0)
                self.assertEqual(bill.line_ids.price_subtotal, 5.0)
                self.assertEqual(len(self.taken.line_ids), 1)
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_values_sent(self):
        """The same as a value: refused, or without effect."""
        for model, (role, vals) in self.get_makers().items():
            wanted = self.attempt(role, model, "create", vals)
            for name, value in self.get_samples(role, model).items():
                if name in FOLLOWING.get(model, ()) or name == "access_token":
                    continue  # the token's guards are tested with the links
                with self.subTest(model=model, name=name):
                    found = self.attempt(role, model, "create", {**vals, name: value})
                    self.assertUnmoved(wanted, found, {name: value})

    def test_values_written(self):
        """On what was made: refused, or without effect."""
        for model, (role, vals) in self.get_makers().items():
            id_ = self.rpc(role, model, "create", deepcopy(vals))
            record = self.env[model].browse(id_)
            samples = self.get_samples(role, model)
            wanted = self.read_protected(record, samples)
            for name, value in samples.items():
                if name in FOLLOWING.get(model, ()):
                    continue
                with self.subTest(model=model, name=name):
                    try:
                        with self.env.cr.savepoint():
                            self.rpc(role, model, "write", [id_], {name: value})
                            found = self.read_protected(record, samples)
                    except REFUSALS:
                        continue
                    self.assertUnmoved(wanted, found, {name: value})

    def test_values_in_lines_of_a_parent(self):
        """What a parent hands on to its lines meets the lines' own guards."""
        move = self.credit.sudo().move_id
        credit = {"reason": "X", "amount": 5.0}
        bill = {"title": "X", "amount": 5.0}
        entry = {"move_type": "entry", "journal_id": self._journal("general").id}
        item = {"account_id": self.income.id, "balance": 0.0}
        lines = [[0, 0, {**item, "kavi_settled_bill_id": self.taken.id}]]
        for model, vals in (
            (
                "res.partner",
                {"billing_credit_ids": [[0, 0, {**credit, "name": "C-1"}]]},
            ),
            (
                "res.partner",
                {"billing_credit_ids": [[0, 0, {**credit, "move_id": move.id}]]},
            ),
            ("res.partner", {"bill_ids": [[0, 0, {**bill, "state": "paid"}]]}),
            ("account.move", {"kavi_credit_ids": [[4, self.credit.id]]}),
            ("account.move", {**entry, "line_ids": lines}),
        ):
            with self.subTest(model=model, vals=vals):
                vals = {"name": "Parent", **vals} if model == "res.partner" else vals
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    self.rpc("bookkeeper", model, "create", vals)
        context = {
            "default_kavi_settled_bill_id": self.taken.id,
            "default_is_kavi_without_money": True,
        }
        vals = {**entry, "line_ids": [[0, 0, item]]}
        id_ = self.rpc("bookkeeper", "account.move", "create", vals, context=context)
        made = self.env["account.move"].browse(id_).line_ids
        self.assertFalse(made.kavi_settled_bill_id)
        self.assertFalse(made.filtered("is_kavi_without_money"))

    def test_no_return_of_a_charge_by_hand(self):
        """Whoever may make transactions makes none out to be the refund of one of
        ours: not by a value, not by a default, not afterwards."""
        tx = self.pay_by_card(self.issued(80.0))
        role, vals = self.get_makers()["payment.transaction"]
        forged = {"operation": "refund", "amount": -50.0, "state": "done"}
        source = {"source_transaction_id": tx.id}
        for sent, context in (
            ({**vals, **forged, **source}, {}),
            ({**vals, **forged}, {"default_source_transaction_id": tx.id}),
        ):
            with self.refused("not by hand"), self.env.cr.savepoint():
                self.rpc(role, "payment.transaction", "create", sent, context=context)
        id_ = self.rpc(role, "payment.transaction", "create", {**vals, **forged})
        with self.refused("not by hand"), self.env.cr.savepoint():
            self.rpc(role, "payment.transaction", "write", [id_], source)
        self.env.invalidate_all()
        self.assertEqual(tx.sudo().amount_returned, 0.0)
        self.assertEqual(tx.sudo().kavi_state, "charged")

    def test_every_model_with_protected_fields_is_guarded(self):
        """A model of ours, or of Odoo's with a read-only field of ours, has the mixin,
        and is in the table unless nobody creates records of it over RPC."""
        makers = self.get_makers()
        for name, model in self.env.registry.items():
            Model = self.env[name]
            if Model._abstract or Model._transient or not Model._auto:
                continue
            own = [
                field
                for field in Model._fields.values()
                if field.store
                and field.readonly
                and field.name not in models.MAGIC_COLUMNS
                and not field.name.startswith(THREAD_FIELDS)
                and (name.startswith("kavi.") or (field._module or "")[:5] == "kavi_")
            ]
            if not own:
                continue
            with self.subTest(model=name):
                self.assertTrue(hasattr(model, "_get_protected_fields"))
                self.assertLessEqual(
                    {field.name for field in own}, Model._get_protected_fields()
                )
                if name not in makers and name not in (*PARTS, *ODOO_ONLY):
                    access = self.env["ir.model.access"].search(
                        [("model_id.model", "=", name), ("perm_create", "=", True)]
                    )
                    self.assertFalse(access.mapped("name"), "add it to the table")


# Made by the import only; what a client sends is refused as a whole.
PARTS = ("kavi.import.column", "kavi.import.line")
# Made by who gives rights to all: no role of ours is asked.
ODOO_ONLY = ("res.users",)
