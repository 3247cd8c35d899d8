"""Old links: a page that leads from an old number, or an article's address, to where it is now in Gorgias, and the same
as maps for web servers.

The page is static and needs no server: it works from a disk, too. Its numbers lie beside it in small scripts, by the
FNV-1a hash of the number, so that it loads one of them for a look-up, however many there are (a script may be loaded
from a disk, where browsers let a page read nothing else). Only numbers and addresses are in it, nothing of anybody.

SmarterTrack publishes no form of its links, so what the web servers look for is a ticket number anywhere in an address,
or ``ticketid=`` in its query; of articles, ``/kb/a7``, as the vendor's own portal has it. An article that was imported
from a package has a number that nobody knows, so its old address leads to the help center's first page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from migrator_lib import pages
from migrator_lib.csv_file import write_csv
from migrator_lib.engagement import Engagement
from migrator_lib.handoff.material import TARGET
from migrator_lib.knowledge.addresses import old_addresses
from migrator_lib.ledger import Ledger
from migrator_lib.lookups import Lookups
from migrator_lib.objects import TICKET
from migrator_lib.pages import Html
from migrator_lib.staging import Staged
from migrator_lib.storage import beside, refusals

BATCH = 400
CHUNK = 2_000
"""About how many numbers one script holds."""
HELD = 50_000
"""Numbers that are held before they are written."""
COLUMNS = ("what", "old_number", "old_id", "new_address")
SOURCES = (
    ("ticket", TICKET.name, "Tickets", "TicketID", "TicketNumber"),
    ("merged ticket", TICKET.name, "TicketMerges", "TicketID", "TicketNumber"),
    ("live chat", "live_chat", "Chats", "ChatID", "ChatNumber"),
    ("call log", "call_log", "CallLogs", "CallLogID", "CallNumber"),
)
"""What has a number: its name, the object it is loaded as, its table, that table's id and number."""
ARTICLE = "article"
IN_ADDRESS = ":/?#[]@!&'()*+,;=%~"
"""What stays as it is in an address; quotes and dollars, which mean something to web servers, do not."""
IIS_ARTICLE = "/kb/a([0-9]+)(?:[/?]|$)"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'self' 'unsafe-inline' file:; base-uri 'none'; "
    "form-action 'none'"
)
SCRIPT = Path(__file__).parent.parent / "assets" / "redirects.js"
STYLE = """
#number { font: inherit; padding: .4em .6em; width: 22em; max-width: 100% }
button { font: inherit; padding: .4em .9em }
"""


class OldLink(NamedTuple):
    """One old number, or address of an article, and where it leads."""

    what: str
    number: str
    """Of an article, ``/kb/a7/``: what follows in its address says nothing."""
    old_id: int
    target_id: str
    """Of an article its whole address; empty where that is not known."""

    def address(self, base: str) -> str:
        """Return where it leads, given the address of tickets."""
        return self.target_id if self.what == ARTICLE else base + self.target_id


@dataclass(frozen=True)
class Redirects:
    """What was written."""

    page: Path
    table: Path
    nginx: Path
    iis: Path

    @property
    def files(self) -> list[Path]:
        """Return all of it but the scripts beside the page."""
        return [self.page, self.table, self.nginx, self.iis]


def write(engagement: Engagement, staged: Staged, lookups: Lookups, folder: Path) -> Redirects:
    """Write the page with its numbers, the list, and the maps, of what the engagement has in Gorgias.

    Raises:
        StorageError: the disk is full or cannot be written.
    """
    base = f"{engagement.account_url(TARGET).rstrip('/')}/app/ticket/"
    articles = list(old_articles(lookups, engagement.ledger))

    def links() -> Iterator[OldLink]:
        yield from old_links(engagement.ledger, staged)
        yield from articles

    return write_links(links, base, engagement.parameters.company, folder)


def write_links(links: Callable[[], Iterator[OldLink]], base: str, company: str, folder: Path) -> Redirects:
    """Write the same of these links, gone through anew for every file; memory is a number for each.

    Args:
        links: yields all of them.
        base: address of a ticket in Gorgias, without its id.
        company: whose they are.
        folder: where it goes.
    """

    def leading() -> Iterator[OldLink]:
        return (link for link in links() if link.target_id)

    made = Redirects(*(folder / f"redirects{end}" for end in (".html", ".csv", ".nginx.conf", ".iis.config")))
    write_csv(made.table, COLUMNS, ((o.what, o.number, o.old_id, o.address(base)) for o in links()))
    digits = _digits(sum(1 for _ in leading()))
    _write_scripts(folder / "redirects", leading(), digits)
    _write_lines(made.nginx, _nginx(base, leading))
    _write_lines(made.iis, _iis(base, leading))
    pages.write(made.page, _page(company, base, digits))
    return made


