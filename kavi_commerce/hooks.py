from odoo.addons.payment import reset_payment_provider, setup_provider


def post_init_hook(env):
    """Manual processing mode, and what companies that are there already need."""
    setup_provider(env, "kavi_manual")
    companies = env["res.company"].with_context(active_test=False).search([])
    companies._prepare_commerce()


def uninstall_hook(env):
    reset_payment_provider(env, "kavi_manual")
    # What payments came by stays in the books, switched off, and the bills are
    # kavi_billing's: to have them deleted one by one would fail.
    env["ir.model.data"].search(
        [
            ("module", "=", "kavi_commerce"),
            "|",
            ("model", "=like", "kavi.%"),
            ("model", "=", "payment.provider"),
        ]
    ).unlink()
