"""Prepared statements: the same rows, in the same transactions, with the same refusals."""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future
from typing import Any

import pytest
from sqlalchemy import Connection, Select, bindparam, insert, select, update
from sqlalchemy.exc import NoResultFound

from core.errors import DiskFull
from core.messages import Kind
from core.store import Store, tables as t
from core.store.prepared import Prepared
from core.store.schema import raw
from testing import writing

HERE = {"room": writing.ROOM}
MEMBER = {
    "room_id": writing.ROOM,
    "name": "縁",
    "kind": "agent",
    "model": None,
    "position": 1,
    "joined_at": "2026-11-27T00:00:00.000000Z",
    "away": False,
}
ADD_MEMBER = Prepared(
    insert(t.members), [*MEMBER, "name_key", "capabilities", "muted"]
)  # every kind of column: text, a number, nothing, yes and no, JSON
NAMED = Prepared(
    select(t.members).where(
        t.members.c.room_id == bindparam("room"), t.members.c.name_key == bindparam("who")
    )
)
EVERYBODY = select(t.members).order_by(t.members.c.name_key)


def member(key: str, **values: Any) -> dict[str, Any]:
    return {**MEMBER, "name_key": key, "capabilities": [], "muted": True, **values}


@pytest.fixture
def seated(store: Store) -> Store:
    def seat(conn: Connection) -> None:
        ADD_MEMBER.run(conn, member("a", capabilities=["聞く", {"depth": [1, None]}]))
        conn.execute(insert(t.members), member("b", model="ollama:tiny"))

    store.write(seat)
    return store


def test_rows_are_those_of_the_library(seated: Store) -> None:
    with seated.read() as conn:
        expected = [dict(row) for row in conn.execute(EVERYBODY).mappings()]
        assert Prepared(EVERYBODY).rows(conn, {}) == expected
    assert expected[0]["capabilities"] == ["聞く", {"depth": [1, None]}]
    assert expected[0]["muted"] is True
    assert expected[1]["model"] == "ollama:tiny"
    assert all(one["checksum"] for one in expected)


def test_one_first_scalar_and_batches(seated: Store) -> None:
    nobody = {**HERE, "who": "nobody"}
    with seated.read() as conn:
        assert NAMED.one(conn, {**HERE, "who": "b"})["name"] == "縁"
        assert NAMED.first(conn, nobody) is None
        assert NAMED.scalar(conn, nobody) is None
        assert NAMED.scalar(conn, {**HERE, "who": "a"}) == writing.ROOM
        with pytest.raises(NoResultFound):
            NAMED.one(conn, nobody)
        batches = Prepared(EVERYBODY).batches(conn, {}, 1)
        assert [[row["name_key"] for row in batch] for batch in batches] == [["a"], ["b"]]


def test_what_is_fixed_in_a_statement_stays_so(seated: Store) -> None:
    """Also a word of an enumeration, a limit, and how a value is changed."""
    agents: Select[Any] = select(t.members.c.name_key).where(t.members.c.kind == Kind.AGENT)
    rename = Prepared(
        update(t.members)
        .where(t.members.c.name_key == bindparam("who"))
        .values(position=t.members.c.position + 5, name="Aki")
        .returning(t.members.c.position)
    )
    one = Prepared(agents.order_by(t.members.c.name_key.desc()).limit(1))
    with seated.read() as conn:
        assert one.rows(conn, {}) == [{"name_key": "b"}]
    assert seated.write(lambda conn: rename.one(conn, {"who": "a"})) == {"position": 6}
    assert seated.write(lambda conn: rename.run(conn, {"who": "nobody"})) == 0


def test_a_reader_sees_one_moment(seated: Store) -> None:
    """Its first statement begins a transaction: what is stored after it comes with the next."""
    with seated.read() as conn:
        assert len(Prepared(EVERYBODY).rows(conn, {})) == 2
        seated.write(lambda other: ADD_MEMBER.run(other, member("c")))
        assert len(Prepared(EVERYBODY).rows(conn, {})) == 2
    with seated.read() as conn:
        assert len(Prepared(EVERYBODY).rows(conn, {})) == 3


def test_a_work_that_breaks_a_rule_fails_alone(seated: Store) -> None:
    together: list[Future[int]] = []

    def first(conn: Connection) -> int:
        ADD_MEMBER.run(conn, member("c"))
        together.append(seated.join(lambda other: ADD_MEMBER.run(other, member("a"))))
        together.append(seated.join(lambda other: ADD_MEMBER.run(other, member("d"))))
        return 1

    assert seated.write(first) == 1
    with pytest.raises(sqlite3.IntegrityError):
        together[0].result(5)
    assert together[1].result(5) == 1
    assert seated.problem is None
    with seated.read() as conn:
        assert len(Prepared(EVERYBODY).rows(conn, {})) == 4


def test_a_full_disk_is_the_storage_s_own_error(seated: Store) -> None:
    """Nothing of that transaction is stored, whoever's statement met it."""

    def fill(conn: Connection) -> None:
        conn.execute(insert(t.members), member("c"))
        (pages,) = raw(conn).execute("PRAGMA page_count").fetchone()
        raw(conn).execute(f"PRAGMA max_page_count = {pages}")
        for number in range(10_000):
            ADD_MEMBER.run(conn, member(f"d{number}", name="x" * 500))

    with pytest.raises(DiskFull):
        seated.write(fill)
    assert seated.problem is None or seated.problem.code == "disk_full"
    with seated.read() as conn:
        assert len(Prepared(EVERYBODY).rows(conn, {})) == 2
    assert seated.write(lambda conn: ADD_MEMBER.run(conn, member("c"))) == 1


def test_a_reader_s_trouble_is_the_storage_s_own_error(seated: Store) -> None:
    """A reading connection that is asked to write, here."""
    with pytest.raises(Exception, match="data folder") as refused, seated.read() as conn:
        ADD_MEMBER.run(conn, member("c"))
    assert getattr(refused.value, "code", None) == "data_folder_unwritable"


def test_statements_that_change_with_their_values_are_refused(seated: Store) -> None:
    some = Prepared(
        select(t.members).where(t.members.c.name_key.in_(bindparam("w", expanding=True)))
    )
    short = Prepared(insert(t.members), ["room_id", "name_key", "name"])
    with seated.read() as conn:
        for statement in (some, short):
            with pytest.raises(TypeError):
                statement.rows(conn, {"w": ["a"]})
        with pytest.raises(KeyError):
            NAMED.first(conn, HERE)


def test_a_row_has_the_columns_that_were_named_and_no_others(seated: Store) -> None:
    """A word that is no column is a mistake, not something to be left out."""
    with pytest.raises(TypeError, match="colour"):
        seated.write(lambda conn: ADD_MEMBER.run(conn, member("c", colour="red")))
