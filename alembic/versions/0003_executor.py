"""Who gives the callers of a line to its agents: app_queue, or we."""

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "lines", sa.Column("executor", sa.Text(), server_default=sa.text("'queued'"), nullable=False)
    )
    op.create_check_constraint(op.f("ck_lines_executor"), "lines", "executor IN ('queued', 'directed')")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_lines_executor"), "lines")
    op.drop_column("lines", "executor")
