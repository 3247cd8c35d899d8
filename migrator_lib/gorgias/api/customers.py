"""Customers. Source: list-customers, create-customer, merge-customers and others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrator_lib.gorgias.api import border
from migrator_lib.gorgias.api.resource import Json, Resource, rows
from migrator_lib.gorgias.contract import bodies, replies
from migrator_lib.gorgias.contract.fields import FieldValue


class Customers(Resource[replies.Customer]):
    """``/api/customers``. One that was merged with another answers with 301."""

    path = "customers"
    reply = replies.Customer

    def pages(self, order_by: str = "created_datetime:asc") -> Iterator[list[replies.Customer]]:
        """``GET /api/customers`` by pages, oldest first unless told otherwise."""
        return self._pages(order_by=order_by)

    def by(self, **filters: str) -> list[replies.Customer]:
        """``GET /api/customers`` by external_id, email, or channel_type and channel_address.

        Only who has exactly this external id counts: whether the filter takes the beginning of one is unverified.
        """
        named = filters.get("external_id")
        return [one for one in self._every(**filters) if named is None or one.external_id == named]

    def get(self, customer_id: int) -> replies.Customer:
        """``GET /api/customers/{id}``."""
        return self._one(customer_id)

    def create(self, body: Json) -> replies.Customer:
        """``POST /api/customers``; an address that another customer has is refused with 409."""
        return self._made(bodies.CustomerCreate, body)

    def update(self, customer_id: int, body: Json) -> None:
        """``PUT /api/customers/{id}``; channels, where given, replace all."""
        self._changed(customer_id, bodies.CustomerUpdate, body)

    def delete(self, customer_id: int) -> None:
        """``DELETE /api/customers/{id}``; one that is gone is no error."""
        self._gone(f"customers/{customer_id}")

    def delete_many(self, ids: Sequence[int]) -> None:
        """``DELETE /api/customers``: several at once; those that are gone are no error."""
        body = {"ids": list(ids)}
        border.check(bodies.Ids, body, "DELETE /api/customers")
        self._transport.call("DELETE", "customers", body=body)

    def merge(self, source: int, target: int) -> None:
        """``PUT /api/customers/merge?source_id=&target_id=``: the source ends in the target, for good.

        The ids are in the query, not in a body (merge-customers).
        """
        self._transport.call("PUT", "customers/merge", params={"source_id": source, "target_id": target}, body={})

    def custom_fields(self, customer_id: int) -> list[replies.FieldValue]:
        """``GET /api/customers/{id}/custom-fields``."""
        path = f"customers/{customer_id}/custom-fields"
        return rows(replies.FieldValue, self._transport.call("GET", path), f"GET /api/{path}")

    def replace_custom_fields(self, customer_id: int, values: list[Json]) -> None:
        """``PUT /api/customers/{id}/custom-fields``: these values and no others; one that is left out is deleted."""
        self._put(f"customers/{customer_id}/custom-fields", list[FieldValue], values)
