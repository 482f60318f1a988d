from odoo import models
from odoo.fields import Domain

from ...tools.form_rules import COMPANY, CONTACT, MAX_OTHERS, PERSON


class KaviMembershipForm(models.Model):
    """The pages of a form: which fields each shows, with what was typed before.

    A page is a list of sections: dicts with "key", "title", "fields" and "optional"; a
    field is a dict with "name", "label", "kind", "value", "required", "options",
    "help", "size" and "autocomplete". Pages show them, :meth:`_read_step` reads them.
    """

    _inherit = "kavi.membership.form"

    # === BUSINESS METHODS === #

    def _get_step_labels(self):
        return {
            "company": self.env._("Company"),
            "people": self.env._("Contacts"),
            "person": self.env._("About you"),
            "employer": self.env._("Your company"),
            "membership": self.env._("Membership"),
            "questions": self.env._("Questions"),
            "terms": self.env._("Terms"),
            "check": self.env._("Check and send"),
        }

    def _get_sections(self, step, typed):
        """What a page asks.

        :param str step: one of :meth:`_get_steps`
        :param dict typed: what was typed so far
        """
        self.ensure_one()
        return getattr(self, f"_get_{step}_sections")(typed)

    # === HELPER METHODS === #

    def _get_company_sections(self, typed):
        return [self._get_section("company", "", COMPANY, typed.get("company"))]

    def _get_person_sections(self, typed):
        return [self._get_section("person", "", PERSON, typed.get("person"))]

    def _get_people_sections(self, typed):
        blocks = typed.get("blocks") or {}
        primary = self._get_section(
            "primary", self.env._("Primary contact"), CONTACT, blocks.get("primary")
        )
        same = typed.get("billing_is_primary", True)
        primary["fields"].append(
            self._get_field(
                "billing_is_primary",
                self.env._("This person gets the bills, too"),
                "checkbox",
                same,
            )
        )
        wanted = [
            ("billing", self.env._("Billing contact, if it is somebody else")),
            *(
                (f"type_{kind.id}", kind.name)
                for kind in self.contact_type_ids
                if not kind.is_primary
            ),
            *(
                (f"other_{number}", self.env._("Another contact"))
                for number in range(1, MAX_OTHERS + 1)
            ),
        ]
        return [primary] + [
            {
                **self._get_section(key, title, CONTACT, blocks.get(key)),
                "optional": True,
                "is_open": bool(blocks.get(key)),
            }
            for key, title in wanted
        ]

    def _get_employer_sections(self, typed):
        employer = typed.get("employer") or {}
        companies = self._get_offered_companies()
        options = [(str(one.id), one.name) for one in companies]
        domain = self.kind == "representative"
        fields = [
            self._get_field(
                "employer-id",
                self.env._("Company"),
                "select",
                str(employer.get("id") or ""),
                options=options,
                required=not domain and self.matching == "list",
                help=self.env._(
                    "Not in the list? Leave this empty: it is found by your e-mail "
                    "address."
                )
                if domain
                else "",
            )
        ]
        if self.kind == "individual" and self.matching == "list_or_new":
            fields.append(
                self._get_field(
                    "employer-name",
                    self.env._("Or a company that is not in the list"),
                    "text",
                    employer.get("name") or "",
                    size=128,
                )
            )
        return [self._new_section("employer", "", fields)]

    def _get_membership_sections(self, typed):
        kinds = self._get_offered_types()
        chosen = (typed.get("types") or [None])[0]
        if not chosen and len(kinds) == 1:
            chosen = kinds.id
        fields = [
            self._get_field(
                "type",
                self.env._("Membership"),
                "types",
                chosen,
                required=True,
                options=[(kind.id, kind, self._get_quote(kind)) for kind in kinds],
            )
        ]
        if any(kind.term != "fixed" for kind in kinds):
            fields.append(
                self._get_field(
                    "requested_start",
                    self.env._("Start on"),
                    "date",
                    typed.get("requested_start") or "",
                    help=self.env._("Empty: as soon as possible."),
                )
            )
        return [self._new_section("membership", "", fields)]

    def _get_questions_sections(self, typed):
        answers = typed.get("answers") or {}
        fields = []
        for one in self.question_ids.filtered("active"):
            choices = (one.choices or "").splitlines()
            fields.append(
                self._get_field(
                    f"q{one.id}",
                    one.name,
                    {"char": "text", "text": "textarea", "choice": "select"}.get(
                        one.kind, one.kind
                    ),
                    answers.get(str(one.id)) or "",
                    required=one.required,
                    help=one.help_text or "",
                    options=[(text.strip(), text.strip()) for text in choices if text],
                    size=2000 if one.kind == "text" else 256,
                )
            )
        return [self._new_section("questions", "", fields)]

    def _get_terms_sections(self, typed):
        kinds = self._get_asked(typed).filtered(lambda kind: kind._has_terms())
        return [
            self._new_section(
                "terms",
                "",
                [
                    self._get_field(
                        "agree",
                        self.env._("I have read the terms, and agree to them."),
                        "checkbox",
                        bool(typed.get("agreed")),
                        required=True,
                    )
                ],
                terms=[(kind.name, kind.terms_html) for kind in kinds],
            )
        ]

    def _get_check_sections(self, typed):
        return []

    def _get_asked(self, typed):
        """The types that were chosen, as far as they are offered still."""
        ids = set(typed.get("types") or ())
        return self._get_offered_types().filtered(lambda kind: kind.id in ids)

    # -- the parts of a page

    def _get_section(self, key, title, fields, values):
        values = values or {}
        labels = self._get_field_labels()
        return self._new_section(
            key,
            title,
            [
                self._get_field(
                    f"{key}-{one.name}",
                    labels[one.name],
                    one.kind,
                    values.get(one.name) or "",
                    required=one.required,
                    size=one.size,
                    autocomplete=one.autocomplete,
                    options=self._get_countries() if one.kind == "country" else [],
                )
                for one in fields
            ],
        )

    def _new_section(self, key, title, fields, terms=()):
        return {
            "key": key,
            "title": title,
            "fields": fields,
            "terms": terms,
            "optional": False,
            "is_open": False,
        }

    def _get_field(
        self,
        name,
        label,
        kind,
        value,
        required=False,
        options=(),
        help="",
        size=128,
        autocomplete="off",
    ):
        return {
            "name": name,
            "label": label,
            "kind": kind,
            "value": value,
            "required": required,
            "options": options,
            "help": help,
            "size": size,
            "autocomplete": autocomplete,
        }

    def _get_field_labels(self):
        """The labels that Odoo's own pages have."""
        names = ["email", "phone", "street", "street2", "zip", "city", "vat"]
        names += ["website", "function", "country_id"]
        labels = self.env["res.partner"].fields_get(names, ["string"])
        return {
            **{name: label["string"] for name, label in labels.items()},
            "name": self.env._("Name"),
            "email": self.env._("Email"),
            "street2": self.env._("Address line 2"),
            "state": self.env._("State or province"),
        }

    def _get_countries(self):
        countries = self.env["res.country"].search(Domain.TRUE)
        return [(str(country.id), country.name) for country in countries]