def old_links(ledger: Ledger, staged: Staged) -> Iterator[OldLink]:
    """Yield every number whose ticket is in Gorgias: of tickets first, then what was merged into them, chats, calls."""
    for what, obj, table, own, column in SOURCES:
        rows = (row for row in staged.columns(table, [own, column]) if (row[column] or "").strip())
        while batch := list(islice(rows, BATCH)):
            known = ledger.known(TARGET, obj, [str(row[own]) for row in batch])
            for row in batch:
                entry = known.get(str(row[own]))
                if entry is not None and entry.state in ("created", "matched") and entry.target_id:
                    yield OldLink(what, str(row[column]).strip(), int(row[own]), entry.target_id)


def old_articles(lookups: Lookups, ledger: Ledger) -> Iterator[OldLink]:
    """Yield the old address of every article that moved, each once; it leads to the first of its help centers."""
    seen: set[int] = set()
    for old in old_addresses(lookups, ledger, TARGET):
        if old.source not in seen:
            seen.add(old.source)
            base = lookups.parameters.help_center.addresses.get(old.center, "").rstrip("/")
            yield OldLink(
                ARTICLE, f"/kb/a{old.source}/", old.source, base and quote(base + old.address, safe=IN_ADDRESS)
            )


def normalized(number: str) -> str:
    """Return a number as it is looked for: without spaces, in capitals."""
    return "".join(number.split()).upper()


def hashed(number: str) -> str:
    """Return the FNV-1a hash (32 bits, of UTF-16 units) of a number, as 8 hexadecimal digits."""
    units = normalized(number).encode("utf-16-le")
    found = 0x811C9DC5
    for n in range(0, len(units), 2):
        found = ((found ^ int.from_bytes(units[n : n + 2], "little")) * 0x01000193) & 0xFFFFFFFF
    return f"{found:08x}"


def _digits(numbers: int) -> int:
    """Return how many leading digits of the hash name a script, so that none is large."""
    return next(digits for digits in range(1, 9) if numbers <= CHUNK * 16**digits or digits == 4)


def _write_scripts(folder: Path, links: Iterable[OldLink], digits: int) -> None:
    """Write the numbers into scripts of their hash; what an earlier time left there goes."""
    with refusals(f"{folder} could not be written", next_step="make room there, or give this user the right to write."):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.js"):
            old.unlink()
        waiting = iter(links)
        while some := list(islice(waiting, HELD)):
            by_hash: dict[str, list[str]] = {}
            for link in some:
                line = f"found({_in_script(normalized(link.number))},{_in_script(link.target_id)});\n"
                by_hash.setdefault(hashed(link.number)[:digits], []).append(line)
            for name, lines in by_hash.items():
                with (folder / f"{name}.js").open("a", encoding="ascii") as stream:
                    stream.writelines(lines)


def _write_lines(file: Path, lines: Iterable[str]) -> None:
    with beside(file) as place, place.open("w", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in lines)


def _nginx(base: str, links: Callable[[], Iterable[OldLink]]) -> Iterator[str]:
    """Yield the configuration for nginx: its maps, and what the portal's server says."""
    yield "# Leads links of the old portal to Gorgias. In http { }:  include redirects.nginx.conf;"
    yield "# In the old portal's server { }:"
    for name in ("st_ticket_of_number", "st_ticket_of_id", "st_address_of_article"):
        yield f'#     if (${name}) {{ return 302 "${name}"; }}'
    yield "map_hash_max_size 2097152;"
    yield "map_hash_bucket_size 512;"
    yield "map $request_uri $st_number {"
    yield '    "~(?<st_found>[0-9A-Za-z]+-[0-9A-Fa-f]{8}-[0-9A-Fa-f]+)" $st_found;'
    yield '    default "";'
    yield "}"
    yield from _nginx_map("$st_number", "$st_ticket_of_number", (
        (_quoted(link.number), link.address(base)) for link in _once(links()) if link.what != ARTICLE))  # fmt: skip
    yield from _nginx_map("$arg_ticketid", "$st_ticket_of_id", (
        (str(link.old_id), link.address(base)) for link in links() if link.what == "ticket"))  # fmt: skip
    yield "map $request_uri $st_article {"
    yield '    "~*/kb/a(?<st_article_found>[0-9]+)(?:[/?]|$)" $st_article_found;'
    yield '    default "";'
    yield "}"
    yield from _nginx_map("$st_article", "$st_address_of_article", (
        (str(link.old_id), link.address(base)) for link in links() if link.what == ARTICLE))  # fmt: skip


