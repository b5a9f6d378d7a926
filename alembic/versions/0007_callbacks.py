"""Callbacks: promised calls and the attempts to keep them."""

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

THIS_PROJECT = "nullif(current_setting('tierline.project_id', true), '')::bigint"
TABLES = ["callbacks", "callback_attempts"]


def project() -> sa.Column[int]:
    return sa.Column("project_id", sa.BigInteger(), server_default=sa.text(THIS_PROJECT), nullable=False)


def moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "callbacks",
        project(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("client_id", sa.BigInteger()),
        sa.Column("phone", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_by_user", sa.BigInteger()),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        moment("joined_at", nullable=False),
        moment("wanted_at"),
        moment("not_before"),
        moment("deadline", nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        moment("last_try_at"),
        sa.Column("last_result", sa.Text()),
        moment("ended_at"),
        sa.Column("ended_because", sa.Text()),
        sa.Column("pbx", sa.Text()),
        sa.Column("call_id", sa.Text()),
        sa.CheckConstraint("asked_by IN ('caller', 'web', 'agent')", name=op.f("ck_callbacks_asked_by")),
        sa.CheckConstraint(
            "state IN ('waiting', 'ringing_agent', 'ringing_client', 'done', 'failed', 'cancelled', 'expired')",
            name=op.f("ck_callbacks_state"),
        ),
        sa.CheckConstraint("language IN ('ru', 'en')", name=op.f("ck_callbacks_language")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (state IN ('waiting', 'ringing_agent', 'ringing_client'))",
            name=op.f("ck_callbacks_ended"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_callbacks_project_id"),
        sa.ForeignKeyConstraint(
            ["project_id", "client_id"],
            ["clients.project_id", "clients.id"],
            name="fk_callbacks_project_id_client_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "asked_by_user"],
            ["users.project_id", "users.id"],
            name="fk_callbacks_project_id_asked_by_user",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_callbacks"),
    )
    for name, column in (("client", "client_id"), ("phone", "phone")):
        op.create_index(
            f"uq_callbacks_open_{name}",
            "callbacks",
            ["project_id", column, "line"],
            unique=True,
            postgresql_where=sa.text(
                f"ended_at IS NULL AND client_id IS {'NOT ' if name == 'client' else ''}NULL"
            ),
        )
    op.create_index("ix_callbacks_client_id", "callbacks", ["project_id", "client_id"])
    op.create_index("ix_callbacks_asked_at", "callbacks", ["project_id", sa.text("asked_at DESC")])
    op.create_table(
        "callback_attempts",
        project(),
        sa.Column("callback_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        moment("at", nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        moment("ended_at"),
        sa.Column("result", sa.Text()),
        sa.CheckConstraint(
            "result IN ('answered', 'busy', 'no_answer', 'rejected', 'failed', 'agent_missed', 'not_started',"
            " 'lost')",
            name=op.f("ck_callback_attempts_result"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "callback_id"],
            ["callbacks.project_id", "callbacks.id"],
            name="fk_callback_attempts_project_id_callback_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "callback_id", "number", name="pk_callback_attempts"),
    )
    op.create_index(
        "uq_callback_attempts_call", "callback_attempts", ["project_id", "pbx", "call_id"], unique=True
    )
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_project ON {table} USING (project_id = {THIS_PROJECT})")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
