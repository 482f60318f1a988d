import base64

from odoo import fields, models
from odoo.tools.mimetypes import guess_mimetype

from ...tools.form_rules import (
    FILE_TYPES,
    MAX_FILE_BYTES,
    MAX_FILES,
    clean,
    clean_text,
    is_address,
)


class KaviMembershipForm(models.Model):
    """What was posted from a page: checked to the last field, and put where
    :meth:`kavi.membership.application._submit` looks for it."""

    _inherit = "kavi.membership.form"

    # === BUSINESS METHODS === #

    def _read_step(self, step, typed, posted):
        """Read what was posted from a page.

        :param dict typed: what was typed so far
        :param dict posted: texts by the names of the page's fields
        :return: ``(typed, problems)``: what is typed now, with what is wrong in it; and
            ``{field name: sentence}``
        """
        self.ensure_one()
        sections = self._get_sections(step, typed)
        problems, values = {}, {}
        for section in sections:
            given = {
                field["name"]: self._read_field(field, posted, problems)
                for field in section["fields"]
                if field["kind"] != "file"
            }
            skipped = section["optional"] and not any(given.values())
            for field in section["fields"]:
                if field["kind"] == "file":
                    continue
                if field["required"] and not given[field["name"]] and not skipped:
                    problems.setdefault(
                        field["name"], self._get_missing_sentence(field)
                    )
            values[section["key"]] = {} if skipped else given
        typed = {**typed, **getattr(self, f"_take_{step}")(values)}
        if step == "people" and not typed["billing_is_primary"]:
            if not typed["blocks"].get("billing"):
                problems.setdefault(
                    "billing-name",
                    self.env._("Say who gets the bills, or tick that you do."),
                )
        if step == "employer" and self.kind == "individual":
            employer = typed["employer"]
            if not employer.get("id") and not employer.get("name"):
                problems.setdefault("employer-id", self.env._("Choose your company."))
        return typed, problems

    def _read_files(self, application, files):
        """Keep the files that were posted as answers, with the application.

        :param files: ``{field name: list of uploads}``
        :return: ``(answers, problems)``
        """
        answers, problems = {}, {}
        for one in self.question_ids.filtered(
            lambda one: one.active and one.kind == "file"
        ):
            name = f"q{one.id}"
            uploads = [each for each in files.get(name, []) if each.filename]
            kept = self._get_kept_files(application, one)
            if uploads:
                vals_list, problem = self._check_files(uploads)
                if problem:
                    problems[name] = problem
                else:
                    kept.unlink()
                    kept = self._keep_files(application, one, vals_list)
            if one.required and not kept and name not in problems:
                problems[name] = self.env._("Choose a file.")
            if kept:
                answers[str(one.id)] = ", ".join(kept.mapped("name"))
        return answers, problems

    # === HELPER METHODS === #

    def _read_field(self, field, posted, problems):
        """One value of a page; what is wrong with it goes into ``problems``."""
        text = posted.get(field["name"])
        kind, name = field["kind"], field["name"]
        if kind == "checkbox":
            return bool(text)
        if kind == "textarea":
            value, is_long = clean_text(text, field["size"])
        else:
            value, is_long = clean(text, field["size"])
        if is_long:
            problems[name] = self.env._(
                "That is too long: at most %s characters.", field["size"]
            )
        elif value and kind == "email" and not is_address(value):
            problems[name] = self.env._("Enter one e-mail address.")
        elif value and kind in ("select", "country", "types"):
            offered = {str(option[0]) for option in field["options"]}
            if value not in offered:
                problems[name] = self.env._("Choose one of the list.")
                value = ""
        elif value and kind == "date":
            value = self._read_date(value, name, problems)
        return value

    def _read_date(self, text, name, problems):
        try:
            day = fields.Date.to_date(text) if len(text) == 10 else None
        except ValueError:
            day = None
        today = self.company_id._billing_today()
        if not day or not 1900 <= day.year <= today.year + 10:
            problems[name] = self.env._("Enter a day, as in %s.", today.isoformat())
            return ""
        if name == "requested_start" and not (
            today <= day <= fields.Date.add(today, years=1)
        ):
            problems[name] = self.env._("Choose a day from today on, within a year.")
        return day.isoformat()

    def _get_missing_sentence(self, field):
        if field["kind"] == "checkbox":
            return self.env._("Tick this to go on.")
        if field["kind"] in ("select", "types", "country"):
            return self.env._("Choose one.")
        return self.env._("Fill this in.")

    # -- from a page to what is kept

    @staticmethod
    def _strip(values):
        """Names of fields without the section's; nothing empty."""
        return {
            name.partition("-")[2]: value for name, value in values.items() if value
        }

    def _take_company(self, values):
        return {"company": self._strip(values["company"])}

    def _take_person(self, values):
        return {"person": self._strip(values["person"])}

    def _take_people(self, values):
        same = values["primary"].pop("billing_is_primary")
        blocks = {key: self._strip(block) for key, block in values.items()}
        if same:
            blocks.pop("billing", None)
        return {
            "blocks": {key: block for key, block in blocks.items() if block},
            "billing_is_primary": same,
        }

    def _take_employer(self, values):
        employer = self._strip(values["employer"])
        if employer.get("id"):
            employer = {"id": int(employer["id"])}
        return {"employer": employer}

    def _take_membership(self, values):
        chosen = values["membership"]["type"]
        return {
            "types": [int(chosen)] if chosen else [],
            "requested_start": values["membership"].get("requested_start") or "",
        }

    def _take_questions(self, values):
        return {
            "answers": {name[1:]: value for name, value in values["questions"].items()}
        }

    def _take_terms(self, values):
        return {"agreed": values["terms"]["agree"]}

    def _take_check(self, values):
        return {}

    # -- files

    def _check_files(self, uploads):
        """Read uploads, as far as they are small and of a kind that is taken.

        :return: ``(values for ir.attachment, sentence)``
        """
        if len(uploads) > MAX_FILES:
            return [], self.env._("At most %s files.", MAX_FILES)
        vals_list = []
        for upload in uploads:
            content = upload.stream.read(MAX_FILE_BYTES + 1)
            if len(content) > MAX_FILE_BYTES:
                return [], self.env._("A file may have 4 MB at most.")
            mimetype = guess_mimetype(content)
            if not content or mimetype not in FILE_TYPES:
                return [], self.env._("Choose a PDF, a picture or a plain text.")
            stem = clean(upload.filename.rpartition(".")[0] or upload.filename, 80)[0]
            stem = stem.replace("/", "_").replace("\\", "_").strip(". ") or "file"
            vals_list.append(
                {
                    "name": stem + FILE_TYPES[mimetype],
                    "datas": base64.b64encode(content),
                    "mimetype": mimetype,
                }
            )
        return vals_list, ""

    def _get_kept_files(self, application, question):
        return self.env["ir.attachment"].search(
            [
                ("res_model", "=", application._name),
                ("res_id", "=", application.id),
                ("res_field", "=", False),
                ("description", "=", f"question {question.id}"),
            ]
        )

    def _keep_files(self, application, question, vals_list):
        return self.env["ir.attachment"].create(
            [
                {
                    **vals,
                    "res_model": application._name,
                    "res_id": application.id,
                    "description": f"question {question.id}",
                    "public": False,
                }
                for vals in vals_list
            ]
        )
