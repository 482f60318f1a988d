from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.kavi_billing.tools.context import Private


class KaviMembershipApplication(models.Model):
    """From what was typed to pending contacts and memberships, and back (KM-28,
    KM-29)."""

    _inherit = "kavi.membership.application"

    # === BUSINESS METHODS === #

    @api.model
    def _get_typed_fields(self):
        """Hook: the fields of a contact that an applicant may fill."""
        return (
            "name",
            "email",
            "phone",
            "function",
            "street",
            "street2",
            "city",
            "zip",
            "state_id",
            "country_id",
            "vat",
            "website",
            "lang",
        )

    def _submit(self):
        """Make pending contacts of what was typed, and the memberships that were asked
        for; they go on by themselves from here.

        Call it once the form, and its token, were checked; again it does nothing.
        ``typed`` holds "company" and "people" (dicts of contacts' fields; of people
        also "role" and "contact_type_id"), "types" (ids), "requested_start" and
        "partner_id" (a contact that is known, by log-in).

        :return: the memberships
        """
        # sudo: an applicant has no rights here; what they may set is in the list above
        memberships = self.env["kavi.membership"].sudo()
        for one in self._for_books():
            one._wait_for_rows()
            if one.state not in ("draft", "unconfirmed"):
                continue
            typed = one.typed or {}
            one._make_contacts(typed)
            one._write_facts(
                {
                    "state": "open",
                    "submitted_at": self.env.cr.now(),
                    "type_ids": [(6, 0, one._get_asked_types(typed).ids)],
                    "purge_after": False,
                    "typed": False,
                }
            )
            if one.kind == "representative":
                continue
            memberships |= memberships._add(
                [
                    {
                        "partner_id": one.partner_id.id,
                        "type_id": kind.id,
                        "company_id": one.company_id.id,
                        "application_id": one.id,
                        "requested_start": typed.get("requested_start") or False,
                    }
                    for kind in one.type_ids
                ]
            )
        return memberships

    def _get_asked_types(self, typed):
        """The types that were chosen, as far as they are offered."""
        self.ensure_one()
        kinds = self.env["kavi.membership.type"].browse(typed.get("types") or ())
        audience = "company" if self.kind == "company" else "individual"
        offered = kinds.exists().filtered(
            lambda kind: (
                kind.company_id == self.company_id
                and kind.audience == audience
                and kind.is_available
            )
        )
        if offered != kinds or (not kinds and self.kind != "representative"):
            raise UserError(
                self.env._("Choose a membership that is offered: the list has changed.")
            )
        return offered

    def _make_contacts(self, typed):
        """Make the contacts; none is looked up, so that nothing tells who is known."""
        self.ensure_one()
        people = typed.get("people") or []
        known = self.env["res.partner"].browse(typed.get("partner_id") or ())
        company = parent = self.env["res.partner"]
        if self.kind == "company":
            company = known or self._make_contact(
                typed.get("company") or {}, is_company=True
            )
            parent = company
        elif self.form_id.matching == "one":
            parent = self.form_id.holder_id
        persons = self.env["res.partner"]
        for values in people:
            person = self.env["res.partner"]
            if self.kind != "company" and known and not persons:
                person = known
            person = person or self._make_contact(
                values,
                parent_id=parent.id,
                kavi_contact_type_id=values.get("contact_type_id") or False,
            )
            persons += person
            for role in values.get("roles") or [values.get("role") or "other"]:
                self.env["kavi.membership.contact"].create(
                    {
                        "application_id": self.id,
                        "role": role,
                        "contact_type_id": values.get("contact_type_id") or False,
                        "partner_id": person.id,
                    }
                )
        applicant = company or persons[:1] or known
        if not applicant:
            raise UserError(self.env._("Say who applies: a name is missing."))
        self._write_facts({"partner_id": applicant.id})
        if company and company.kavi_is_pending_member:
            company.write(self._prepare_company_roles())

    def _make_contact(self, values, **more):
        names = self._get_typed_fields()
        vals = {name: values[name] for name in names if values.get(name)}
        if not vals.get("name"):
            raise UserError(self.env._("Say who applies: a name is missing."))
        # a pending account is opened with the bill, and no regular one before
        contacts = self.env["res.partner"].with_context(
            kavi_no_billing_account=Private()
        )
        contact = contacts.create(
            {
                **vals,
                **more,
                "company_id": False,
                "kavi_is_pending_member": True,
            }
        )
        return contact.with_env(self.env)

    def _prepare_company_roles(self):
        """Who speaks for the company, as billing knows it."""
        by_role = self.contact_ids.grouped("role")
        vals = {}
        for role, name in (
            ("primary", "primary_contact_id"),
            ("billing", "billing_contact_id"),
        ):
            person = by_role.get(role, self.contact_ids.browse()).partner_id[:1]
            if person:
                vals[name] = person.id
        if vals.get("primary_contact_id"):
            vals["billing_admin_ids"] = [(4, vals["primary_contact_id"])]
        return vals

    def _discard(self, cancel_bill=True):
        """Delete applications of those who were never accepted, with what was made of
        them; where there is a bill, blank what they typed (KM-29)."""
        self._check_role("officer")
        # sudo: the role was checked; contacts may be read-only for an officer
        for one in self._for_books():
            one._wait_for_rows()
            members = one.with_context(active_test=False).membership_ids
            if any(member.date_ready for member in members):
                raise UserError(
                    self.env._(
                        "%s has led to a membership: end or delete that instead.",
                        one.display_name,
                    )
                )
            members.filtered(
                lambda member: member.state not in ("denied", "canceled")
            )._delete(cancel_bill, self.env._("Application deleted."))
            contacts = (one.partner_id | one.contact_ids.partner_id).filtered(
                "kavi_is_pending_member"
            )
            if members.kavi_bill_ids:
                one._blank(contacts)
            else:
                one._write_facts({"partner_id": False})
                members.unlink()
                one.unlink()
                contacts._forget_applicants()

    def _blank(self, contacts):
        """Blank what an applicant typed; the name stays on the documents."""
        self.answer_ids.attachment_ids.unlink()
        self.answer_ids.unlink()
        contacts._blank_applicants()
        self._write_facts({"state": "withdrawn", "typed": False})
