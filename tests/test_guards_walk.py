"""Every public method of our models, by everybody, in a hostile context (KB-72).

Whoever has no right is refused with an ``AccessError``; whoever has one gets what the
method does, or a sentence that says why not now. Nobody gets an error without a
sentence, and nobody is given the id of a record that they may not read. The list below
says who gets past the rights of each method, and why; a new method is not in it.
"""

import os

from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.kavi_billing.tests.hostile import ODOO, SUITE, default_keys
from odoo.addons.kavi_billing.tests.public_methods import OVERRIDDEN
from odoo.addons.kavi_commerce.tests.common import CommerceCommon

WALKED = ("public", "portal", "employee", "user", "accountant", "auditor", "officer")
STAFF = {"user", "accountant", "auditor", "officer"}
# Who gets past the rights, by the reason for it.
ALLOWED = {
    # Whoever works here reads contacts; what is opened of them has its own rights.
    "contacts": (
        STAFF | {"employee"},
        """
            res.partner.action_manage_billing_account
            res.partner.action_open_allocations
            res.partner.action_open_contact
            res.partner.action_open_credits
            res.partner.action_open_ledger
        """,
    ),
    # Opens, prints or downloads what belongs to a record that they may read; or shows
    # the window of an act, where the role is asked for when it is pressed.
    "sees": (
        STAFF,
        """
            account.payment.action_open_kavi_bills
            kavi.account.allocation.action_open_bill
            kavi.account.allocation.action_open_credit
            kavi.account.ledger.action_open_allocations
            kavi.account.ledger.action_open_bill
            kavi.account.ledger.action_open_credit
            kavi.account.statement.wizard.action_print
            kavi.activity.action_download
            kavi.activity.action_open_bill
            kavi.aging.report.action_download
            kavi.aging.report.action_open_bill
            kavi.balance.report.action_download
            kavi.balance.report.action_open_bills
            kavi.bill.action_apply_credit
            kavi.bill.action_change_amount
            kavi.bill.action_choose_method
            kavi.bill.action_complete_payment
            kavi.bill.action_dispute
            kavi.bill.action_download
            kavi.bill.action_open_account
            kavi.bill.action_open_notices
            kavi.bill.action_open_origin
            kavi.bill.action_open_transactions
            kavi.bill.action_pay_by_card
            kavi.bill.action_postpone
            kavi.bill.action_preview
            kavi.bill.action_print_invoice
            kavi.bill.action_print_receipt
            kavi.bill.action_refund
            kavi.bill.action_resolve_dispute
            kavi.bill.action_reverse_payment
            kavi.bill.action_send_notice
            kavi.bill.instalment.action_open_bill
            kavi.billing.overview.get_overview
            kavi.credit.action_apply
            kavi.credit.action_print
            kavi.credit.action_refund
            kavi.log.report.action_download
            kavi.log.report.action_open_bill
            kavi.payment.report.action_download
            kavi.payment.report.action_open_bill
            kavi.report.wizard.action_download
            kavi.report.wizard.action_print
            payment.transaction.action_download
            payment.transaction.action_kavi_complete
            payment.transaction.action_kavi_note
            payment.transaction.action_kavi_refund
            payment.transaction.action_open_bills
            payment.transaction.action_open_entries
            res.partner.action_record_payment
        """,
    ),
    # What was mailed is no business of who keeps the books.
    "notices": ({"user", "officer"}, "kavi.notice.rule.action_open_notices"),
    # Entries and payments are for those who keep the books, or check them.
    "books": (
        {"accountant", "auditor"},
        """
            account.move.action_open_kavi_bill
            account.move.action_open_kavi_credit
            kavi.account.ledger.action_open_document
            kavi.bill.action_open_entries
            kavi.bill.action_open_moves
            kavi.bill.action_open_payments
            kavi.export.action_download
        """,
    ),
    # What changes bills, credits and accounts, and what mails them.
    "officer": (
        {"officer"},
        """
            kavi.account.allocation.action_unapply
            kavi.account.statement.wizard.action_send
            kavi.bill.action_ask_gateway
            kavi.bill.action_issue
            kavi.bill.action_retry_refund
            kavi.bill.amount.wizard.action_change_amount
            kavi.bill.cancel.wizard.action_cancel_bills
            kavi.bill.card.wizard.action_pay_by_card
            kavi.bill.dispute.wizard.action_dispute
            kavi.bill.method.wizard.action_choose_method
            kavi.bill.payment.wizard.action_complete_payment
            kavi.bill.postpone.wizard.action_postpone
            kavi.bill.refund.wizard.action_refund
            kavi.bill.resolve.wizard.action_resolve_dispute
            kavi.bill.reverse.wizard.action_reverse_payment
            kavi.bill.send.wizard.action_send
            kavi.bulk.report.action_open_records
            kavi.credit.action_expire
            kavi.credit.action_issue
            kavi.credit.apply.wizard.action_apply_credits
            kavi.credit.refund.wizard.action_refund_credits
            kavi.notice.action_send_again
            kavi.transaction.note.wizard.action_note
            kavi.transaction.refund.wizard.action_refund
            payment.transaction.action_kavi_ask_gateway
            payment.transaction.action_kavi_capture
            payment.transaction.action_kavi_drop_return
            payment.transaction.action_kavi_retry_refund
            payment.transaction.action_kavi_void
            res.partner.action_approve_billing_account
            res.partner.action_delete_billing_account
            res.partner.action_open_billing_account
        """,
    ),
}
# Methods of Odoo's own that ours extend: their rights are Odoo's, and the guards of
# ours are walked in the table of acts.
ODOOS = {
    *OVERRIDDEN.split(),
    *("copy_data", "action_refund_wizard", "action_draft", "action_cancel"),
    *("action_reject", "action_paypal_create_webhook"),
}


