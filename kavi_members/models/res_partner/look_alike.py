from odoo import models
from odoo.tools import SQL

# What makes two contacts look alike; "p" stands for the contact.
KEYS = (
    "p.email_normalized",
    "NULLIF(p.vat, '')",
    "LOWER(NORMALIZE(TRIM(p.name), NFKC))",
)


class ResPartner(models.Model):
    """Who looks like an applicant: contacts that are there already."""

    _inherit = "res.partner"

    def _find_look_alikes(self):
        """The regular contacts with the same e-mail address, tax number or name as each
        of these applicants; names are the same whatever their case, width and accents'
        form are.

        :return: ``{applicant: contacts}``, those that have any
        """
        if not self:
            return {}
        # sudo: the moderator sees what looks alike, wherever it belongs
        self.sudo().flush_model()
        # one query for each key: each of them is a join by hash, whatever there is
        rows = self.env.execute_query(
            SQL(" UNION ").join(self._get_alike_query(key) for key in KEYS)
        )
        found = {}
        for one, other in sorted(rows):
            partner = self.browse(one)
            found[partner] = found.get(partner, self.browse()) | self.browse(other)
        return found

    def _get_alike_query(self, key):
        return SQL(
            """
            SELECT one.id, other.id
              FROM (SELECT id, is_company, company_id, %s AS key FROM res_partner p
                     WHERE id IN %s) one
              JOIN (SELECT id, is_company, company_id, %s AS key FROM res_partner p
                     WHERE active AND kavi_is_pending_member IS NOT TRUE) other
                ON other.key = one.key
               AND other.id <> one.id
               AND other.is_company IS NOT DISTINCT FROM one.is_company
               AND (one.company_id IS NULL OR other.company_id IS NULL
                    OR other.company_id = one.company_id)
            """,
            SQL(key),  # one of KEYS
            tuple(self.ids),
            SQL(key),
        )
