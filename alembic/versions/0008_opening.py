"""When a line is open, what its callers hear, and where they go when too many wait."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

THIS_PROJECT = "nullif(current_setting('tierline.project_id', true), '')::bigint"
TEXTS = ARRAY(sa.Text())

COLUMNS = [
    sa.Column("time_zone", sa.Text(), server_default=sa.text("'UTC'"), nullable=False),
    sa.Column("hours", TEXTS, server_default=sa.text("'{}'"), nullable=False),
    sa.Column("holidays", JSONB(), server_default=sa.text("'{}'"), nullable=False),
    sa.Column("closed_message", sa.Text()),
    sa.Column("after_hours", sa.Text(), server_default=sa.text("'goodbye'"), nullable=False),
    sa.Column("reply_minutes", sa.Integer(), server_default=sa.text("240"), nullable=False),
    sa.Column("topics", TEXTS, server_default=sa.text("'{}'"), nullable=False),
    sa.Column("announce", TEXTS, server_default=sa.text("'{}'"), nullable=False),
    sa.Column("overflow_to", sa.Text()),
    sa.Column("overflow_line", sa.Text()),
    sa.Column("overflow_wait_s", sa.Double()),
    sa.Column("overflow_per_agent", sa.Double()),
]


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("lines", column)
    op.create_check_constraint(
        op.f("ck_lines_after_hours"), "lines", "after_hours IN ('goodbye', 'voicemail', 'callback')"
    )
    op.create_check_constraint(
        op.f("ck_lines_overflow_to"), "lines", "overflow_to IN ('line', 'callback', 'voicemail')"
    )
    op.add_column("line_numbers", sa.Column("topic", sa.Text()))
    op.create_table(
        "line_closings",
        sa.Column("project_id", sa.BigInteger(), server_default=sa.text(THIS_PROJECT), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("closed_by", sa.BigInteger(), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True)),
        sa.Column("over_by", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["project_id", "line_id"],
            ["lines.project_id", "lines.id"],
            name="fk_line_closings_project_id_line_id",
            ondelete="CASCADE",
        ),
        *(
            sa.ForeignKeyConstraint(
                ["project_id", column],
                ["users.project_id", "users.id"],
                name=f"fk_line_closings_project_id_{column}",
            )
            for column in ("closed_by", "over_by")
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_line_closings"),
    )
    op.create_index("ix_line_closings_line_id", "line_closings", ["project_id", "line_id", "at"])
    op.create_index(
        "uq_line_closings_in_force",
        "line_closings",
        ["project_id", "line_id"],
        unique=True,
        postgresql_where=sa.text("over_at IS NULL"),
    )
    op.execute("ALTER TABLE line_closings ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE line_closings FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_project ON line_closings USING (project_id = {THIS_PROJECT})")


def downgrade() -> None:
    op.drop_table("line_closings")
    op.drop_column("line_numbers", "topic")
    op.drop_constraint(op.f("ck_lines_overflow_to"), "lines")
    op.drop_constraint(op.f("ck_lines_after_hours"), "lines")
    for column in reversed(COLUMNS):
        op.drop_column("lines", column.name)
