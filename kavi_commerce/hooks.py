from odoo.addons.payment import reset_payment_provider, setup_provider


def post_init_hook(env):
    """Manual processing mode, and what companies that are there already need."""
    setup_provider(env, "kavi_manual")
    companies = env["res.company"].with_context(active_test=False).search([])
    companies._prepare_commerce()


def uninstall_hook(env):
    """Leave nothing that acts: providers off, card methods gone or archived.

    Bills and entries stay, and the records of other addons' models that this one has
    made are theirs: Odoo would fail to delete them one by one.
    """
    reset_payment_provider(env, "kavi_manual")
    env["kavi.payment.method"]._remove_card_methods()
    env["ir.model.data"].search(
        [
            ("module", "=", "kavi_commerce"),
            "|",
            ("model", "=like", "kavi.%"),
            ("model", "=", "payment.provider"),
        ]
    ).unlink()
