import hashlib

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import html_sanitize

from ...tools.form_rules import get_missing, merge_people


class KaviMembershipApplication(models.Model):
    """An application while it is filled in: page by page, saved as typed; then sent,
    and confirmed where that is asked (KM-20 ... KM-23)."""

    _inherit = "kavi.membership.application"

    # === BUSINESS METHODS === #

    @api.model
    def _start(self, form, typed, partner=None):
        """The draft of somebody who has filled in the first page.

        :param form: ``kavi.membership.form``; the barriers of its page were passed
        :param partner: the contact of who is logged in
        """
        form.ensure_one()
        if partner and form.kind != "company" and not partner.is_company:
            typed = {**typed, "partner_id": partner.id}
        # sudo: an applicant has no rights here; what is typed was checked by the form
        return (
            self.sudo()
            ._as_act()
            .create(
                {
                    "kind": form.kind,
                    "company_id": form.company_id.id,
                    "form_id": form.id,
                    "origin": "portal" if partner else "public",
                    "typed": typed,
                }
            )
        )

    def _get_form_steps(self):
        self.ensure_one()
        kinds = self.form_id._get_asked(self.typed or {})
        return self.form_id._get_steps(kinds or None)

    def _get_missing_step(self):
        """The first page that was not filled in."""
        self.ensure_one()
        done = (self.typed or {}).get("done") or []
        return get_missing(self._get_form_steps(), done)

    def _save_step(self, step, posted, files=None):
        """Keep what was typed on a page; it is kept with its mistakes, too.

        :param dict posted: texts by name
        :param dict files: lists of uploads by name
        :return: ``{field name: sentence}``; empty: the page is done
        """
        self.ensure_one()
        self._wait_for_rows()
        if self.state != "draft":
            return {}
        form = self.form_id
        typed, problems = form._read_step(step, self.typed or {}, posted)
        if step == "questions":
            answers, wrong = form._read_files(self, files or {})
            typed["answers"].update(answers)
            problems.update(wrong)
        done = [one for one in typed.get("done") or [] if one != step]
        if not problems:
            done.append(step)
        if step == "membership" and typed.get("types") != (self.typed or {}).get(
            "types"
        ):
            # other terms may go with another type
            done = [one for one in done if one != "terms"]
            typed["agreed"] = False
        self._write_facts({"typed": {**typed, "done": done}})
        return problems

    def _send(self, address=""):
        """Send the application: it counts from now on, or once its e-mail address is
        confirmed.

        :param str address: from where it was agreed to, cut by the caller
        :raise UserError: when a page is missing, or what was chosen is offered no more
        """
        self.ensure_one()
        self._wait_for_rows()
        if self.state != "draft":
            return
        missing = self._get_missing_step()
        if missing != "check":
            labels = self.form_id._get_step_labels()
            raise UserError(
                self.env._("Fill in the page “%s” first.", labels.get(missing, missing))
            )
        typed = self._prepare_typed()
        kinds = self._get_asked_types(typed)
        vals = {"typed": typed}
        if typed.get("agreed"):
            vals.update(
                consent_version=self._get_terms_version(kinds),
                consent_at=self.env.cr.now(),
                consent_address=address,
            )
        self._write_facts(vals)
        if self._needs_confirmation(kinds):
            self._write_facts({"state": "unconfirmed"})
            self._send_confirmation()
            return
        self._submit()
        self._send_mail("mail_template_application_received")

    def _confirm(self, link):
        """The e-mail address is confirmed, by the link that was sent to it.

        :return: whether it could be used
        """
        self.ensure_one()
        self._wait_for_rows()
        if self.state != "unconfirmed" or not link._use():
            return False
        self._write_facts({"email_confirmed_at": self.env.cr.now()})
        self._submit()
        self._send_mail("mail_template_application_received")
        return True

    def _send_confirmation(self):
        """Mail a link that confirms the address; it replaces those before."""
        self.ensure_one()
        links = self.env["kavi.membership.link"].sudo()
        links.search(
            [("application_id", "=", self.id), ("purpose", "=", "confirm")]
        ).write({"revoked": True})
        token = links._make("confirm", self, days=7, sent_to=self._get_email())
        url = f"{self.get_base_url()}/membership/confirm/{token}"
        self._send_mail("mail_template_application_confirm", confirm_url=url)

    # === HELPER METHODS === #

    def _prepare_typed(self):
        """What the pages hold, as :meth:`_submit` reads it."""
        self.ensure_one()
        typed = self.typed or {}
        if self.kind != "company":
            person = {**(typed.get("person") or {}), "roles": [["primary", False]]}
            return {**typed, "people": [person]}
        blocks = typed.get("blocks") or {}
        people = []
        for key, block in blocks.items():
            name, __, number = key.partition("_")
            people.append(
                {
                    **block,
                    "role": name if name in ("primary", "billing") else "other",
                    "contact_type_id": int(number) if name == "type" else False,
                }
            )
        people.sort(key=lambda one: one["role"] != "primary")
        if typed.get("billing_is_primary"):
            people += [
                {**one, "role": "billing"} for one in people if one["role"] == "primary"
            ]
        return {**typed, "people": merge_people(people)}

    def _needs_confirmation(self, kinds):
        """Whether the address is confirmed first: always, where nobody looks at the
        application and nothing is paid."""
        self.ensure_one()
        form = self.form_id
        if self._is_by_domain() or form.confirm_email:
            return True
        return bool(kinds) and all(
            not kind.moderate_new and form._get_quote(kind)["is_free"] for kind in kinds
        )

    def _get_terms_version(self, kinds):
        """What was agreed to, so that one can tell later: types and a hash of the
        text that was shown."""
        texts = []
        for kind in kinds.filtered(lambda kind: kind._has_terms()):
            mark = hashlib.sha256(kind.terms_html.encode()).hexdigest()
            texts.append(f"{kind.name} {mark[:12]}")
        return ", ".join(texts) or False

    def _make_answers(self, typed):
        """Keep what was answered, as it was asked, and put it into the contact's field
        where the question says so."""
        self.ensure_one()
        answers = typed.get("answers") or {}
        questions = self.form_id.question_ids.filtered("active")
        vals_list, contact = [], {}
        for one in questions:
            value = answers.get(str(one.id))
            if not value:
                continue
            kept = self.form_id._get_kept_files(self, one)
            vals_list.append(
                {
                    "application_id": self.id,
                    "question_id": one.id,
                    "sequence": one.sequence,
                    "question": one.name,
                    "value_text": False if one.kind in ("date", "file") else value,
                    "value_date": value if one.kind == "date" else False,
                    "attachment_ids": [(6, 0, kept.ids)],
                }
            )
            if one.partner_field and one.kind in ("char", "choice"):
                contact[one.partner_field] = value
        self.env["kavi.membership.answer"].create(vals_list)
        applicant = self.partner_id
        if applicant.kavi_is_pending_member and contact:
            applicant.write(contact)

    # -- mail

    def _get_email(self):
        """The address of who applies, typed or of their contact."""
        self.ensure_one()
        people = (self.typed or {}).get("people") or [{}]
        speaker = self._get_speaker()
        return people[0].get("email") or speaker.email or self.partner_id.email or ""

    def _get_speaker(self):
        """The contact who speaks for the applicant; none until it is submitted."""
        self.ensure_one()
        rows = self.contact_ids.filtered(lambda one: one.role == "primary")
        return rows.partner_id[:1]

    def _get_name(self):
        self.ensure_one()
        people = (self.typed or {}).get("people") or [{}]
        speaker = self._get_speaker()
        return people[0].get("name") or speaker.name or self.partner_id.name

    def _get_status_url(self):
        """The permanent page of the application, without a log-in (KM-24)."""
        self.ensure_one()
        return f"{self.get_base_url()}{self._get_status_path()}"

    def _get_status_path(self):
        self.ensure_one()
        return f"/membership/status/{self.id}/{self._get_access_token()}"

    def _has_login(self):
        """Whether somebody logs in with the applicant's address: said in the mail to
        that address, and nowhere else."""
        self.ensure_one()
        email = self._get_email().strip().lower()
        users = self.env["res.users"].sudo()
        return bool(email and users.search_count([("login", "=ilike", email)], limit=1))

    def _send_mail(self, template, **values):
        """Queue a mail to the applicant; nothing that is sent waits for it."""
        for one in self.sudo():  # mails are the system's; the caller was checked
            if not one._get_email():
                continue
            mail = self.env.ref(f"kavi_members.{template}").with_context(
                lang=one.partner_id.lang or self.env.lang, **values
            )
            mail.send_mail(
                one.id,
                email_values={"email_to": one._get_email(), "recipient_ids": []},
            )

    # -- what the page of the status says

    def _get_messages(self):
        """What applicant and staff have written to each other, the last ones."""
        self.ensure_one()
        own = self.partner_id | self.contact_ids.partner_id
        messages = self.env["mail.message"].search(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("message_type", "=", "comment"),
                ("subtype_id.internal", "=", False),
            ],
            order="id desc",
            limit=20,
        )
        return [
            {
                "date": one.date,
                "is_own": one.author_id in own,
                "author": one.author_id.name or "",
                "body": Markup(html_sanitize(one.body or "")),
            }
            for one in reversed(messages)
        ]
