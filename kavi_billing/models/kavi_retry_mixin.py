from datetime import timedelta

from odoo import fields, models

# Minutes until what failed is tried again, by how often it has failed already.
RETRY_DELAYS = (1, 5, 30, 120, 720, 1440)


class KaviRetryMixin(models.AbstractModel):
    """Work of a scheduled job that is tried again later when it fails.

    A model that inherits it has a field ``state`` with a value ``failed``. Its job
    works on the records whose ``next_try`` has come, and empties ``next_try`` and
    ``error`` of those that are done.
    """

    _name = "kavi.retry.mixin"
    _description = "Work That Is Tried Again"

    tries = fields.Integer(readonly=True, help="How often it has failed.")
    next_try = fields.Datetime(readonly=True)
    error = fields.Text(readonly=True, help="Why it failed the last time.")

    # === BUSINESS METHODS === #

    def _put_off(self, error):
        """Note a failure: try again later, or give up after the last delay.

        Whoever is to be told of it, or a job to be triggered, is the caller's concern.

        :param str error: why it failed, without anything secret in it
        :return: when it is tried again; ``False`` if the record is given up
        """
        self.ensure_one()
        tries = self.tries + 1
        vals = {"tries": tries, "error": error}
        if not self._is_last_try():
            delay = timedelta(minutes=RETRY_DELAYS[tries - 1])
            vals["next_try"] = fields.Datetime.now() + delay
        else:
            vals.update(state="failed", next_try=False)
        self.write(vals)
        return vals["next_try"]

    # === HELPER METHODS === #

    def _is_last_try(self):
        """Whether it is given up if it fails once more."""
        self.ensure_one()
        return self.tries >= len(RETRY_DELAYS)
