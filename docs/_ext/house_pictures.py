"""How the gallery takes its pictures: in the house style, drawn by pyplot or by a result."""

from textwrap import indent

from bntheory.pictures.style import STYLE_SHEET, house_style
from matplotlib import pyplot as plt
from matplotlib import style
from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst, matplotlib_scraper


def use_house_style(gallery_conf, name):
    """Before every example: what it draws with pyplot is in the house style."""
    style.use(str(STYLE_SHEET))


def scrape(block, block_vars, gallery_conf):
    """Save the figures of a block: pyplot's open ones, and those that ``plot()`` returned."""
    found = block_vars["example_globals"]
    seen = found.setdefault("_seen", [])
    seen += [plt.figure(number) for number in plt.get_fignums()]
    shown = matplotlib_scraper(block, block_vars, gallery_conf)
    saved = []
    for value in list(found.values()):
        if isinstance(value, Figure) and not any(value is other for other in seen):
            seen.append(value)
            path = block_vars["image_path_iterator"].next()
            with house_style():
                value.savefig(path)
            saved.append(path)
    return boxed(shown + figure_rst(saved, gallery_conf["src_dir"]))


def boxed(pictures):
    """Pictures in a box of their own, in which they scroll on a narrow screen."""
    if not pictures.strip():
        return pictures
    return f"\n\n.. container:: picture\n\n{indent(pictures, '   ')}\n\n"


def _get_sg_image_scraper():
    return scrape
