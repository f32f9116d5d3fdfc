"""
Finds a line of text on a screen without knowing the font: cells that show the same character look the same, those that
show different ones differ, and a space is blank. A character that stands there only once can be told from the others of
the line, but not named; a sentence is told from any other.
"""


class Screen:
    """A picture in PPM form, as bright and dark."""

    def __init__(self, path):
        with open(path, "rb") as f:
            kind, size, depth = f.readline(), f.readline(), f.readline()
            assert (kind, depth) == (b"P6\n", b"255\n"), "not the kind of picture QEMU makes"
            self.width, self.height = map(int, size.split())
            pixels = f.read()
        assert len(pixels) == 3 * self.width * self.height
        bright = bytes(max(pixels[i:i + 3]) > 100 for i in range(0, len(pixels), 3))
        self.rows = [bright[i:i + self.width] for i in range(0, len(bright), self.width)]

    def _cell(self, x, y, width, height):
        return b"".join(row[x:x + width] for row in self.rows[y:y + height])

    def _shows(self, text, x, y, width, height):
        seen = {" ": bytes(width * height)}
        for i, character in enumerate(text):
            cell = self._cell(x + i * width, y, width, height)
            if seen.setdefault(character, cell) != cell:
                return False
        return len(set(seen.values())) == len(seen)

    def shows_line(self, text, cell):
        """text begins a line somewhere, in cells of this width and height; the margins may be any."""
        width, height = cell
        lit = [row.find(1) for row in self.rows if 1 in row]
        if not lit:
            return False
        left = range(max(0, min(lit) - width + 1), min(lit) + 1)
        fitting = [x for x in left if x + width * len(text) <= self.width]
        return any(self._shows(text, x, y, width, height) for y in range(self.height - height + 1) for x in fitting)
