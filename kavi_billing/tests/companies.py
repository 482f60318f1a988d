"""Companies that tests begin with."""

COMPANY = "Kavi Tests Ltd"
ABROAD = "Kavi Abroad"


def make_company(env, name, **vals):
    """A company with a chart of accounts."""
    company = env["res.company"].create({"name": name, **vals})
    env.user.company_ids |= company
    env["account.chart.template"].try_loading(
        "generic_coa", company=company, install_demo=False
    )
    return company


def take_company(env, name, **vals):
    """One of those that are ready, or a new one."""
    company = env["res.company"].search([("name", "=", name), ("active", "=", False)])
    if not company:
        return make_company(env, name, **vals)
    company.write({"active": True, **vals})
    env.user.company_ids |= company
    # numbers that another class has drawn are not rolled back with it
    sequences = env["ir.sequence"].sudo().search([("company_id", "=", company.id)])
    sequences.number_next_actual = 1
    return company


def prepare_companies(env):
    """Make those that most classes begin with, which takes longer than many a test:
    archived, until a class takes one. To be committed."""
    for name in (COMPANY, ABROAD):
        make_company(env, name).active = False
