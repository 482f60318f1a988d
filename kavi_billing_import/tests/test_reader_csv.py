"""CSV files from outside, whatever is in them: a table or a reason (KB-65, BB-21)."""

import codecs

from odoo.tests import tagged

from ..reader.table import ENCODINGS, SEPARATORS, read_table
from .reader_common import BILL_DATA, ReaderCase, xlsx


@tagged("post_install", "-at_install")
class TestReaderCsv(ReaderCase):
    def test_csv(self):
        table = read_table(BILL_DATA, "bills.csv")
        self.assertEqual(table.headers, ["bill_id", "account", "total"])
        self.assertEqual(table.rows, [["B-1", "Acme", "10.00"], ["B-2", "Zoë", "1.50"]])
        self.assertEqual(table.numbers, [2, 3])
        self.assertEqual((table.encoding, table.separator), ("utf-8", ","))
        self.assertFalse(table.sheets)

    def test_csv_encodings(self):
        """What people's programs write, with and without a mark."""
        text = "account;total\nZoë Çelik;1\nÅse;2\n"
        for encoding, expected in (
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8"),
            ("utf-16", "utf-16"),
            ("utf-16-le", "utf-16-le"),
            ("utf-16-be", "utf-16-be"),
            ("utf-32", "utf-32"),
            ("cp1252", "cp1252"),
        ):
            table = read_table(text.encode(encoding), "x.csv")
            self.assertEqual(table.encoding, expected)
            self.assertEqual(table.headers, ["account", "total"], encoding)
            self.assertEqual(table.rows, [["Zoë Çelik", "1"], ["Åse", "2"]], encoding)
        russian = "имя;сумма\nСидоров Пётр;1\nКузнецова Анна;2\n" * 5
        table = read_table(russian.encode("cp1251"), "x.csv")
        self.assertEqual((table.encoding, table.headers[0]), ("cp1251", "имя"))
        # chosen, with a mark all the same
        content = codecs.BOM_UTF16_LE + text.encode("utf-16-le")
        table = read_table(content, "x.csv", encoding="utf-16-le")
        self.assertEqual(table.headers, ["account", "total"])

    def test_csv_encoding_refused(self):
        for encoding in ("utf-8", "rot13", "zlib", "no such", "utf-16"):
            content = "a,b\nZoë,\xfc".encode("cp1252")
            params = self.assertRefused("encoding", content, encoding=encoding)
            self.assertEqual(params["encoding"], encoding)
        for encoding in ENCODINGS:
            codecs.lookup(encoding)

    def test_csv_separators(self):
        for separator in SEPARATORS:
            text = separator.join(["a", "b"]) + "\n" + separator.join(["1,5", "2;3"])
            content = text.encode() if separator in "\t|" else None
            content = content or f'a{separator}b\n"1,5"{separator}"2;3"\n'.encode()
            table = read_table(content, "x.csv")
            self.assertEqual(table.separator, separator)
            self.assertEqual(table.rows, [["1,5", "2;3"]])
        table = read_table(b"sep=;\r\na;b,c\r\n1;2\r\n", "x.csv")
        self.assertEqual((table.headers, table.numbers), (["a", "b,c"], [3]))
        table = read_table(b"a^b\n1^2\n", "x.csv", separator="^")
        self.assertEqual(table.rows, [["1", "2"]])
        self.assertRefused("separator", b"a,b", separator="ab")

    def test_csv_ragged_rows(self):
        """Short rows are filled up; what is too much is there for all to see."""
        table = read_table(b"a,b,c\n1\n\n , \n1,2,3,,\n1,2,3,4\n", "x.csv")
        self.assertEqual(
            table.rows, [["1", "", ""], ["1", "2", "3"], ["1", "2", "3", "4"]]
        )
        self.assertEqual(table.numbers, [2, 5, 6])

    def test_csv_quotes(self):
        table = read_table(b'a,b\r\n"1\r\n2,""3""",x\r\n', "x.csv")
        self.assertEqual(table.rows, [['1\n2,"3"', "x"]])
        self.assertRefused("quoting", b'a,b\r\n"1,2\r\n3,4')
        self.assertEqual(self.assertRefused("quoting", b'a,b\r\n"1"2,3')["row"], 2)

    def test_headers(self):
        self.assertRefused("empty", b"")
        self.assertRefused("empty", b" \r\n\t")
        self.assertRefused("no_headers", b",,\n\n, \n")
        self.assertRefused("no_headers", xlsx([]))
        params = self.assertRefused("duplicate_headers", b"a,b, A\n1,2,3")
        self.assertEqual(params, {"headers": ["A"]})
        self.assertEqual(read_table(b"a,,b", "x").headers, ["a", "(B)", "b"])
        self.assertEqual(read_table(b"a, b\n  c,,", "x").headers, ["a", "b"])
        self.assertFalse(read_table(b"a,b\n", "x").rows)
