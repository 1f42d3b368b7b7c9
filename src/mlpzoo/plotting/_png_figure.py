"""A Figure that a notebook shows; loaded where something is drawn, as it loads matplotlib."""

from io import BytesIO

from matplotlib.figure import Figure


class PngFigure(Figure):
    """A Figure that shows itself as a PNG where no pyplot has told the notebook how to.

    Once pyplot is loaded, what it registers for every Figure goes first, so none is shown twice.
    """

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png")
        return picture.getvalue()
