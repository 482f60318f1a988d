from odoo import api, models
from odoo.fields import Domain

from ..tools.bill_rules import OPEN


class KaviBillingTask(models.AbstractModel):
    """What needs a person. Each addon adds what it brings; the reports show it."""

    _name = "kavi.billing.task"
    _description = "Billing Task"

    @api.model
    def _get_tasks(self):
        """Hook: the kinds of records that wait for a person.

        :return: list of tuples: key, label, name of the model, domain of the records
        """
        return [
            (
                "undeliverable",
                self.env._("Undeliverable Notices"),
                "kavi.notice",
                Domain("state", "in", ("undeliverable", "failed")),
            ),
            (
                "disputed",
                self.env._("Bills in Dispute"),
                "kavi.bill",
                Domain("is_disputed", "=", True) & Domain("state", "in", OPEN),
            ),
            (
                "credits",
                self.env._("Credits to Apply"),
                "kavi.credit",
                Domain("state", "=", "open"),
            ),
            (
                "drafts",
                self.env._("Drafts to Issue"),
                "kavi.bill",
                Domain("state", "=", "draft"),
            ),
        ]