@tagged("post_install", "-at_install")
class TestWalk(CommerceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["auditor"] = cls._new_user(
            "auditor", "account.group_account_readonly"
        )
        cls.users["employee"] = cls._new_user("employee", "base.group_user")
        cls.users["portal"] = new_test_user(
            cls.env,
            "kavi_walk_portal",
            "base.group_portal",
            {"no_reset_password": True},
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.users["public"] = cls.env.ref("base.public_user")
        cls.users["public"].company_ids |= cls.company

    def setUp(self):
        super().setUp()
        self.bill = self.issued(100.0)
        self.tx = self.pay_by_card(self.issued(80.0))
        self.open, self.paid = self.issued(60.0), self.issued(50.0)
        self.pay(self.paid)
        self.disputed = self.issued(40.0)
        self.dispute(self.disputed)
        credits = self.as_user("officer")["kavi.credit"]
        vals = {"partner_id": self.account.id, "reason": "Trouble", "amount": 30.0}
        used, self.credit = credits.create([vals, vals])
        (used | self.credit).action_issue()
        used._apply(self.bill)
        self.send(self.bill)
        administrator = self.as_user("administrator")
        administrator["kavi.import"].create({"file": "eA==", "file_name": "x.csv"})
        self.env["kavi.outbox"].create({"name": "X", "company_id": self.company.id})
        exports = administrator["kavi.export"]
        exports._export(self.company.with_env(exports.env), "csv")
        template = self.env.ref("kavi_billing.mail_template_bill_reminder")
        self.env["kavi.notice.rule"].create(
            {
                "name": "X",
                "company_id": self.company.id,
                "template_id": template.id,
            }
        )

        kind = self.env["kavi.membership.type"].create(
            {"name": "X", "company_id": self.company.id}
        )
        self.env["kavi.membership"]._add(
            [
                {
                    "partner_id": self.person.id,
                    "type_id": kind.id,
                    "company_id": self.company.id,
                }
            ]
        )

    # === WHAT THERE IS === #

    def get_methods(self):
        """``{model: names}`` of what our addons let clients call."""
        found = {}
        for name, model in sorted(self.env.registry.items()):
            names = {
                attribute
                for part in model.mro()
                if part.__module__.startswith("odoo.addons.kavi_")
                for attribute, value in vars(part).items()
                if callable(value)
                and not attribute.startswith("_")
                and not getattr(value, "_api_private", False)
                and attribute not in ODOOS
            }
            if names:
                found[name] = sorted(names)
        return found

    def get_records(self):
        """A record of each model that has a method, as an officer or administrator has
        made it; models without a table, and what nobody has, are called without."""
        records = {}
        for name in self.get_methods():
            Model = self.env[name].sudo()
            if Model._abstract:
                continue
            if Model._transient:
                records[name] = self.make_wizard(name)
                continue
            domain = []
            if "company_id" in Model._fields and Model._fields["company_id"].store:
                domain = [("company_id", "=", self.company.id)]
            records[name] = Model.search(domain, order="id desc", limit=1)
        records["kavi.bill"] = self.bill
        records["kavi.credit"] = self.credit
        records["payment.transaction"] = self.tx
        records["payment.provider"] = self.provider
        records["res.partner"] = self.account
        records["account.move"] = self.bill.sudo().invoice_id
        records["account.payment"] = self.tx.sudo().payment_id
        return records

    def make_wizard(self, name):
        vals = {
            "kavi.account.statement.wizard": {"partner_id": self.account.id},
            "kavi.bulk.report": {"res_model": "kavi.bill", "res_ids": self.bill.ids},
            "kavi.report.wizard": {"model_name": "kavi.bill", "title": "X"},
            "kavi.transaction.complete.wizard": {"transaction_id": self.tx.id},
            "kavi.transaction.note.wizard": {"transaction_id": self.tx.id, "note": "X"},
            "kavi.transaction.refund.wizard": {"transaction_id": self.tx.id},
            "kavi.bill.cancel.wizard": {"reason": "X"},
            "kavi.bill.postpone.wizard": {"date": "2030-01-01"},
            "kavi.bill.dispute.wizard": {"reason": "X"},
            "kavi.bill.resolve.wizard": {"reason": "X"},
            "kavi.bill.method.wizard": {"method_id": self.check.id},
            "kavi.bill.payment.wizard": {"method_id": self.check.id},
            "kavi.credit.refund.wizard": {"method_id": self.check.id},
            **self.get_members_windows(),
            **self.get_import_windows(),
        }.get(name, {})
        records = {
            "kavi.credit.refund.wizard": self.credit,
            "kavi.bill.refund.wizard": self.paid,
            "kavi.bill.reverse.wizard": self.paid,
            "kavi.bill.resolve.wizard": self.disputed,
        }.get(name, self.open)
        context = {"active_model": records._name, "active_ids": records.ids}
        env = self.as_user("administrator")
        return env[name].with_context(**context).sudo().create(vals)

    def get_import_windows(self):
        """What is mended of an imported row, which is an administrator's to do."""
        last = self.env["kavi.import"].search([], order="id desc", limit=1)
        lines = self.env["kavi.import.line"]._as_act()
        line = lines.create({"import_id": last.id, "row": 2})
        mend = self.env["kavi.import.mend"].create({"line_id": line.id, "cell_ids": []})
        return {
            "kavi.import.mend": {"line_id": line.id, "cell_ids": []},
            "kavi.import.mend.cell": {"mend_id": mend.id, "target": "bill_id"},
        }

    def get_members_windows(self):
        """What the windows of members need; none of the roles here opens one."""
        member = self.env["kavi.membership"].search([], order="id desc", limit=1)
        application = self.env["kavi.membership.application"].create(
            {"company_id": self.company.id}
        )
        own, kind = {"membership_id": member.id}, {"type_id": member.type_id.id}
        person = {"partner_id": self.person.id}
        return {
            "kavi.membership.add.wizard": {**person, **kind},
            "kavi.membership.dates.wizard": {
                **own,
                "date_start": "2030-01-01",
                "note": "X",
            },
            "kavi.membership.replace.wizard": {**own, **kind},
            "kavi.membership.use.wizard": {**person, "application_id": application.id},
        }

    # === A CALL === #

    def find_strange_ids(self, role, answer):
        """The ids in an answer of records that its caller may not read, besides those
        that they have sent.

        :return: list of (model, ids)
        """
        if not isinstance(answer, dict) or not answer.get("res_model"):
            return []
        env = self.as_user(role)
        told = {answer["res_model"]: [answer.get("res_id") or 0]}
        for leaf in answer.get("domain") or ():
            if not isinstance(leaf, tuple | list) or isinstance(leaf[2], str):
                continue
            field = env[answer["res_model"]]._fields.get(leaf[0])
            comodel = field.comodel_name if field and field.relational else None
            model = answer["res_model"] if leaf[0] == "id" else comodel
            values = leaf[2] if isinstance(leaf[2], list | tuple) else [leaf[2]]
            if model:
                told.setdefault(model, []).extend(values)
        strange = []
        for model, ids in told.items():
            records = env[model].browse(id_ for id_ in ids if id_).exists()
            try:
                unreadable = records - records._filtered_access("read")
            except AccessError:
                unreadable = records
            if unreadable:
                strange.append((model, unreadable.ids))
        return strange

    def open_by(self, role, model, ids):
        """A window is of who has opened it: here, of each in turn."""
        table = SQL.identifier(self.env[model]._table)
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET create_uid = %s WHERE id IN %s",
                table,
                self.users[role].id,
                tuple(ids),
            )
        )

    def call_as(self, role, model, method, ids, context):
        """:return: whether it got past the rights; asserts what it was answered"""
        if ids and self.env[model]._transient:
            self.open_by(role, model, ids)
        self.env.flush_all()
        self.env.invalidate_all()
        context = {
            **context,
            "allowed_company_ids": self.company.ids,
            "active_model": "kavi.bill",
            "active_ids": self.open.ids,
        }
        args = () if ids is None else (ids,)
        try:
            with self.env.cr.savepoint() as savepoint:
                answer = self.rpc(role, model, method, *args, context=context)
                self.env.flush_all()
                strange = self.find_strange_ids(role, answer)
                savepoint.close(rollback=True)
        except AccessError:
            return False
        except (UserError, RedirectWarning) as error:
            self.assertGreater(len(str(error).split()), 3, str(error))
            return True
        finally:
            self.env.cr.precommit.clear()
            self.env.cr.postcommit.clear()
            self.env.invalidate_all()
        strange = [
            (name, each)
            for name, each in strange
            if name != model or not set(each) <= set(ids or ())
        ]
        self.assertFalse(strange, f"{role} gets ids by {model}.{method}")
        return True

    # === THE WALK === #

    def get_contexts(self):
        """All keys at once; in the long profile each by itself, too, all defaults, and
        none."""
        keys = {**ODOO, **SUITE, "kavi_freeze_agreed": True}
        defaults = default_keys(self.env)
        if os.environ.get("KAVI_LONG"):
            single = [{key: value} for key, value in keys.items()]
            return [{**keys, **defaults}, defaults, {}, *single]
        return [{**keys, **defaults}]

    @mute_logger("odoo.addons.kavi_commerce", "odoo.models.unlink")
    def test_walk(self):
        records = self.get_records()
        wanted = {
            name: roles for roles, names in ALLOWED.values() for name in names.split()
        }
        found = {}
        for context in self.get_contexts():
            for model, names in self.get_methods().items():
                record = records.get(model)
                ids = None if record is None else record.ids
                for method in names:
                    by_model = getattr(type(self.env[model]), method)
                    sent = None if getattr(by_model, "_api_model", 0) else ids
                    if sent is None and not getattr(by_model, "_api_model", 0):
                        sent = []
                    name = f"{model}.{method}"
                    for role in WALKED:
                        with self.subTest(method=name, role=role):
                            if self.call_as(role, model, method, sent, context):
                                found.setdefault(name, set()).add(role)
            for name in found.keys() | wanted.keys():
                with self.subTest(method=name, keys=len(context)):
                    self.assertEqual(
                        sorted(found.get(name, set())), sorted(wanted.get(name, set()))
                    )
        known = {f"{m}.{n}" for m, names in self.get_methods().items() for n in names}
        self.assertLessEqual(wanted.keys(), known, "methods that are gone")
