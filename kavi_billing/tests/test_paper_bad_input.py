"""bad_input: no text that somebody wrote makes the server fetch anything for a PDF."""

import base64
import io

from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from ..tools.paper import enclosed
from .listener import OK, Listener
from .test_bill_documents import DocumentCommon

DOT = base64.b64encode(
    base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
).decode()
BASE = "http://office.example"
# What makes a browser fetch, or read a file; URL is where to.
FETCHES = (
    '<img src="URL"/>',
    '<IMG SRC=" URL"/>',
    '<img src="URL',
    '<img srcset="URL 1x"/>',
    '<img src="//HOST/x"/>',
    '<img src="/\\HOST/x"/>',
    '<img src="file:///etc/passwd"/>',
    '<img src="/web/session/logout"/>',
    '<img src="/web/image/../session/logout"/>',
    '<img src="/web/image/%2e%2e/session/logout"/>',
    '<img src="/web/image?model=ir.attachment&amp;id=1"/>',
    '<div style="background: url(URL)">x</div>',
    '<div style="background: u\\72l(URL)">x</div>',
    "<div style=\"background: Url('URL')\">x</div>",
    "<div style=\"list-style-image: image-set('URL' 1x)\">x</div>",
    "<style>@import 'URL';</style>",
    "<style>@font-face {font-family: x; src: url(URL)} p {font-family: x}</style>",
    '<link rel="stylesheet" href="URL"/>',
    '<link rel="prefetch" href="URL"/>',
    '<base href="URL"/><img src="x.png"/>',
    '<meta http-equiv="refresh" content="0; URL"/>',
    '<iframe src="URL"></iframe>',
    '<iframe srcdoc="&lt;img src=URL&gt;"></iframe>',
    '<object data="URL"></object>',
    '<embed src="URL"/>',
    '<video src="URL" poster="URL"></video>',
    '<audio src="URL" autoplay="1"></audio>',
    '<table background="URL"><tr><td background="URL">x</td></tr></table>',
    '<input type="image" src="URL"/>',
    '<svg><image href="URL" xlink:href="URL"/></svg>',
    '<svg><style>@import "URL"</style></svg>',
    '<script src="URL"></script>',
    '<script>new Image().src = "URL"</script>',
    '<p onclick="x" onload="new Image().src=\'URL\'">x</p>',
    '<img src="x" onerror="this.src=\'URL\'"/>',
    '<noscript><p title="</noscript><img src=URL>"></p></noscript>',
    '<xmp><p title="</xmp><img src=URL>"></p></xmp>',
    '<textarea><p title="</textarea><img src=URL>"></p></textarea>',
    "<!--[if true]><img src='URL'/><![endif]-->",
    '<math><mtext><img src="URL"/></mtext></math>',
    '<div class="header"><img src="URL"/></div>',
    '<div class="footer"><img src="URL"/></div>',
    '<div class="article"><img src="URL"/></div>',
    '<main><img src="URL"/></main>',
)
DRAWING = (
    '<!-- Made by hand --><svg xmlns="http://www.w3.org/2000/svg"><path '
    'style="fill: url(#a)" d="M0 0L9 9"/><style>path {fill: red}</style>%s</svg>'
)


def data_url(kind, content):
    return f"data:image/{kind};base64,{base64.b64encode(content.encode()).decode()}"


