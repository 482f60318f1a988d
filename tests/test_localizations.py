"""A bill's whole life on the charts of several countries: documents with types in Latin
America, taxes in several parts in India, taxes that wait for the money in France.

Each end has to leave nothing open on any receivable item, and nothing of what was
undone in income and taxes. Installing a country takes a while: one of them by default,
all in the long profile.
"""

import os

import pytest

from odoo import Command

# The chart, the addon that brings it, and a tax number that its country takes.
COUNTRIES = {
    "generic_coa": (None, None),
    "de_skr03": ("l10n_de", None),
    "ar_ri": ("l10n_ar", "30714295698"),
    "us": ("l10n_us_account", None),
    "fr": ("l10n_fr_account", None),
    "in": ("l10n_in", None),
    "se": ("l10n_se", None),
    "cl": ("l10n_cl", "76201224-3"),
    "pe": ("l10n_pe", "20557912879"),
    "uy": ("l10n_uy", "219999830019"),
    "ec": ("l10n_ec", "1792366836001"),
}
SHORT = ("generic_coa", "ar_ri")
CHARTS = list(COUNTRIES) if os.environ.get("KAVI_LONG") else SHORT


@pytest.fixture(scope="module")
def countries():
    """A database with the addons of the countries."""
    from .scratch import scratch_database

    with scratch_database() as database:
        names = [COUNTRIES[chart][0] for chart in CHARTS if COUNTRIES[chart][0]]
        process = database.process(_install, names)
        process.join(900)
        assert process.exitcode == 0
        yield database


def _install(env, names):
    Module = env["ir.module.module"]
    Module.update_list()
    modules = Module.search([("name", "in", names)])
    assert len(modules) == len(names)
    modules.button_immediate_install()


@pytest.mark.parametrize("chart", CHARTS)
def test_journey_of_a_bill(countries, chart):
    process = countries.process(_live, chart)
    process.join(300)
    assert process.exitcode == 0


def _live(env, chart):
    """Issue, pay in part, refund, change, cancel."""
    company = env["res.company"].create({"name": f"Kavi {chart}"})
    env.user.company_ids |= company
    env = env(context={"allowed_company_ids": company.ids})
    company = company.with_env(env)
    env["account.chart.template"].try_loading(chart, company=company)
    assert company.chart_template == chart, company.chart_template
    account = env["res.partner"].create(_prepare_account(env, company, chart))
    check = env["kavi.payment.method"].search(
        [("company_id", "=", company.id), ("kind", "=", "manual")], limit=1
    )
    tax = company.account_sale_tax_id

    def issue(price=100.0):
        bill = env["kavi.bill"].create(
            {
                "partner_id": account.id,
                "company_id": company.id,
                "title": "Membership",
                "line_ids": [
                    Command.create(
                        {
                            "name": "Fee",
                            "price_unit": price,
                            "tax_ids": [Command.set(tax.ids)],
                        }
                    )
                ],
            }
        )
        bill.action_issue()
        return bill

    unpaid, part, paid, changed = (issue() for _bill in range(4))
    unpaid._cancel("asked for")
    part._complete_payment(check, amount=40.0)
    part._cancel("asked for")
    paid._complete_payment(check)
    paid._refund(paid.currency_id.round(33.33))
    paid._refund()
    line = changed.line_ids
    changed._change_lines([Command.update(line.id, {"price_unit": 80.0})])
    changed._complete_payment(check)
    changed._cancel("asked for")
    env.flush_all()
    ended = unpaid | part | paid | changed
    assert ended.mapped("state") == ["canceled", "canceled", "refunded", "canceled"]
    assert not env["kavi.bill"]._find_book_differences()
    for bill in ended:
        _check_undone(bill)


def _prepare_account(env, company, chart):
    """A customer whom the country lets be invoiced."""
    country = company.account_fiscal_country_id
    vals = {"name": "Acme Ltd", "is_company": True, "country_id": country.id}
    number = COUNTRIES[chart][1]
    if number:
        vals["vat"] = number
        company.partner_id.with_context(no_vat_validation=True).vat = number
        kind = env["l10n_latam.identification.type"].search(
            [("country_id", "=", country.id), ("is_vat", "=", True)], limit=1
        )
        vals["l10n_latam_identification_type_id"] = kind.id
    if chart == "ar_ri":
        kind = env.ref("l10n_ar.res_IVARI").id
        vals["l10n_ar_afip_responsibility_type_id"] = kind
        company.partner_id.l10n_ar_afip_responsibility_type_id = kind
    if chart == "cl":
        vals["l10n_cl_sii_taxpayer_type"] = "1"
    return vals


def _check_undone(bill):
    moves = bill._get_all_moves().filtered(lambda move: move.state == "posted")
    company = bill.company_id
    apart = (
        company.income_currency_exchange_account_id
        | company.expense_currency_exchange_account_id
    )
    result = taxes = 0.0
    for item in moves.line_ids:
        if item.account_id.account_type == "asset_receivable":
            open_ = (item.amount_residual, item.amount_residual_currency)
            assert open_ == (0, 0), (bill.name, item.move_id.name, open_)
        elif item.account_id in apart:
            continue
        elif item.tax_repartition_line_id:
            taxes += item.balance
        elif item.account_id.internal_group in ("income", "expense"):
            result += item.balance
    assert round(result, 2) == round(taxes, 2) == 0, (bill.name, result, taxes)
    notes = bill.move_ids.filtered(lambda move: move.move_type == "out_refund")
    if "l10n_latam_document_type_id" in notes._fields:
        for note in notes.filtered("journal_id.l10n_latam_use_documents"):
            kind = note.l10n_latam_document_type_id.internal_type
            assert kind == "credit_note", kind
