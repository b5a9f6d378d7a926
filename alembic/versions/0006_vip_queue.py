"""A second queue of a line for the tiers that are always first, where app_queue distributes."""

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lines", sa.Column("vip_queue", sa.Text()))
    op.create_check_constraint(op.f("ck_lines_vip_queue"), "lines", "vip_queue <> queue")
    op.create_index("uq_lines_vip_queue", "lines", ["project_id", "pbx", "vip_queue"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_lines_vip_queue", table_name="lines")
    op.drop_constraint(op.f("ck_lines_vip_queue"), "lines")
    op.drop_column("lines", "vip_queue")
