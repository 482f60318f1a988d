import logging

from odoo import models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import email_normalize

_logger = logging.getLogger(__name__)


class KaviMembership(models.Model):
    """Who becomes a member is welcomed by mail, with a link that logs in once; a
    password is never mailed (KM-30)."""

    _inherit = "kavi.membership"

    # === BUSINESS METHODS === #

    def _welcome(self):
        """Welcome the holders, of companies who speaks for them; once in a series."""
        for one in self:
            if one.occasion != "new" or one.previous_id or not one.type_id.welcome:
                continue
            holder = one.partner_id
            people = holder.primary_contact_id if holder.is_company else holder
            one._welcome_people(people)

    def _welcome_people(self, people):
        """Mail these people how to log in; who has a log-in is told so, and nothing
        else of theirs changes."""
        self.ensure_one()
        # sudo: users are the system's; who may have one was decided by the caller
        template = self.env.ref("kavi_members.mail_template_welcome").sudo()
        for person in people.sudo().filtered(
            lambda person: email_normalize(person.email)
        ):
            user = person.with_context(active_test=False).user_ids[:1]
            url = ""
            if not user:
                user = self._make_portal_user(person)
            if not user:
                continue
            if not user.login_date and user.share:
                person.signup_prepare()
                url = person._get_signup_url_for_action()[person.id]
            template.with_context(
                lang=person.lang, login_url=url, member=self.sudo()
            ).send_mail(user.id)

    # === HELPER METHODS === #

    def _make_portal_user(self, person):
        """A log-in for a person, unless somebody else has one with that address.

        :return: the user, or none; then the officers are told
        """
        users = self.env["res.users"].sudo().with_context(active_test=False)
        login = email_normalize(person.email)
        if users.search_count([("login", "=ilike", login)], limit=1):
            self._tell_no_login(person)
            return users.browse()
        company = self.company_id
        try:
            with self.env.cr.savepoint():
                user = users.with_context(
                    no_reset_password=True
                )._create_user_from_template(
                    {
                        "email": login,
                        "login": login,
                        "partner_id": person.id,
                        "company_id": company.id,
                        "company_ids": [(6, 0, company.ids)],
                        "active": True,
                    }
                )
                portal = self.env.ref("base.group_portal")
                public = self.env.ref("base.group_public")
                user.write({"group_ids": [(4, portal.id), (3, public.id)]})
        except (UserError, ValidationError, ValueError) as error:
            # a membership does not wait for a log-in
            _logger.info(
                "No log-in for contact %s: %s", person.id, type(error).__name__
            )
            self._tell_no_login(person)
            return users.browse()
        return user

    def _tell_no_login(self, person):
        self._alert_officers(
            self.env._("No log-in was made"),
            self.env._(
                "There is a log-in with the address of %s already, or none can be "
                "made: look at the contact.",
                person.name,
            ),
        )
