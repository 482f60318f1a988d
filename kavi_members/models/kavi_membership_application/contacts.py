from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.kavi_billing.tools.context import Private

from ...tools.form_rules import get_domain


class KaviMembershipApplication(models.Model):
    """The pending contacts that are made of what was typed (KM-21, KM-28). None is
    looked up, so that nothing tells who is known."""

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

    def _make_contacts(self, typed):
        self.ensure_one()
        people = typed.get("people") or []
        known = self.env["res.partner"].browse(typed.get("partner_id") or ()).exists()
        company = self.env["res.partner"]
        if self.kind == "company":
            company = known or self._make_contact(
                typed.get("company") or {}, is_company=True
            )
        parent = company or self._get_employer(typed)
        persons = self.env["res.partner"]
        for values in people:
            person = self.env["res.partner"]
            if self.kind != "company" and known and not persons:
                person = known
                self._complete_contact(person, values)
            person = person or self._make_contact(
                values,
                parent_id=parent.id,
                kavi_contact_type_id=values.get("contact_type_id") or False,
            )
            persons += person
            self._make_contact_rows(person, values)
        applicant = company or persons[:1] or known
        if not applicant:
            raise UserError(self.env._("Say who applies: a name is missing."))
        self._write_facts({"partner_id": applicant.id})
        if company and company.kavi_is_pending_member:
            company.write(self._prepare_company_roles())

    # === HELPER METHODS === #

    def _make_contact_rows(self, person, values):
        """What a person is for the company; one may be several."""
        roles = values.get("roles") or [values.get("role") or "other"]
        vals_list, seen = [], set(self.contact_ids.mapped("role"))
        for each in roles:
            role, contact_type = (
                each if isinstance(each, list | tuple) else (each, None)
            )
            if role in ("primary", "billing") and role in seen:
                raise UserError(
                    self.env._("Name one primary contact and one billing contact.")
                )
            seen.add(role)
            vals_list.append(
                {
                    "application_id": self.id,
                    "role": role,
                    "contact_type_id": contact_type
                    or values.get("contact_type_id")
                    or False,
                    "partner_id": person.id,
                }
            )
        self.env["kavi.membership.contact"].create(vals_list)

    def _make_contact(self, values, **more):
        vals = self._prepare_contact_vals(values)
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

    def _prepare_contact_vals(self, values):
        names = self._get_typed_fields()
        vals = {name: values[name] for name in names if values.get(name)}
        if vals.get("country_id"):
            vals["country_id"] = int(vals["country_id"])
        if values.get("state"):
            vals.update(self._find_state(values["state"], vals.get("country_id")))
            if not vals.get("state_id"):
                # no region that Odoo knows: it stands behind the city, as on a letter
                parts = (vals.get("city"), values["state"])
                vals["city"] = ", ".join(filter(None, parts))
        return vals

    def _find_state(self, text, country):
        if not country:
            return {}
        states = self.env["res.country.state"].search([("country_id", "=", country)])
        word = text.casefold()
        found = states.filtered(
            lambda state: word in (state.name.casefold(), state.code.casefold())
        )
        return {"state_id": found[:1].id} if found else {}

    def _complete_contact(self, person, values):
        """Of who is logged in only what is empty is filled in: nothing they have is
        changed by a form."""
        vals = {
            name: value
            for name, value in self._prepare_contact_vals(values).items()
            if not person[name]
        }
        if vals:
            person.write(vals)

    def _get_employer(self, typed):
        """The company that an applicant belongs to, as the form asks for it."""
        self.ensure_one()
        form, employer = self.form_id, typed.get("employer") or {}
        if self.kind == "representative":
            return self._find_member_company(typed)
        if not form or form.matching == "one":
            return form.holder_id
        chosen = self.env["res.partner"].browse(employer.get("id") or ())
        if chosen:
            if chosen not in form._get_offered_companies():
                raise UserError(
                    self.env._("Choose your company: the list has changed.")
                )
            return chosen
        if not employer.get("name") or form.matching != "list_or_new":
            raise UserError(self.env._("Choose your company."))
        company = self._make_contact({"name": employer["name"]}, is_company=True)
        company.write(
            {"is_billing_holder": True, "kavi_purpose": "individuals_company"}
        )
        return company

    def _find_member_company(self, typed):
        """The member company of who wants to represent it: chosen, or found by the
        domain of the e-mail address (KM-31)."""
        companies = self.form_id._get_offered_companies()
        people = typed.get("people") or [{}]
        rule = self.env["kavi.domain.rule"]._find(
            get_domain(people[0].get("email")), self.company_id
        )
        chosen = (typed.get("employer") or {}).get("id")
        found = companies.filtered(
            lambda one: one.id == chosen if chosen else one == rule.partner_id
        )
        if not found:
            raise UserError(
                self.env._(
                    "Your company was not found by your e-mail address. Choose it in "
                    "the list, or ask it to become a member."
                )
            )
        return found

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
