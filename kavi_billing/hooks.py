def post_init_hook(env):
    """Give every company that is already there what a new one gets by itself."""
    env["res.company"].search([])._prepare_billing()
