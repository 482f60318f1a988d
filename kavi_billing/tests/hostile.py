"""What somebody may send in a context who wants a guard to be passed over.

Plain values, as they come over any transport. None of them opens a door (D-03).
"""

# Odoo's own: each is asked for somewhere in its code, and changes what is checked, what
# an entry becomes, or what is noted of it.
ODOO = {
    "account_default_taxes": True,
    "active_test": False,
    "bypass_lock_check": True,
    "caba_no_transition_account": True,
    "check_move_validity": False,
    "dynamic_unlink": True,
    "force_delete": True,
    "force_price_include": True,
    "forced_rate_from_register_payment": 7.0,
    "import_file": True,
    "install_mode": True,
    "is_payment": True,
    "mail_activity_quick_update": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notify_force_send": True,
    "mail_notrack": True,
    "mail_post_autofollow": True,
    "move_reverse_cancel": True,
    "no_cash_basis": True,
    "no_exchange_difference": True,
    "no_exchange_difference_no_recursive": True,
    "no_reset_password": True,
    "quick_encoding_vals": {"price_unit": 1.0},
    "round_base": False,
    "skip_account_move_synchronization": True,
    "skip_computed_taxes": True,
    "skip_invoice_line_sync": True,
    "skip_invoice_sync": True,
    "skip_readonly_check": True,
    "su": True,
    "tracking_disable": True,
    "uid": 1,
}
# The suite's, as anybody reads them in ``tools/context``: only a value that code of
# this process has made means something.
SUITE = {
    "kavi_act": True,
    "kavi_application": "X",
    "kavi_credit_note": True,
    "kavi_match_amounts": {"1": 1},
    "kavi_no_billing_account": True,
    "kavi_notice_values": {"1": {"reason": "Nothing."}},
    "kavi_whole_discount": True,
}


def default_keys(env, value=1):
    """A default for every protected field of every model.

    :rtype: dict
    """
    names = set()
    for model in env.registry:
        if hasattr(env[model], "_get_protected_fields") and not env[model]._abstract:
            names |= env[model]._get_protected_fields()
    return {f"default_{name}": value for name in sorted(names)}
