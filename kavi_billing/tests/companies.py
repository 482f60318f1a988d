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


def prepare_companies(env):
    """Make those that most classes begin with, which takes longer than many a test:
    archived, until a class takes one. To be committed."""
    for name in (COMPANY, ABROAD):
        make_company(env, name).active = False
