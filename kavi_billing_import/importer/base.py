"""What the parts of an import have in common: its record, and results of rows."""

from dataclasses import dataclass

from odoo.addons.kavi_billing.tools.context import bookkeeping_context


class ImportPart:
    """A part of the work on one import.

    :ivar record: the import, a single ``kavi.import``
    :ivar env: its environment, without what a caller's context would change in rows or
        entries
    """

    def __init__(self, record):
        record.ensure_one()
        self.env = record.env(context=bookkeeping_context(record.env.context))
        self.record = record.with_env(self.env)

    def _get_row_result(self, result, reason="", **vals):
        """Values of a row's result.

        :param str result: a key of ``kavi.import.line.result``
        :param vals: ``partner_id``, ``bill_id`` or ``candidate_ids``, where known
        """
        return {
            "result": result,
            "reason": reason,
            "partner_id": False,
            "bill_id": False,
            **vals,
        }

    def _reject_row(self, reason, **vals):
        """Values of the result of a row that is not imported."""
        return self._get_row_result("rejected", reason, **vals)


@dataclass
class Plan:
    """What is to be done with a row.

    :ivar line: the row
    :ivar outcome: values of its result
    :ivar partner: the account, if it is there
    :ivar new_account: values of the account that is opened, if it is not
    :ivar bill: values of the bill to create, without its account; None for none
    """

    line: object
    outcome: dict
    partner: object = None
    new_account: dict | None = None
    bill: dict | None = None