def _nginx_map(of: str, becomes: str, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"map {of} {becomes} {{"
    yield '    default "";'
    for key, address in pairs:
        yield f'    "{key}" "{address}";'
    yield "}"


def _once(links: Iterable[OldLink]) -> Iterator[OldLink]:
    """Yield the first link of every number: a web server refuses a map that has one twice, whatever its case."""
    seen: set[str] = set()
    for link in links:
        number = normalized(link.number)
        if number not in seen:
            seen.add(number)
            yield link


def _quoted(number: str) -> str:
    """Return a number as a key of a map; what would be a word or a pattern of the map is taken literally."""
    text = number.replace("\\", "\\\\").replace('"', '\\"').replace("$", "")
    return "\\" + text if text.startswith(("~", "\\", "default", "hostnames", "include", "volatile")) else text


def _iis(base: str, links: Callable[[], Iterable[OldLink]]) -> Iterator[str]:
    """Yield the maps for the URL Rewrite module of IIS, and the rules that use them."""
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield "<!-- Leads links of the old portal to Gorgias. Put this file beside web.config, which says:"
    yield '       <rewrite><rewriteMaps configSource="redirects.iis.config" /><rules>'
    for name, pattern in (("OldTickets", "([0-9A-Za-z]+-[0-9A-Fa-f]{8}-[0-9A-Fa-f]+)"), ("OldArticles", IIS_ARTICLE)):
        yield f'         <rule name="{name}"><match url=".*" /><conditions>'
        yield f'           <add input="{{REQUEST_URI}}" pattern="{pattern}" />'
        yield f'           <add input="{{{name}:{{C:1}}}}" pattern="(.+)" /></conditions>'
        yield '           <action type="Redirect" url="{C:1}" appendQueryString="false" redirectType="Found" />'
        yield "         </rule>"
    yield "       </rules></rewrite>"
    yield "     Above 250 KB, IIS reads it only where the registry's MaxWebConfigFileSizeInKB allows the size. -->"
    yield "<rewriteMaps>"
    numbers = ((link.number, link.address(base)) for link in _once(links()) if link.what != ARTICLE)
    yield from _iis_map("OldTickets", numbers)
    articles = ((str(link.old_id), link.address(base)) for link in links() if link.what == ARTICLE)
    yield from _iis_map("OldArticles", articles)
    yield "</rewriteMaps>"


def _iis_map(name: str, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f'<rewriteMap name="{name}" defaultValue="">'
    for key, address in pairs:
        yield f"  <add key={quoteattr(key)} value={quoteattr(address)} />"
    yield "</rewriteMap>"


def _page(company: str, base: str, digits: int) -> str:
    field = Html('<input id="number" autocomplete="off" autofocus>')
    asked = pages.tag("p", pages.join([pages.tag("label", "Old number or link ", for_="number"), field]))
    button = pages.tag("p", pages.tag("button", "Find it", type="submit"))
    script = SCRIPT.read_text(encoding="utf-8")
    body = pages.join(
        [
            pages.heading("Where an old ticket or article is now", 1),
            pages.tag("p", f"{company}: from SmarterTrack to Gorgias.", class_="subtitle"),
            pages.tag("form", pages.join([asked, button]), id="ask"),
            pages.tag("p", "", id="answer", role="status"),
            pages.note(
                "Type the number of a ticket, chat or call as it stood in SmarterTrack, or the address of an article. "
                "Or open this page with ",
                pages.code("?number="),
                " and the number or address behind it. The folder ",
                pages.code("redirects"),
                " has to lie beside this page.",
            ),
            Html(f"<script>\nconst BASE = {_in_script(base)}, DIGITS = {digits};\n{script}</script>"),
        ]
    )
    return pages.document("Where an old ticket or article is now", body, policy=POLICY, extra_style=STYLE)


def _in_script(text: str) -> str:
    return json.dumps(text).replace("<", "\\u003c")
