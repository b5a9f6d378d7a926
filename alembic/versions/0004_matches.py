"""Matches: who was given to whom while waiting, and what else was considered."""

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

THIS_PROJECT = "nullif(current_setting('tierline.project_id', true), '')::bigint"


def upgrade() -> None:
    op.create_table(
        "matches",
        sa.Column("project_id", sa.BigInteger(), server_default=sa.text(THIS_PROJECT), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("waited_s", sa.Double(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("policy_version", sa.Integer()),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('offered', 'answered', 'no_answer', 'busy', 'rejected', 'cancelled', 'elsewhere',"
            " 'failed')",
            name=op.f("ck_matches_outcome"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_matches_project_id"),
        sa.PrimaryKeyConstraint("project_id", "pbx", "call_id", "at", "agent", name="pk_matches"),
    )
    op.execute("ALTER TABLE matches ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE matches FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_project ON matches USING (project_id = {THIS_PROJECT})")


def downgrade() -> None:
    op.drop_table("matches")
