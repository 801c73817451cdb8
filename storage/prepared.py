"""Constant queries, compiled once: SQLAlchemy's Core looks up and sets up each anew at every run.

A prepared query runs on the driver's own cursor, in the transaction that SQLAlchemy keeps open,
with the same text, the same conversions of values and the same rows as Core's. Core itself runs
it wherever something is not of the ordinary: another driver, a long list, somebody who listens to
statements, no transaction yet.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Row, Select, exc
from sqlalchemy.engine import result_tuple
from sqlalchemy.sql.compiler import SQLCompiler

_DRIVERS = frozenset({"pysqlite", "psycopg"})
_MOST = 8
"""Values in an IN list up to which there is a text for each number of them."""

_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Hole:
    """Where a value of the caller's goes.

    Attributes:
        slot: its place among the driver's parameters.
        name: the caller's name for it.
        place: its place in the caller's list; None where it is no list.
        convert: as its type sends it to the driver; None as it is.
    """

    slot: int
    name: str
    place: int | None
    convert: _Convert | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """A query as one driver takes it.

    Attributes:
        template: the driver's parameters, the statement's own values in their places.
        names: of the parameters, where the driver knows them by name.
    """

    sql: str
    template: list[Any]
    holes: tuple[_Hole, ...]
    names: Sequence[str]

    def parameters(self, values: Mapping[str, Any]) -> list[Any] | dict[str, Any]:
        """The driver's parameters for these values."""
        filled = self.template.copy()
        for hole in self.holes:
            value = values[hole.name]
            if hole.place is not None:
                value = value[hole.place]
            filled[hole.slot] = value if hole.convert is None else hole.convert(value)
        return dict(zip(self.names, filled, strict=True)) if self.names else filled


@dataclass(frozen=True, slots=True)
class _Shape:
    """What rows are made of: how a row is built, and which of its values are converted."""

    row: Callable[[Sequence[Any]], Row[Any]]
    converts: tuple[tuple[int, _Convert], ...]

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Row[Any]]:
        """Rows as Core would have made them."""
        if not self.converts:
            return [self.row(item) for item in found]
        made = []
        for item in found:
            values = list(item)
            for place, convert in self.converts:
                values[place] = convert(values[place])
            made.append(self.row(tuple(values)))
        return made


class Prepared:
    """A constant SELECT whose values are all given by name.

    Args:
        statement: is never changed; lists are expanding parameters.
    """

    __slots__ = ("_lists", "_plans", "_shapes", "statement")

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement
        self._lists: tuple[str, ...] | None = None
        self._plans: dict[tuple[Any, ...], _Plan] = {}
        self._shapes: dict[str, _Shape] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """All rows, in the transaction of `connection`.

        Raises:
            DBAPIError: what Core would have raised.
        """
        plan = self._plan(connection, values)
        if plan is None:
            return connection.execute(self.statement, values).fetchall()
        found, description = ask(connection, plan.sql, plan.parameters(values))
        shape = self._shapes.get(connection.dialect.driver)
        return (shape or self._shaped(connection.dialect, description)).rows(found)

    def _plan(self, connection: Connection, values: Mapping[str, Any]) -> _Plan | None:
        """The query for lists of these lengths; None where Core shall run it."""
        dialect = connection.dialect
        heard = connection.dispatch.before_cursor_execute
        if heard or dialect.driver not in _DRIVERS or not connection.in_transaction():
            return None
        if self._lists is None:
            self._lists = tuple(_lists(_compiled(self.statement, dialect)))
        counts = tuple(len(values[name]) for name in self._lists)
        if counts and max(counts) > _MOST:
            return None
        plan = self._plans.get((dialect.driver, counts))
        if plan is None:
            lengths = dict(zip(self._lists, counts, strict=True))
            plan = _planned(_compiled(self.statement, dialect), lengths)
            self._plans[dialect.driver, counts] = plan
        return plan

    def _shaped(self, dialect: Dialect, description: Sequence[Sequence[Any]]) -> _Shape:
        columns = self.statement.selected_columns
        converts = (
            column.type.dialect_impl(dialect).result_processor(dialect, told[1])
            for column, told in zip(columns, description, strict=True)
        )
        shape = _Shape(
            result_tuple([told[0] for told in description]),
            tuple((place, convert) for place, convert in enumerate(converts) if convert),
        )
        self._shapes[dialect.driver] = shape
        return shape


def ask(
    connection: Connection, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> tuple[Sequence[Sequence[Any]], Sequence[Sequence[Any]]]:
    """What the driver answers, and its description of the columns.

    Raises:
        DBAPIError: what Core would have raised; a connection that is of no more use is let go of.
    """
    proxied = connection.connection
    try:
        cursor = proxied.cursor()
        cursor.execute(sql, parameters)
        found = cursor.fetchall()
    except BaseException as error:
        _give_up(connection, sql, error)
        raise
    description = cursor.description or ()
    cursor.close()
    return found, description


def _compiled(statement: Select[Any], dialect: Dialect) -> SQLCompiler:
    compiled = statement.compile(dialect=dialect)
    if not isinstance(compiled, SQLCompiler):
        raise exc.CompileError(f"{dialect.name} has no text for a query")
    return compiled


def _lists(compiled: SQLCompiler) -> Iterator[str]:
    return (name for name, bind in compiled.binds.items() if bind.required and bind.expanding)


def _planned(compiled: SQLCompiler, lengths: Mapping[str, int]) -> _Plan:
    """The text for lists of these lengths, with the statement's own values in place."""
    awaited: dict[str, Any] = {name: None for name, bind in compiled.binds.items() if bind.required}
    awaited |= {name: [None] * length for name, length in lengths.items()}
    state = compiled.construct_expanded_state(awaited)
    origins = {
        part: (name, place)
        for name, parts in state.parameter_expansion.items()
        for place, part in enumerate(parts)
    }
    names = tuple(state.parameters) if state.positiontup is None else state.positiontup
    template: list[Any] = [None] * len(names)
    holes = []
    for slot, part in enumerate(names):
        name, place = origins.get(part, (part, None))
        bind = compiled.binds[name]
        convert = bind.type.dialect_impl(compiled.dialect).bind_processor(compiled.dialect)
        if bind.required:
            holes.append(_Hole(slot, name, place, convert))
        else:
            value = state.parameters[part]
            template[slot] = value if convert is None else convert(value)
    keys = names if state.positiontup is None else ()
    return _Plan(state.statement, template, tuple(holes), keys)


def _give_up(connection: Connection, sql: str, error: BaseException) -> None:
    """Wraps a driver's error as Core does, and lets go of a connection that is of no more use.

    Raises:
        DBAPIError: in the place of a driver's error.
    """
    dialect = connection.dialect
    driver = dialect.loaded_dbapi.Error
    if not isinstance(error, Exception):
        # Stopped in the middle: nobody knows how far the driver came.
        connection.invalidate(error)
    elif isinstance(error, driver):
        gone = dialect.is_disconnect(error, connection.connection, None)
        if gone:
            connection.invalidate(error)
        raise exc.DBAPIError.instance(
            sql,
            None,
            error,
            driver,
            hide_parameters=True,
            connection_invalidated=gone,
            dialect=dialect,
        ) from error
