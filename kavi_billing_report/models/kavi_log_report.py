from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.columns import Column


class KaviLogReport(models.Model):
    """Full log: each act and each changed field, with old and new value (KB-68).

    What acts leave behind, and what Odoo's tracking does of bills, credits and
    accounts. Fields that only some groups may see are left out.
    """

    _name = "kavi.log.report"
    _inherit = ["kavi.view.mixin", "kavi.report.mixin"]
    _description = "Full Log"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "reference"
    _rec_names_search = ["reference", "details", "partner_id"]

    date = fields.Datetime(readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
    login = fields.Char(readonly=True)
    origination = fields.Selection(
        selection=lambda self: self._get_activity_selection("origination"),
        readonly=True,
    )
    act = fields.Selection(
        selection=lambda self: self._get_activity_selection("act"),
        string="Activity",
        readonly=True,
    )
    record = fields.Selection(
        [("bill", "Bill"), ("credit", "Credit"), ("account", "Account")],
        readonly=True,
    )
    partner_id = fields.Many2one("res.partner", string="Account", readonly=True)
    bill_id = fields.Many2one("kavi.bill", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    reference = fields.Char(readonly=True)
    field_name = fields.Char(string="Database Field", readonly=True)
    field_label = fields.Char(string="Field", compute="_compute_field_label")
    old_value = fields.Char(readonly=True)
    new_value = fields.Char(readonly=True)
    details = fields.Text(readonly=True)

    # what has to be in the database before the view is read
    _depends = {
        "kavi.activity": [
            "act",
            "bill_id",
            "company_id",
            "credit_id",
            "date",
            "details",
            "login",
            "new_state",
            "old_state",
            "origination",
            "partner_id",
            "reference",
            "user_id",
        ],
        "kavi.bill": ["company_id", "name", "partner_id", "title"],
        "kavi.credit": ["company_id", "name", "partner_id"],
        "mail.message": ["date", "model", "res_id"],
        "mail.tracking.value": ["field_id", "mail_message_id"],
        "res.partner": ["company_id", "is_billing_account", "name"],
        "res.users": ["login", "share"],
    }

    @api.model
    def _get_activity_selection(self, name):
        """The values of a field of the activity history, addons' own among them."""
        return self.env["kavi.activity"]._fields[name]._description_selection(self.env)

    # === COMPUTE METHODS === #

    @api.depends("record", "field_name")
    def _compute_field_label(self):
        models_ = {"bill": "kavi.bill", "credit": "kavi.credit"}
        for line in self:
            model = self.env[models_.get(line.record, "res.partner")]
            field = model._fields.get(line.field_name)
            line.field_label = field and field._description_string(self.env)

    # === BUSINESS METHODS === #

    @api.model
    def _query(self):
        return SQL("%s UNION ALL %s", self._query_activities(), self._query_tracking())

    @api.model
    def _query_activities(self):
        """What acts left behind; their ids are even."""
        return SQL(
            """
            SELECT 2 * activity.id AS id,
                   activity.date, activity.user_id, activity.login,
                   activity.origination, activity.act,
                   CASE WHEN activity.credit_id IS NOT NULL THEN 'credit'
                        WHEN activity.act = 'account' THEN 'account'
                        ELSE 'bill' END AS record,
                   activity.partner_id, activity.bill_id, activity.company_id,
                   activity.reference,
                   CASE WHEN activity.new_state IS NOT NULL
                        THEN 'state' END AS field_name,
                   INITCAP(activity.old_state) AS old_value,
                   INITCAP(activity.new_state) AS new_value,
                   activity.details
              FROM kavi_activity activity
            """
        )

    @api.model
    def _query_tracking(self):
        """What Odoo tracked of fields; their ids are odd."""
        return SQL(
            """
            SELECT 2 * value.id + 1,
                   message.date, message.create_uid, author.login,
                   CASE WHEN author.share THEN 'manual' ELSE 'billing' END,
                   'edit',
                   CASE message.model WHEN 'kavi.bill' THEN 'bill'
                                      WHEN 'kavi.credit' THEN 'credit'
                                      ELSE 'account' END,
                   COALESCE(bill.partner_id, credit.partner_id, account.id),
                   bill.id,
                   COALESCE(bill.company_id, credit.company_id, account.company_id),
                   COALESCE(bill.name, bill.title, credit.name, account.name),
                   field.name, %(old)s, %(new)s, NULL
              FROM mail_tracking_value value
              JOIN mail_message message ON message.id = value.mail_message_id
              JOIN ir_model_fields field ON field.id = value.field_id
         LEFT JOIN res_users author ON author.id = message.create_uid
         LEFT JOIN kavi_bill bill
                ON message.model = 'kavi.bill' AND bill.id = message.res_id
         LEFT JOIN kavi_credit credit
                ON message.model = 'kavi.credit' AND credit.id = message.res_id
         LEFT JOIN res_partner account
                ON message.model = 'res.partner' AND account.id = message.res_id
               AND account.is_billing_account
             WHERE message.model IN ('kavi.bill', 'kavi.credit', 'res.partner')
               AND COALESCE(bill.id, credit.id, account.id) IS NOT NULL
               AND NOT EXISTS (SELECT FROM ir_model_fields_group_rel secret
                                WHERE secret.field_id = field.id)
            """,
            old=self._get_tracked_value("old"),
            new=self._get_tracked_value("new"),
        )

    @api.model
    def _get_tracked_value(self, when):
        """A tracked value as text.

        :param str when: "old" or "new"
        """
        columns = {
            kind: SQL.identifier("value", f"{when}_value_{kind}")
            for kind in ("integer", "datetime", "float", "char", "text")
        }
        return SQL(
            """
            CASE WHEN field.ttype = 'boolean'
                 THEN CASE WHEN %(integer)s = 1 THEN 'Yes' ELSE 'No' END
                 WHEN field.ttype = 'date' THEN TO_CHAR(%(datetime)s, 'YYYY-MM-DD')
                 WHEN field.ttype = 'datetime'
                 THEN TO_CHAR(%(datetime)s, 'YYYY-MM-DD HH24:MI:SS')
                 WHEN field.ttype IN ('float', 'monetary')
                 THEN ROUND(%(float)s::numeric, 4)::text
                 WHEN field.ttype = 'integer' THEN %(integer)s::text
                 ELSE COALESCE(%(char)s, %(text)s)
            END
            """,
            **columns,
        )

    @api.model
    def _get_report_columns(self):
        return [
            Column(self.env._("Time"), "date"),
            Column(self.env._("Origination"), "origination", False),
            Column(self.env._("User"), "login"),
            Column(self.env._("Activity"), "act"),
            Column(self.env._("Record"), "record", False),
            Column(self.env._("Account"), "partner_id.name"),
            Column(self.env._("Reference"), "reference"),
            Column(self.env._("Field"), "field_name"),
            Column(self.env._("Old Value"), "old_value"),
            Column(self.env._("New Value"), "new_value"),
            Column(self.env._("Details"), "details", False),
            Column(self.env._("Company"), "company_id.name", False),
        ]

    # === ACTION METHODS === #

    def action_open_bill(self):
        """The bill or account that it was about."""
        self.ensure_one()
        return (self.bill_id or self.partner_id)._get_records_action()
