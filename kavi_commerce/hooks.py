from odoo.addons.payment import reset_payment_provider, setup_provider


def post_init_hook(env):
    """Manual processing mode, and what companies that are there already need."""
    setup_provider(env, "kavi_manual")
    companies = env["res.company"].with_context(active_test=False).search([])
    companies._prepare_commerce()


def uninstall_hook(env):
    reset_payment_provider(env, "kavi_manual")
