"""Recordings of talks, and who listened to them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

THIS_PROJECT = "nullif(current_setting('tierline.project_id', true), '')::bigint"
TABLES = ["recordings", "recording_listenings"]


def project() -> sa.Column[int]:
    return sa.Column("project_id", sa.BigInteger(), server_default=sa.text(THIS_PROJECT), nullable=False)


def identity() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def points_at(table: str, column: str, of: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["project_id", column], [f"{table}.project_id", f"{table}.id"], name=f"fk_{of}_project_id_{column}"
    )


def upgrade() -> None:
    op.create_table(
        "recordings",
        project(),
        identity(),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("interface", sa.Text()),
        sa.Column("agent_id", sa.BigInteger()),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("pauses", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("because", sa.Text()),
        sa.Column("started_by", sa.BigInteger()),
        sa.Column("stopped_by", sa.BigInteger()),
        sa.Column("state", sa.Text(), server_default=sa.text("'recording'"), nullable=False),
        sa.Column("length_s", sa.Double()),
        sa.Column("channels", sa.SmallInteger()),
        sa.Column("place", sa.Text()),
        sa.Column("size", sa.BigInteger()),
        sa.Column("sha256", sa.LargeBinary()),
        sa.Column("stored_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state IN ('recording', 'ended', 'stored', 'missing')", name=op.f("ck_recordings_state")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_recordings_project_id"),
        points_at("agents", "agent_id", "recordings"),
        points_at("users", "started_by", "recordings"),
        points_at("users", "stopped_by", "recordings"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_recordings"),
    )
    op.create_index("uq_recordings_file", "recordings", ["project_id", "pbx", "file"], unique=True)
    op.create_index("ix_recordings_call", "recordings", ["project_id", "pbx", "call_id"])
    op.create_index(
        "ix_recordings_open",
        "recordings",
        ["project_id", "pbx"],
        postgresql_where=sa.text("state = ANY (ARRAY['recording', 'ended'])"),
    )
    op.create_table(
        "recording_listenings",
        project(),
        identity(),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("recording_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("first", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        points_at("recordings", "recording_id", "recording_listenings"),
        points_at("users", "user_id", "recording_listenings"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_recording_listenings"),
    )
    op.create_index(
        "ix_recording_listenings_recording_id",
        "recording_listenings",
        ["project_id", "recording_id", "at"],
    )
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_project ON {table} USING (project_id = {THIS_PROJECT})")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
