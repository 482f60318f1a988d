from collections import defaultdict

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Command, Domain


class KaviWindowMixin(models.AbstractModel):
    """A window is its user's, and shows nothing that its user may not read.

    Odoo lets a client point to any record, by its id, and reads what a window shows of
    it with superuser rights: fields that are related, and those that are computed and
    stored. So it is asked here whether the user may read what they point to, at each
    door: create, write, what is filled in (``onchange``), and defaults. And Odoo keeps
    what a window held where all who may open one find it, for hours.
    """

    _name = "kavi.window.mixin"
    _description = "Window"

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        self._check_pointed([defaults])
        return defaults

    @api.model_create_multi
    def create(self, vals_list):
        self._check_pointed(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_pointed([vals])
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        self._check_pointed([values])
        return super().onchange(values, field_names, fields_spec)

    @api.model
    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not self.env.su and not bypass_access:
            domain = Domain(domain) & Domain("create_uid", "=", self.env.uid)
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su:
            return result
        # what was refused already need not be asked again
        forbidden = result[0] if result else self.browse()
        own = self.env.user
        others = (self - forbidden).filtered(
            # sudo: whose it is
            lambda window: window._origin.sudo().create_uid - own
        )
        if not others:
            return result
        return forbidden | others, lambda: AccessError(
            self.env._("This window is somebody else's: open one of your own.")
        )

    # === HELPER METHODS === #

    @api.model
    def _check_pointed(self, vals_list):
        """Refuse values that point to what the user may not read.

        :param vals_list: of ``create()``, or what a form holds
        :raise AccessError: as Odoo says it
        """
        if self.env.su:
            return
        pointed = defaultdict(set)
        for vals in vals_list:
            _collect(self, vals, pointed)
        for (model, name), ids in pointed.items():
            field = self.env[model]._fields[name]
            # what is gone is told where it is looked for
            records = self.env[field.comodel_name].browse(sorted(ids)).exists()
            self.env[model]._check_shown(name, records)

    @api.model
    def _check_shown(self, name, records):
        """Hook: refuse records that the user may not see in one of this window's
        fields.

        :param str name: of the field
        :raise AccessError: as Odoo says it
        """
        if records:  # none of a model that the user has no right on is nothing shown
            records.check_access("read")


def _collect(model, vals, pointed):
    """Add to ``{(model, field): ids}`` what these values point to."""
    for name, value in vals.items():
        field = model._fields.get(name)
        if not value or not field or not field.relational:
            continue
        comodel, ids = model.env[field.comodel_name], pointed[model._name, name]
        if isinstance(value, models.BaseModel):
            value = value.ids
        for item in value if isinstance(value, list | tuple) else [value]:
            if isinstance(item, dict):  # as a form has a record
                ids.update(_get_ids([item.get("id")]))
            elif not isinstance(item, list | tuple):
                ids.update(_get_ids([item]))
            elif item[0] in (Command.CREATE, Command.UPDATE):
                ids.update(_get_ids(item[1:2]))
                _collect(comodel, item[2], pointed)
            elif item[0] == Command.LINK:
                ids.update(_get_ids(item[1:2]))
            elif item[0] == Command.SET:
                ids.update(_get_ids(item[2]))


def _get_ids(values):
    """The ids of records among what a client sent: what is no record yet has a text."""
    return [value for value in values if type(value) is int and value > 0]
