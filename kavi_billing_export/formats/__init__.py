"""The formats of an accounting export: what each is called, and who writes its file."""

from .qbxml import write_qbxml
from .tables import write_csv, write_xlsx, write_xml

FORMATS = [
    ("csv", "CSV"),
    ("xlsx", "Excel (XLSX)"),
    ("xml", "XML"),
    ("qbxml", "QuickBooks Desktop (qbXML)"),
]
# format -> the function, and the extension of the file's name
WRITERS = {
    "csv": (write_csv, "csv"),
    "xlsx": (write_xlsx, "xlsx"),
    "xml": (write_xml, "xml"),
    "qbxml": (write_qbxml, "qbxml"),
}
