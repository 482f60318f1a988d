import base64
import hmac
import secrets

from odoo import fields, models
from odoo.tools import format_date
from odoo.tools import hmac as keyed_hash
from odoo.tools.image import image_data_uri


class KaviMembership(models.Model):
    """Card and certificate, and the page to which their code leads: valid, or not. The
    code belongs to the series, so that a card stays good when it is renewed."""

    _inherit = "kavi.membership"

    card_nonce = fields.Char(
        readonly=True,
        copy=False,
        groups="base.group_system",
        default=lambda self: secrets.token_urlsafe(12),
    )

    # === ACTION METHODS === #

    def action_print_card(self):
        self.check_access("read")
        report = self.type_id.sudo().card_report_id[:1] or self.env.ref(
            "kavi_members.action_report_card"
        )
        return report.report_action(self)

    def action_print_certificate(self):
        self.check_access("read")
        report = self.type_id.sudo().certificate_report_id[:1] or self.env.ref(
            "kavi_members.action_report_certificate"
        )
        return report.report_action(self)

    # === BUSINESS METHODS === #

    def _is_valid_member(self):
        """Whether the card is good today: current, or in a grace with access."""
        self.ensure_one()
        grace = self.state == "expired" and self.type_id.grace_access
        return (self.state == "current" or grace) and not self.suspended

    def _get_check_url(self):
        """Where anybody looks whether the card is good."""
        self.ensure_one()
        series = self.sudo().series_id  # only its mark is shown
        return (
            f"{self.get_base_url()}/membership/check/{series.id}-{series._get_mark()}"
        )

    def _get_mark(self):
        self.ensure_one()
        return keyed_hash(
            self.env(su=True),
            "kavi_members-card",
            f"{self.id}-{self.sudo().card_nonce}",
        )[:24]

    def _find_by_mark(self, text):
        """The term that a card's code stands for: the one that is good today, or the
        last; none for a code that is not ours."""
        number, __, mark = (text or "").partition("-")
        members = self.sudo().with_context(active_test=False)  # whoever has the card
        if not (number.isascii() and number.isdigit() and 0 < int(number[:10]) < 2**31):
            return members.browse()
        series = members.browse(int(number[:10])).exists()
        if not series or not mark.isascii():
            return members.browse()
        if not hmac.compare_digest(series._get_mark(), mark[:24]) or len(mark) != 24:
            return members.browse()
        terms = members.search([("series_id", "=", series.id)], order="date_start, id")
        return (terms.filtered(lambda one: one._is_valid_member()) or terms)[-1:]

    def _renew_card(self):
        """End the cards that are about."""
        self._check_role("officer")
        self.check_access("write")
        for series in self._for_books().series_id:
            series._write_facts({"card_nonce": secrets.token_urlsafe(12)})

    # -- for the papers

    def _get_check_code(self):
        """The address of the check page as a picture, for the paper."""
        self.ensure_one()
        picture = self.env["ir.actions.report"].barcode(
            "QR", self._get_check_url(), width=240, height=240, barLevel="M"
        )
        return image_data_uri(base64.b64encode(picture))

    def _get_paper_dates(self):
        self.ensure_one()
        env = self.with_context(lang=self.partner_id.lang).env
        return {
            "start": format_date(env, self.date_start),
            "end": format_date(env, self.date_end),
            "since": format_date(
                env, self.partner_id.sudo().kavi_member_since or self.date_start
            ),
        }

    def _get_paper_name(self):
        """The name of a file with the card or certificate."""
        self.ensure_one()
        return (self.member_number or f"{self.id}").replace("/", "-")
