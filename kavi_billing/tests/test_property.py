"""Whatever is done with bills, in whatever order, by officers and by accountants: after
each step the invariants of D-06 hold, read from the ledger alone.

Hypothesis makes up the sequences and shortens the one that fails. The seed is in the
header of the run: `bin/kavi test -k property --hypothesis-seed=...` brings it back.
"""

import os

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from odoo.fields import Command
from odoo.tests import tagged

from .common import BillingCommon
from .property_shared_machine import SharedOffice

# Examples and steps are bounded: about a minute, whatever the profile.
EXAMPLES = int(os.environ.get("KAVI_EXAMPLES", 0)) or min(
    settings.default.max_examples, 20
)
STEPS = int(os.environ.get("KAVI_STEPS", 15))


@tagged("post_install", "-at_install")
class TestProperty(BillingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accounts = cls.account | cls.person
        cls.person.is_billing_account = True
        cls.currencies = cls.company.currency_id
        for code, rates in {"EUR": (0.9, 0.83, 1.07), "JPY": (140, 155.5, 149)}.items():
            currency = cls.env["res.currency"].with_context(active_test=False)
            currency = currency.search([("name", "=", code)])
            currency.active = True
            cls.currencies |= currency
            cls.env["res.currency.rate"].create(
                [
                    {
                        "name": f"2026-0{month}-01",
                        "rate": rate,
                        "currency_id": currency.id,
                        "company_id": cls.company.id,
                    }
                    for month, rate in enumerate(rates, start=1)
                ]
            )
        tax = {"company_id": cls.company.id, "amount": 7.7, "name": "On top"}
        tax["country_id"] = cls.company.account_fiscal_country_id.id
        included = {"amount": 19, "name": "Included"}
        included["price_include_override"] = "tax_included"
        taxes = cls.env["account.tax"].create([tax, tax | included])
        cls.taxes = [taxes.browse(), taxes[0], taxes[1]]
        halves = {"value_amount": 50, "nb_days": 0}, {"value_amount": 50, "nb_days": 30}
        cls.terms = cls.env.ref("account.account_payment_term_30days")
        cls.allow_write_off(100)
        cls.terms |= cls.terms.create(
            {"name": "Halves", "line_ids": [Command.create(half) for half in halves]}
        )
        discount = {"early_discount": True, "discount_percentage": 2}
        cls.terms |= cls.terms.create({"name": "Early", "discount_days": 10} | discount)
        cls.methods = cls.check.create(
            [
                {"name": "Fixed", "surcharge_fixed": 2.5, "company_id": cls.company.id},
                {
                    "name": "Both, taxed",
                    "surcharge_fixed": 0.3,
                    "surcharge_percent": 2.9,
                    "surcharge_tax_ids": taxes[0].ids,
                    "company_id": cls.company.id,
                },
                {
                    "name": "Bounded",
                    "surcharge_percent": 1,
                    "surcharge_min": 4,
                    "surcharge_max": 20,
                    "surcharge_tax_ids": taxes[1].ids,
                    "company_id": cls.company.id,
                },
            ]
        )

    def test_property_of_any_sequence_of_acts(self):
        """D-06: moves sum to zero; due = charged - paid - credited; balances are
        the ledger's: due less open credits; never Paid when the ledger says open;
        canceled is final."""
        machine = type("OfficeOfTheTest", (SharedOffice,), {"case": self})
        run_state_machine_as_test(
            machine,
            settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS),
        )
