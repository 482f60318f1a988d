from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.kavi_billing.tools.context import Private

from ...tools.state import COUNTED


class KaviMembership(models.Model):
    """How memberships come to be: the first of a series, and what follows it."""

    _inherit = "kavi.membership"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Give each new membership its steps, and put it into its series. The walk
        moves it on: see :meth:`_add`."""
        for vals in vals_list:
            self._add_defaults(vals, ["company_id", "occasion"])
            self._prepare_steps(vals)
        memberships = super().create(vals_list)
        for one in memberships.filtered(lambda one: not one.series_id):
            one._write_facts({"series_id": one.previous_id.series_id.id or one.id})
        memberships.sudo()._check_maximum()
        return memberships

    # === ACTION METHODS === #

    def action_renew(self):
        """Renew, and show the new terms."""
        return self._renew()._get_records_action(name=self.env._("Renewals"))

    def action_open_series(self):
        """All terms of these series, the first one and what followed it."""
        self.check_access("read")
        terms = self.with_context(active_test=False).search(
            [("series_id", "in", self.series_id.ids)]
        )
        return terms._get_records_action(name=self.env._("Terms"))

    def action_open_contact(self):
        self.check_access("read")
        self.ensure_one()
        return self.partner_id._get_records_action()

    # === BUSINESS METHODS === #

    @api.model
    def _add(self, vals_list, notify=True):
        """Add memberships, and move them as far as they go: the one way in.

        :param list vals_list: a dict each: ``partner_id``, ``type_id``; optional
            ``application_id``, ``payer_id``, ``occasion``, ``previous_id``,
            ``requested_start``, ``date_start`` (set by an officer, it stays),
            ``date_end``, ``approved`` (no moderation), ``unbilled`` (no bill), ``fee``
            (by hand, instead of the type's)
        :param bool notify: mail the bills that are raised at once
        :return: the memberships, in that order
        """
        self._check_role("officer")
        if not notify:
            self = self.with_context(kavi_bill_is_shown=Private())
        prepared = []
        for vals in vals_list:
            vals = dict(vals)
            if vals.pop("approved", False):
                vals["moderation"] = "approved"
                vals["moderated_by"] = self.env.uid
                vals["moderated_at"] = self.env.cr.now()
            if vals.pop("unbilled", False):
                vals["billing"] = "none"
            if vals.get("date_start"):
                vals["is_start_fixed"] = True
            if "fee" in vals:
                fee = vals.pop("fee")
                vals.update(fee_amount=fee, fee_by_hand=True)
            prepared.append(vals)
        # sudo: the role was checked; nobody has the right to create one by hand
        memberships = self.sudo()._as_act().create(prepared).with_env(self.env)
        memberships._advance()
        return memberships

    def _renew(self, type_id=None, **vals):
        """Renew: a new membership that follows each of these (KM-43).

        :param type_id: another type for the same audience; default their own
        :param vals: see :meth:`_add`
        :return: the new memberships
        """
        self._lock_for_act("renew")
        new_type = type_id and self.env["kavi.membership.type"].browse(type_id)
        for one in self if new_type else ():
            one._check_audience(new_type)
        return self._add(
            [
                {
                    "partner_id": one.partner_id.id,
                    "type_id": (new_type or one.type_id).id,
                    "company_id": one.company_id.id,
                    "payer_id": one.payer_id.id,
                    "previous_id": one.id,
                    "occasion": "renewal",
                    "auto_renew_off": one.auto_renew_off,
                    **vals,
                }
                for one in self
            ]
        )

    def _replace(self, type_id, fee=None, note="", cancel_bill=True, **vals):
        """Replace by another type: who is a member is until the new one begins; what
        is pending is canceled at once (KM-39).

        :param float fee: by hand; default the type's
        :param bool cancel_bill: of what is pending
        :return: the new memberships
        """
        self._lock_for_act("replace")
        new_type = self.env["kavi.membership.type"].browse(type_id)
        vals_list = []
        for one in self:
            one._check_audience(new_type)
            is_member = bool(one.date_activated)
            vals_list.append(
                {
                    "partner_id": one.partner_id.id,
                    "type_id": new_type.id,
                    "company_id": one.company_id.id,
                    "payer_id": one.payer_id.id,
                    "application_id": one.application_id.id,
                    "previous_id": one.id if is_member else one.previous_id.id,
                    "occasion": "replace" if is_member else one.occasion,
                    **({} if fee is None else {"fee": fee}),
                    **vals,
                }
            )
        pending = self.filtered(lambda one: not one.date_activated)
        for one in pending:
            one._write_facts(one._prepare_end_vals("replaced"))
        pending._advance()
        pending._settle_bills(cancel_bill, self.env._("Replaced by another type."))
        new = self._add(vals_list)
        self._log_history(
            "note",
            self.env._("Replaced by %(type)s. %(note)s", type=new_type.name, note=note),
        )
        return new

    # === HELPER METHODS === #

    @api.model
    def _prepare_steps(self, vals):
        """Which steps a new membership has, and in which order (KM-16, KM-25)."""
        kind = self.env["kavi.membership.type"].browse(vals["type_id"]).sudo()
        company = self.env["res.company"].browse(vals["company_id"])
        renewal = vals["occasion"] in ("renewal", "replace")
        moderated = kind.moderate_renewal if renewal else kind.moderate_new
        if vals["occasion"] == "upload":
            vals.update(moderation="none", billing="none")
        vals.setdefault("moderation", "waiting" if moderated else "none")
        vals.setdefault("billing", "owed")
        vals.setdefault(
            "order",
            company._get_members_order(
                kind.audience, "renewal" if renewal else vals["occasion"]
            ),
        )

    def _check_audience(self, new_type):
        if new_type.audience != self.type_id.audience:
            raise UserError(
                self.env._(
                    "%(type)s is not for %(member)s: companies stay with types for "
                    "companies, individuals with theirs.",
                    type=new_type.name,
                    member=self.partner_id.name,
                )
            )

    def _check_maximum(self):
        """Refuse more memberships of a group than one member may have (KM-19); terms of
        one series are one."""
        limited = self.filtered("group_id.maximum")
        if not limited:
            return
        # who adds two at once waits here for the other
        self.env.cr.execute(
            "SELECT id FROM res_partner WHERE id IN %s ORDER BY id FOR NO KEY UPDATE",
            [tuple(limited.partner_id.ids)],
        )
        counts = {
            (partner, group): count
            for partner, group, count in self._read_group(
                [
                    ("partner_id", "in", limited.partner_id.ids),
                    ("group_id", "in", limited.group_id.ids),
                    "|",
                    ("state", "in", COUNTED),
                    ("state", "=", False),
                ],
                ["partner_id", "group_id"],
                ["series_id:count_distinct"],
            )
        }
        for one in limited:
            if counts.get((one.partner_id, one.group_id), 0) > one.group_id.maximum:
                raise UserError(
                    self.env._(
                        "%(member)s has a membership of the group %(group)s already; "
                        "%(maximum)s is the most. Renew or replace it instead.",
                        member=one.partner_id.name,
                        group=one.group_id.name,
                        maximum=one.group_id.maximum,
                    )
                )
