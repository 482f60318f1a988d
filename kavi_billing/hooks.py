from odoo.tools import SQL

from .tools.outage import answer_outages, outlive_outages

# What the demo brings along and journal entries refer to.
_DEMO = [
    "account.account",
    "account.payment.term",
    "product.product",
    "product.template",
    "res.company",
    "res.partner",
]


def post_load():
    """For the whole process: what becomes of it when no database can be reached."""
    answer_outages()
    outlive_outages()


def post_init_hook(env):
    """Give every company that is already there what a new one gets by itself."""
    env["res.company"].with_context(active_test=False).search([])._prepare_billing()


def uninstall_hook(env):
    """Leave no counters behind, and the log clean."""
    # Made for companies, the counters belong to no module's data; and PostgreSQL keeps
    # those that a company still names.
    companies = env["res.company"].with_context(active_test=False).search([])
    companies.write({"billing_sequence_id": False, "billing_credit_sequence_id": False})
    sequences = env["ir.sequence"].with_context(active_test=False)
    sequences.search([("code", "in", ["kavi.bill", "kavi.credit"])]).unlink()
    # The templates of mails go, and would be kept by the rules that name them.
    for table in ("kavi_notice", "kavi_notice_rule"):
        env.cr.execute(SQL("DELETE FROM %s", SQL.identifier(table)))
    # Our tables are dropped as a whole, and what the demo sold or founded stays in the
    # books: to have them deleted one by one would fail, with an error for each.
    env["ir.model.data"].search(
        [
            ("module", "=", "kavi_billing"),
            "|",
            ("model", "=like", "kavi.%"),
            ("model", "in", _DEMO),
        ]
    ).unlink()
