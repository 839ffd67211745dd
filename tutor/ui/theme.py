"""The palette's colours, for what Textual draws itself: borders, titles, inputs, lists."""

from textual.theme import Theme

from tutor.ui.draw.text.palette import Palette

NAME = "tutor"


def theme(palette: Palette) -> Theme:
    few = palette.colors == 16
    background = "#000000" if few else "#121212"
    accent = "#55ffff" if few else "#5fd7ff"
    return Theme(
        NAME,
        primary=accent,
        accent=accent,
        foreground="#aaaaaa" if few else "#dadada",
        background=background,
        surface=background,
        panel=background,
        error="#ff5555" if few else "#ff5f5f",
        variables={
            "selection": "#0000aa" if few else "#303030",
            "border": "#555555" if few else "#585858",
            "text-muted": "#00aaaa" if few else "#949494",
        },
    )
