"""Which methods of Odoo say what an invoice's lines become, and who overrides them.

Lines that are made ready (``models/account_move/ready.py``) are right as long as these
are the ones that they were compared with. Plain Python: it looks at classes only.
"""

# What a line of a bill always says.
READ_LINES = frozenset(("product_id", "name", "quantity", "price_unit", "tax_ids"))

# What is watched of models that are entered only for what they compute: all of Odoo's.
ALL = None

_MOVE = frozenset(
    "create _sanitize_vals _get_protected_vals _check_balanced _get_unbalanced_moves "
    "_sync_dynamic_lines _get_sync_stack _sync_dynamic_line _sync_unbalanced_lines "
    "_sync_rounding_lines _sync_dynamic_line_needed_values _sync_tax_lines "
    "_sync_non_deductible_base_lines _sync_invoice _recompute_cash_rounding_lines "
    "_compute_needed_terms _compute_direction_sign _compute_always_tax_exigible "
    "_compute_currency_id _compute_date _compute_journal_id _compute_company_id "
    "_compute_commercial_partner_id _compute_invoice_currency_rate "
    "_compute_expected_currency_rate _get_expected_currency_rate_at "
    "_get_invoice_currency_rate_date _compute_invoice_payment_term_id "
    "_compute_invoice_date_due _compute_amount _compute_fiscal_position_id "
    "_get_rounded_base_and_tax_lines _get_product_base_line_currency_rate "
    "_prepare_product_base_line_for_taxes_computation "
    "_get_discount_allocation_account _get_lines_onchange_currency "
    "_inverse_partner_id _inverse_currency_id _inverse_journal_id "
    "_inverse_invoice_payment_term_id _get_needed_instalments".split()
)
_LINE = frozenset(
    "create _sanitize_vals _prepare_create_values _sync_invoice "
    "_compute_display_type _compute_partner_id _compute_currency_id _compute_name "
    "_compute_account_id _compute_is_storno _compute_balance _compute_debit_credit "
    "_compute_currency_rate _compute_amount_currency _compute_product_uom_id "
    "_compute_quantity _compute_sequence _compute_totals _compute_price_unit "
    "_compute_tax_ids _get_computed_taxes _compute_discount_allocation_key "
    "_compute_discount_allocation_needed _compute_epd_key _compute_epd_needed "
    "_compute_is_refund _compute_term_key _compute_analytic_distribution "
    "_related_analytic_distribution _get_analytic_distribution_arguments "
    "_inverse_analytic_distribution _inverse_account_id _inverse_amount_currency "
    "_inverse_debit _inverse_credit _update_analytic_distribution".split()
)
WATCHED = {
    "account.move": _MOVE,
    "account.move.line": _LINE,
    "account.tax": ALL,
    "account.tax.repartition.line": ALL,
    "account.payment.term": ALL,
    "account.payment.term.line": ALL,
    "account.fiscal.position": ALL,
}
# ... and what says which number an entry gets.
NUMBERING = {
    "account.move": frozenset(
        "_compute_name _set_next_sequence _locked_increment _get_next_sequence_format "
        "_get_last_sequence _get_last_sequence_domain _get_starting_sequence "
        "_get_sequence_format_param _deduce_sequence_number_reset "
        "_get_sequence_date_range _sequence_matches_date _get_sequence_cache".split()
    )
}
# ... and what is done when it is posted.
POSTING = {
    "account.move": frozenset(
        "write _post _invoice_paid_hook _reconcile_reversed_moves "
        "_copy_recurring_entries _get_accounting_date _get_accounting_date_source "
        "_get_violated_lock_dates _affect_tax_report _hash_moves "
        "_synchronize_business_models".split()
    )
    | _MOVE,
    "account.move.line": frozenset(
        "write _create_analytic_lines _prepare_analytic_lines _reconcile_marked "
        "_validate_analytic_distribution _check_constrains_account_id_journal_id "
        "_check_tax_lock_date".split()
    )
    | _LINE,
}
# What says nothing of amounts, whoever overrides it.
_HARMLESS = frozenset(
    "create write unlink copy copy_data read search_fetch name_search onchange "
    "get_views fields_get default_get".split()
)


def find_overrides(model_class, names, known):
    """The methods of a model that a module defines which is not known.

    A localization counts whatever of Odoo's own it overrides.

    :param names: a set of names, or ``ALL`` that the model's first module defines
    :param set known: names of modules
    :return: set of ``(module, method)``
    """
    classes = [
        (vars(each)["_module"], each)
        for each in model_class.__mro__
        if vars(each).get("_module")
    ]
    own = {
        name
        for module, each in classes
        if module == "account"
        for name, value in vars(each).items()
        if callable(value) and not name.startswith("__")
    }
    found = set()
    for module, each in classes:
        if module in known:
            continue
        if module.startswith("l10n_") or names is ALL:
            watched = own - _HARMLESS
        else:
            watched = names
        found |= {(module, name) for name in watched & vars(each).keys()}
    return found
