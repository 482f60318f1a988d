"""What is wrong with a file that cannot be read. Plain Python, no ORM."""


class ImportFileError(ValueError):
    """A file that is refused as a whole; whoever asked for it says so in words.

    ====================== ==================================================
    code                   params
    ====================== ==================================================
    ``empty``
    ``format``             no CSV and no XLSX
    ``disguised``          ``kind``: what it is instead, "PDF"
    ``unreadable``         broken off, or not what its first bytes say
    ``too_large``          ``limit``: megabytes
    ``too_many_rows``      ``limit``: rows
    ``too_many_columns``   ``limit``: columns
    ``too_many_cells``     ``limit``: cells
    ``too_packed``         it unpacks to far more than what its size promises
    ``row_too_long``       ``limit``: characters, ``row``: in the file, from 1
    ``cell_too_long``      ``limit``: characters, ``row``: in the file, from 1
    ``encoding``           ``encoding``: that it is not in
    ``separator``          ``separator``: that is no single character
    ``quoting``            ``row``: where a quotation mark is missing or too much
    ``no_headers``         nothing but empty cells
    ``duplicate_headers``  ``headers``: list of str
    ``no_such_sheet``      ``sheet``: asked for, ``sheets``: list of str
    ``formula``            ``cell``: "C7", a formula whose result is not in the file
    ``error_cell``         ``cell``: "C7", ``value``: "#REF!"
    ====================== ==================================================

    :ivar str code: what is wrong
    :ivar dict params: what to say with it
    """

    def __init__(self, code, **params):
        super().__init__(code, params)
        self.code = code
        self.params = params
