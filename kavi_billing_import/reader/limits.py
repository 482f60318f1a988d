"""What reading a file may cost, by its size. Plain Python, no ORM.

A workbook is packed, and a little of it unpacks to very much; a row with one cell far
out has all the cells before it. What spreadsheets really write has half a cell for each
byte of the file, and texts repeated a hundredfold at most: twice to four times that is
read, and a bit more of small files. So time and memory grow with the size of the file,
and not with what somebody has thought of.
"""

from .errors import ImportFileError

MEGABYTE = 2**20
# Characters of one row of a CSV file, whatever is in it.
MAX_ROW = 2 * MEGABYTE
# A full import with fifty columns; the elements of it in a worksheet.
MAX_CELLS, MAX_ELEMENTS = 5_000_000, 20_000_000
MAX_TEXT = 200_000_000
# Files in a workbook; a real one has some dozens.
MAX_PARTS = 10_000


class Limits:
    """Counts what is read of one file.

    :ivar int elements: how many a part of a workbook may have
    :ivar int unpacked: bytes that a part may have
    """

    def __init__(self, size):
        """
        :param int size: of the file, bytes
        """
        self.elements = min(MAX_ELEMENTS, 200_000 + 3 * size)
        self.unpacked = 4 * MEGABYTE + 100 * size
        # empty cells are cheap
        self._cells = min(MAX_CELLS, 2_000_000 + 2 * size)
        self._text = min(MAX_TEXT, 8 * MEGABYTE + 200 * size)

    def keep(self, cells, characters):
        """Note what is kept of a row.

        :raise ImportFileError: ``too_many_cells`` or ``too_packed``
        """
        self._cells -= cells
        self._text -= characters
        if self._cells < 0:
            raise ImportFileError("too_many_cells", limit=MAX_CELLS)
        if self._text < 0:
            raise ImportFileError("too_packed")

    def check_elements(self, count):
        """
        :raise ImportFileError: ``too_many_cells`` or ``too_packed``
        """
        if count > self.elements:
            if count > MAX_ELEMENTS:
                raise ImportFileError("too_many_cells", limit=MAX_CELLS)
            raise ImportFileError("too_packed")

    def check_unpacked(self, size):
        """
        :raise ImportFileError: ``too_packed``
        """
        if size > self.unpacked:
            raise ImportFileError("too_packed")
