from odoo import api, models

from ...tools.bill_rules import FLAGS


class KaviBill(models.Model):
    """What states, acts and marks are called, in the language of who reads it."""

    _inherit = "kavi.bill"

    def _get_state_label(self):
        """The state's name in the user's language."""
        self.ensure_one()
        return dict(self._fields["state"]._description_selection(self.env))[self.state]

    @api.model
    def _get_act_labels(self):
        """Names of the acts in the user's language; the table has them in English."""
        return {
            **{name: act.label for name, act in self._get_acts().items()},
            "issue": self.env._("Issue"),
            "delete": self.env._("Delete"),
            "edit": self.env._("Edit"),
            "change_amount": self.env._("Change the amount"),
            "postpone": self.env._("Postpone"),
            "choose_method": self.env._("Choose a payment method"),
            "complete_payment": self.env._("Complete a payment"),
            "write_off": self.env._("Write off the rest"),
            "apply_credit": self.env._("Apply a credit"),
            "unapply_credit": self.env._("Take a credit off again"),
            "reverse_payment": self.env._("Reverse a payment"),
            "refund": self.env._("Refund"),
            "cancel": self.env._("Cancel"),
            "dispute": self.env._("Open a dispute"),
            "resolve_dispute": self.env._("Resolve the dispute"),
            "send_notice": self.env._("Send a notice"),
        }

    @api.model
    def _get_flag_labels(self):
        """Names of the flags, for badges and messages."""
        return {
            **FLAGS,
            "overdue": self.env._("Overdue"),
            "partly_paid": self.env._("Partly Paid"),
            "disputed": self.env._("In Dispute"),
            "frozen": self.env._("Frozen"),
            "opening_balance": self.env._("Opening Balance"),
            "historical": self.env._("History"),
        }
