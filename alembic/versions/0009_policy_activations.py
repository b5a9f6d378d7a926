"""When which policy was put in force, by whom, and what warnings he accepted."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

THIS_PROJECT = "nullif(current_setting('tierline.project_id', true), '')::bigint"


def upgrade() -> None:
    op.create_table(
        "policy_activations",
        sa.Column("project_id", sa.BigInteger(), server_default=sa.text(THIS_PROJECT), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by", sa.BigInteger()),
        sa.Column("confirmed", ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_policy_activations_project_id"),
        sa.ForeignKeyConstraint(
            ["project_id", "by"],
            ["users.project_id", "users.id"],
            name="fk_policy_activations_project_id_by",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_policy_activations"),
    )
    op.create_index(
        "ix_policy_activations_at", "policy_activations", ["project_id", sa.literal_column("at DESC")]
    )
    op.execute("ALTER TABLE policy_activations ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE policy_activations FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_project ON policy_activations USING (project_id = {THIS_PROJECT})")


def downgrade() -> None:
    op.drop_table("policy_activations")