@tagged("post_install", "-at_install")
class TestPaper(TransactionCase):
    def page(self, body, known=lambda path, query: False):
        return enclosed(f"<html><body>{body}</body></html>", BASE, known)

    def test_bad_input_fetches(self):
        """Whatever fetches is gone, and the text around it is there."""
        for fetch in FETCHES:
            with self.subTest(fetch=fetch):
                fetch = fetch.replace("URL", "http://inner.example:99/x")
                page = self.page(f"<p>before</p>{fetch.replace('HOST', 'inner')}")
                self.assertIn("before", page)
                self.assertNotIn("inner", page.replace('title="', ""))
                for word in ("passwd", "logout", "ir.attachment"):
                    self.assertNotIn(word, page)

    def test_bad_input_drawings(self):
        """A drawing within a page names nothing outside itself."""
        for part in (
            '<image href="http://inner.example/x"/>',
            '<image xmlns:x="http://www.w3.org/1999/xlink" x:href="file:///etc/x"/>',
            '<style>@import "http://inner.example"</style>',
            '<rect style="fill: url(http://inner.example)"/>',
            "<script>x</script>",
            "<foreignObject/>",
            '<set attributeName="href" to="http://inner.example"/>',
            "<?xml-stylesheet href='http://inner.example'?>",
        ):
            page = self.page(f'<img src="{data_url("svg+xml", DRAWING % part)}"/>')
            self.assertNotIn("<img", page, part)

    def test_what_stays(self):
        """Formats, links, pictures in the page and pictures of this server."""
        for stays in (
            f'<img src="data:image/gif;base64,{DOT}">',
            f'<img src="{data_url("svg+xml", DRAWING % "")}">',
            '<a href="http://pay.example/x">Pay</a>',
            '<p style="color: red; text-align: center">x</p>',
            '<font color="red">x</font>',
            '<table class="kb-rows"><tr><td colspan="2">x</td></tr></table>',
        ):
            self.assertIn(stays, self.page(stays))
        known = []
        page = self.page(
            '<img src="/web/image/7-x/a.png?access_token=y">',
            lambda path, query: known.append((path, query)) or True,
        )
        self.assertIn("/web/image/7-x/a.png?access_token=y", page)
        self.assertEqual(known, [("/web/image/7-x/a.png", "access_token=y")])
        head = (
            f'<head><base href="{BASE}"><link rel="stylesheet" '
            'href="/web/assets/1/ab/web.report_assets_common.min.css"></head>'
        )
        page = enclosed(f"<html>{head}<body>x</body></html>", BASE, None)
        self.assertIn("/web/assets/1/ab/", page)
        self.assertIn(f'<base href="{BASE}">', page)


@tagged("post_install", "-at_install")
class TestPaperBadInput(DocumentCommon, HttpCase):
    """For real: a PDF is made, and nobody comes to a port that listens."""

    def pdf(self, report, records):
        report = (
            records.env["ir.actions.report"]
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf(f"kavi_billing.action_report_{report}", records.ids)
        )
        return PdfFileReader(io.BytesIO(report[0]))

    def test_known_pictures(self):
        """Files that are kept here; no addresses that look like them."""
        report = self.env["ir.actions.report"]
        attachments = self.env["ir.attachment"]
        file = attachments.create({"name": "a.gif", "datas": DOT})
        address = attachments.create(
            {"name": "a.gif", "type": "url", "url": "http://inner.example"}
        )
        for path, query, known in (
            (f"/web/image/{file.id}", "", True),
            (f"/web/image/{file.id}-ab12cd/a.gif", "access_token=a-b", True),
            (f"/web/image/{address.id}", "", False),
            ("/web/image/999999999", "", False),
            (f"/web/image/ir.attachment/{address.id}/raw", "", False),
            (f"/web/image/res.company/{self.company.id}/logo", "", True),
            (f"/web/image/{file.id}", f"id={address.id}", False),
            ("/web/session/logout", "", False),
            ("/web/static/img/logo.png", "", True),
        ):
            self.assertEqual(report._is_known_picture(path, query), known, path)

    # the company's colour is an address there
    @mute_logger("odoo.addons.base.models.assetsbundle")
    def test_bad_input_nobody_is_asked(self):
        """In every text that is printed: of the bill, its kind, its method, the
        company, the account; and in all papers."""
        with Listener(OK) as listener:
            url = f"http://127.0.0.1:{listener.port}/x"
            evil = "".join(FETCHES).replace("HOST", url[7:-2]).replace("URL", url)
            evil = f"<p>Said all the same.</p>{evil}"
            address = self.env["ir.attachment"].create(
                {"name": "a.gif", "type": "url", "url": url, "public": True}
            )
            evil += f'<img src="/web/image/{address.id}"/>'
            kind = self.env["kavi.bill.kind"].create(
                {"name": "Fees", "invoice_text": evil, "receipt_text": evil}
            )
            self.check.instructions = self.wire.instructions = evil
            self.company.write(
                {
                    "report_footer": evil,
                    "company_details": evil,
                    "primary_color": f"red;}} @import url({url}",
                }
            )
            account = self.account.copy({"name": f"<img src='{url}'/>"})
            bill = self.issued(
                100,
                partner_id=account.id,
                title=f"<img src='{url}'/>",
                description=evil,
                kind_id=kind.id,
            )
            # as it stands in the database of who had no such guard
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE kavi_bill SET description = %s WHERE id = %s", [evil, bill.id]
            )
            self.env.invalidate_all()
            page = self.pdf("bill_invoice", bill)
            text = page.pages[0].extract_text()
            self.assertIn("Said all the same.", text)
            self.pay(bill)
            self.pdf("bill_receipt", bill)
            self.give_back(bill, 10)
            wizard = self.env["kavi.account.statement.wizard"]
            self.pdf("account_statement", wizard.create({"partner_id": account.id}))
            self.assertFalse(listener.requests)
