"""HTML that becomes paper without asking anybody for anything. Plain Python, no ORM.

The server makes PDFs of texts that others wrote, and its browser fetches what a page
names: a picture at an address of the server's network tells who wrote it what is there,
and when the bill is read. So a page names what is in it, and what this server itself
serves: its styles, and pictures that the caller knows.
"""

import base64
import binascii
import re
from urllib.parse import urlsplit

from lxml import etree, html

# What a page is made of. Other elements go, and their text stays.
_KNOWN = frozenset(
    "html head body main base link meta style title a abbr address article aside b bdi "
    "bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt "
    "em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd label "
    "li mark nav ol p pre q s samp section small span strike strong sub sup table "
    "tbody td tfoot th thead time tr tt u ul var wbr".split()
)
# These go with what is in them: it is no text, or another parser takes it for one.
_GONE = frozenset(
    "applet audio canvas embed frame frameset iframe input math noembed noframes "
    "noscript object param plaintext script select svg template textarea track video "
    "xmp".split()
)
# Attributes that name something to fetch, or to do; those of links and pictures apart.
_NAMING = frozenset(
    "action archive background cite classid code codebase data dynsrc formaction href "
    "icon lowsrc longdesc manifest ping poster profile src srcdoc srcset usemap "
    "http-equiv".split()
)
_STYLES = re.compile(r"/web/assets/[\w./%-]+")
# In a style: what fetches, and the backslash with which each letter can be written.
_FETCHING = re.compile(r"\\|url|@import|image\s*\(|image-set|src|expression|behavior")
_DATA_URL = re.compile(
    r"url\(\s*(['\"]?)data:image/(?:png|jpeg|gif);base64,[a-z0-9+/=]*\1\s*\)"
)
_PICTURE = re.compile(
    r"data:image/(png|jpeg|jpg|gif|webp|bmp|svg\+xml);base64,([A-Za-z0-9+/=\s]*)"
)
# References of a drawing to itself.
_OWN_URL = re.compile(r"url\(\s*['\"]?#[\w:.-]+['\"]?\s*\)")


def enclosed(page, base_url, is_known_picture):
    """A page that fetches nothing from outside.

    :param str page: HTML
    :param str base_url: the address of this server
    :param is_known_picture: function of the path and query of a picture of this server;
        whether it is one that may be fetched
    :rtype: str
    """
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    root = html.document_fromstring(str(page).encode(), parser=parser)
    # backwards: what is taken out has been looked at with all that is in it
    for element in reversed(list(root.iter())):
        if not isinstance(element.tag, str):  # comments and instructions
            _drop(element)
        elif element.tag in _GONE:
            _drop(element)
        elif element.tag not in _KNOWN:
            element.drop_tag()
        elif not _keep(element, base_url, is_known_picture):
            _drop(element)
    return html.tostring(root, encoding="unicode", doctype="<!DOCTYPE html>")


def _drop(element):
    if element.getparent() is not None:
        element.drop_tree()


def _keep(element, base_url, is_known_picture):
    """Take off what fetches; :return: whether the element stays"""
    tag, head = element.tag, _is_in_head(element)
    src, href = element.get("src", ""), element.get("href", "")
    for name in list(element.attrib):
        plain = name.lower().rpartition(":")[2].rpartition("}")[2]
        if plain in _NAMING or plain.startswith("on"):
            del element.attrib[name]
        elif plain == "style" and _fetches(element.attrib[name]):
            del element.attrib[name]
    if tag == "base":
        if not head or href.rstrip("/") != base_url.rstrip("/"):
            return False
        element.set("href", href)
    elif tag == "link":
        path = href.removeprefix(base_url.rstrip("/"))
        if not head or element.get("rel") != "stylesheet":
            return False
        if not _STYLES.fullmatch(path) or ".." in path:
            return False
        element.set("href", href)
    elif tag == "a":
        if href:
            element.set("href", href)  # nobody follows it on the way to paper
    elif tag == "img":
        if not _is_picture(src, base_url, is_known_picture):
            return False
        element.set("src", src)
    elif tag == "meta":
        return head and "content" not in element.attrib
    elif tag == "style":
        return not _fetches(element.text or "")
    return True


def _is_in_head(element):
    parent = element.getparent()
    return parent is not None and parent.tag == "head"


def _fetches(style):
    return bool(_FETCHING.search(_DATA_URL.sub("", style.lower())))


def _is_picture(src, base_url, is_known_picture):
    if match := _PICTURE.fullmatch(src):
        return match[1] != "svg+xml" or _is_still(match[2])
    src = src.removeprefix(base_url.rstrip("/"))
    if not re.match(r"/[^/\\]", src) or re.search(r"[\\%\s\x00-\x1f]|\.\.", src):
        return False
    parts = urlsplit(src)
    return not parts.netloc and is_known_picture(parts.path, parts.query)


def _is_still(content):
    """Whether a drawing names nothing outside itself."""
    try:
        drawing = base64.b64decode(content)
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        root = etree.fromstring(drawing, parser)
    except (binascii.Error, etree.XMLSyntaxError):
        return False
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(dtd.iterentities()):
        return False
    outside = (*root.itersiblings(preceding=True), *root.itersiblings())
    return all(map(_names_nothing, (*outside, *root.iter())))


def _names_nothing(element):
    """Whether an element of a drawing names nothing outside the drawing."""
    if element.tag is etree.Comment:
        return True
    if not isinstance(element.tag, str):  # instructions, such as a style sheet
        return False
    tag = etree.QName(element).localname.lower()
    if tag.startswith(("script", "foreignobject", "set", "animate")) or (
        tag == "style" and _fetches(_OWN_URL.sub("", element.text or ""))
    ):
        return False
    for name, value in element.attrib.items():
        plain = name.rpartition("}")[2].lower()
        if plain in ("href", "src") and not value.startswith("#"):
            return False
        if plain.startswith("on") or _fetches(_OWN_URL.sub("", value)):
            return False
    return True
