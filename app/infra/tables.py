"""What all tables have in common: one metadata, names of constraints, and the project in every key.

Every business row belongs to a project. `project_id` stands first in its primary key, in every unique index and in
every foreign key, so that a row can only point at rows of its own project; row-level security (see the migrations)
hides the rest. Left out on INSERT it is taken from the transaction's setting, and so it need not be written anywhere.
"""

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    MetaData,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PROJECT_SETTING = "tierline.project_id"
CURRENT_PROJECT = f"nullif(current_setting('{PROJECT_SETTING}', true), '')::bigint"
"""The transaction's project; NULL, so no rows and no error, when none is set."""

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True, sort_order=-9)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=text("now()"))]


class Record(DeclarativeBase):
    """A table's row as an object. No relationships between features: a repository says in SQL what it joins."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 -- the shape SQLAlchemy asks for
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        list[str]: ARRAY(Text),
    }


class Owned:
    """A row that belongs to a project."""

    project_id: Mapped[int] = mapped_column(
        primary_key=True, server_default=text(CURRENT_PROJECT), sort_order=-10
    )


def in_project() -> ForeignKeyConstraint:
    """For tables whose other keys need not point at anything; all others reach their project through those."""
    return ForeignKeyConstraint(["project_id"], ["projects.id"])


def points_at(
    table: str, column: str, *, key: str = "id", ondelete: str | None = None
) -> ForeignKeyConstraint:
    """A foreign key that cannot leave the project."""
    return ForeignKeyConstraint(
        ["project_id", column], [f"{table}.project_id", f"{table}.{key}"], ondelete=ondelete
    )


def one_of(column: str, *values: str) -> CheckConstraint:
    """A closed set of words: text and a CHECK, because a type of its own is harder to change later."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
