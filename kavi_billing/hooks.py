def post_init_hook(env):
    """Give every company that is already there what a new one gets by itself."""
    env["res.company"].with_context(active_test=False).search([])._prepare_billing()
