"""What is wrong and hardly seen: a letter's case, an address behind a link, a value in another field, whole threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from migrator_lib.simulators.gorgias.store import Store
from tests.mutations.catalogue import LONG_AGO, Catalogue, Document, Expected, Mutation, Named, setter
from tests.mutations.payloads import NOBODY
from tests.mutations.world import World

HTML = (
    ("an attribute", 'class="m"', 'class="n"'), ("an address behind a link", "a=1", "a=2"),
    ("the case of an address", "/?a", "/?A"), ("an attribute more", "<br>", '<br hidden="">'),
    ("a style", "<p>", '<p style="display:none">'), ("a letter's case", "Dear", "dear"),
    ("a letter of another script", "Dear", "De\u0430r"), ("an invisible character", "Dear", "De\u200bar"),
    ("a blank that does not break", "your order", "your\u00a0order"), ("an entity twice", "&amp;", "&amp;amp;"),
    ("no new line", "<br>", " "), ("bold", "Ann", "<b>Ann</b>"), ("a comment", "</p>", "<!-- x --></p>"),
    ("a script", "</p>", "<script>x</script></p>"),
)  # fmt: skip
"""What another one is, and how."""
TEXT = (("a blank in front", "Words", " Words"), ("an invisible character", "Words", "Wor\u00adds"))


def everything(world: World) -> list[Mutation]:
    """Return all mutations of an account that there are."""
    catalogue = Catalogue(world)
    return [*catalogue.all(), *_bodies(catalogue), *_fields(catalogue), *_whole(catalogue), *_people(catalogue)]


def _bodies(of: Catalogue) -> Iterator[Mutation]:
    for n, (words, one, other) in enumerate(HTML):
        yield _another(of, ("ticket_message", f"{n % 6 + 1}01"), "body_html", words, one, other)
    yield _another(of, ("ticket_message", "100"), "body_html", "a picture's source", 'src="', 'src="x')
    for n, (words, one, other) in enumerate(TEXT):
        yield _another(of, ("ticket_message", f"{n + 1}02"), "body_text", words, one, other)
    pair = ("ticket_message", "500"), ("ticket_message", "502")
    yield of.swapped(pair, ("body_text",), "texts exchanged", _both(pair, "body_text"))
    names = _both(pair, "subject", "body_text", "created_datetime", "sent_datetime")
    order = Expected(("ticket", "5"), fields=frozenset({"messages"}))
    yield of.swapped(pair, ("external_id",), "names exchanged", (*names, order))


def _another(of: Catalogue, record: Named, field: str, words: str, one: str, other: str) -> Mutation:
    def change(was: str) -> str:
        assert one in was, (record, field, one)
        return was.replace(one, other)

    return _set(of, record, (field,), words, change, (field,))


def _fields(of: Catalogue) -> Iterator[Mutation]:
    message, ticket = ("ticket_message", "401"), ("ticket", "4")
    yield _set(of, message, ("receiver",), "for nobody", lambda _: None, ("receiver",))
    yield _set(of, ("ticket_message", "402"), ("deleted_datetime",), "deleted", lambda _: LONG_AGO)
    yield _set(of, ("macro", "1"), ("archived_datetime",), "archived", lambda _: LONG_AGO)
    yield _set(of, ticket, ("tags", 0, "name"), "in capitals", str.upper, ("tags",))
    yield _set(of, ticket, ("tags",), "twice", lambda held: [*held, *held], ("tags",))
    yield _set(of, ("ticket", "2"), ("custom_fields",), "twice", lambda held: [*held, held[0]])
    yield _set(of, ("ticket", "5"), ("custom_fields", 0, "field", "id"), "in another field",
               lambda _: int(of.entry("ticket_field", "5").target_id or 0), ("custom_fields",))  # fmt: skip
    yield _set(of, ("ticket", "1"), ("meta", "smartertrack", "ticket_id"), "yes in place of 1", bool,
               ("meta.ticket_id",))  # fmt: skip
    subject = setter(of.thing(("ticket", "6")), ("subject",), str.upper)
    spam = setter(of.thing(("ticket", "6")), ("spam",), lambda _: True)
    fields = frozenset({"subject", "spam"})
    yield Mutation(
        ("ticket", "6"), "subject + spam", "two at once", _all(subject, spam),
        (Expected(("ticket", "6"), fields=fields),),
    )  # fmt: skip


def _set(
    of: Catalogue, record: Named, path: tuple[str | int, ...], words: str, change: Callable[..., object],
    fields: Sequence[str] = (),
) -> Mutation:  # fmt: skip
    told = frozenset(fields or (str(path[0]),))
    return Mutation(
        record, str(path[0]), words, setter(of.thing(record), path, change), (Expected(record, fields=told),)
    )


def _whole(of: Catalogue) -> Iterator[Mutation]:
    """Yield threads that are exchanged or emptied, and messages without a name."""
    one, other = of.thing(("ticket", "2"))[1], of.thing(("ticket", "3"))[1]

    def exchange(store: Store) -> None:
        held = [(message, to) for a, to in ((one, other), (other, one)) for message in store.by("message", "parent", a)]
        for message, to in held:
            store.put("message", {**message, "ticket_id": to}, parent=to)

    of_both = [("ticket_message", f"{ticket}0{n}") for ticket in (2, 3) for n in range(4)]
    yield Mutation(
        ("ticket", "2"), "messages", "threads of two tickets exchanged", exchange,
        tuple(Expected(message, fields=frozenset({"ticket"})) for message in of_both), alone=True, echoes=True,
    )  # fmt: skip
    yield Mutation(
        ("ticket", "3"), "messages", "all dropped", lambda store: store.delete_children("message", other),
        tuple(Expected(message, ("missing",)) for message in of_both[4:]), alone=True, echoes=True,
    )  # fmt: skip
    for ticket, words in (("6", "one more, without a name"), ("7", "its only note twice")):
        record = "ticket", ticket
        expected = Expected(record, fields=frozenset({"other_messages"}))
        yield Mutation(record, "messages", words, _nameless(of.thing(record)[1]), (expected,))


def _nameless(ticket: int) -> Callable[[Store], None]:
    def apply(store: Store) -> None:
        first = store.by("message", "parent", ticket)[0]
        store.put("message", {**first, "id": NOBODY + ticket, "external_id": None}, parent=ticket)

    return apply


def _people(of: Catalogue) -> Iterator[Mutation]:
    """Yield customers who are merged, or exchanged, without anybody having done it."""
    ann, bob = ("requester", "u101"), ("requester", "u102")
    one, other = of.thing(ann)[1], of.thing(bob)[1]

    def merge(store: Store) -> None:
        for ticket in store.by_kind("ticket"):
            if ticket["customer"]["id"] == one:
                store.replace("ticket", {**ticket, "customer": {**ticket["customer"], "id": other}})
        store.delete("customer", one)

    tickets = tuple(Expected(("ticket", key), fields=frozenset({"customer"})) for key in ("2", "4", "6"))
    yield Mutation(
        ann, "-", "merged into another", merge, (Expected(ann, ("missing",)), *tickets), alone=True, echoes=True
    )

    def exchange(store: Store) -> None:
        first, second = _of(store, one), _of(store, other)
        store.replace("customer", {**first, "external_id": second["external_id"]})
        store.replace("customer", {**second, "external_id": first["external_id"]})

    fields = "email", "name", "channels", "custom_fields", "meta"
    yield Mutation(ann, "external_id", "exchanged", exchange, _both((ann, bob), *fields), alone=True, echoes=True)


def _of(store: Store, customer: int) -> Document:
    found = store.get("customer", customer)
    assert found is not None
    return found


def _both(pair: Sequence[Named], *fields: str) -> tuple[Expected, ...]:
    return tuple(Expected(one, fields=frozenset(fields)) for one in pair)


def _all(*changes: Callable[[Store], None]) -> Callable[[Store], None]:
    def apply(store: Store) -> None:
        for change in changes:
            change(store)

    return apply
