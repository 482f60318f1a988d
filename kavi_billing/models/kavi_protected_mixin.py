from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import ormcache

from ..tools.const import THREAD_FIELDS
from ..tools.context import private_value


class KaviProtectedMixin(models.AbstractModel):
    """Fields that nobody sets by hand: not by values, and not by defaults.

    A default is the caller's: it comes in the context of a call, or from one that a
    user keeps for themselves (``ir.default``). Odoo adds both after each guard has
    looked at the values, and asks for no right on the field. So none is taken here for
    a field that is protected, on any path: create, copy, import, a line of a parent.

    For models of Odoo's, too, that have fields of ours.
    """

    _name = "kavi.protected.mixin"
    _description = "Protected Fields"

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        protected = self._get_protected_fields().intersection(fields)
        if not protected:
            return super().default_get(fields)
        defaults = super().default_get(
            [name for name in fields if name not in protected]
        )
        for name in protected:
            field = self._fields[name]
            if field.default:  # the model's own
                value = field.convert_to_cache(
                    field.default(self), self, validate=False
                )
                defaults[name] = field.convert_to_write(value, self)
        return defaults

    @api.model_create_multi
    def create(self, vals_list):
        if not self._may_set_protected():
            names = self._get_refused_fields()
            self._refuse_protected(
                {name for vals in vals_list for name in names if vals.get(name)},
                "create",
            )
        return super().create(vals_list)

    def write(self, vals):
        if not self._may_set_protected():
            names = self._get_refused_fields().intersection(vals)
            self._refuse_protected(names, "write")
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _get_protected_fields(self):
        """Hook: the names of the fields for which no default is taken from outside.

        :rtype: frozenset
        """
        return self._get_read_only_fields()

    @api.model
    def _get_refused_fields(self):
        """Hook: those of the protected fields that nobody may send either.

        :rtype: frozenset
        """
        return self._get_read_only_fields()

    @api.model
    @ormcache()
    def _get_read_only_fields(self):
        """What no form lets anybody write: of a model of Odoo's, only what is ours."""
        is_own = self._name.startswith("kavi.")
        return frozenset(
            name
            for name, field in self._fields.items()
            if field.readonly
            and name not in models.MAGIC_COLUMNS
            and not name.startswith(THREAD_FIELDS)
            and (is_own or (field._module or "").startswith("kavi_"))
        )

    def _may_set_protected(self):
        """Whether code of this process asks: with superuser rights, or in an act."""
        return self.env.su or private_value(self.env.context, "kavi_act")

    def _refuse_protected(self, names, operation):
        """Refuse to have these fields set by hand.

        :param names: of fields; none of them: nothing is refused
        :param str operation: "create" or "write"
        :raise AccessError: for who may not do that with any field
        :raise UserError: with the labels of the fields
        """
        if names:
            self.check_access(operation)
            raise UserError(
                self.env._(
                    "%s cannot be set by hand: it follows from what is done, and from "
                    "the books.",
                    self._get_field_labels(names),
                )
            )

    def _get_field_labels(self, names):
        labels = self.sudo().fields_get(sorted(names), ["string"])
        return ", ".join(label["string"] for label in labels.values())
