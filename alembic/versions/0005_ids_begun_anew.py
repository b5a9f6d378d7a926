"""A switch that was started again within the second begins its ids anew: such a call has a row of its own."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

OLDER_OF_THE_SAME_ID = """
DELETE FROM calls old USING calls younger
WHERE old.project_id = younger.project_id AND old.pbx = younger.pbx AND old.call_id = younger.call_id
    AND old.started_at < younger.started_at
"""


def upgrade() -> None:
    op.drop_index("uq_calls_call", table_name="calls")
    op.create_index("uq_calls_call", "calls", ["project_id", "pbx", "call_id", "started_at"], unique=True)


def downgrade() -> None:
    """The former index has room for one call of an id: the younger stays."""
    op.execute("ALTER TABLE calls NO FORCE ROW LEVEL SECURITY")
    op.execute(OLDER_OF_THE_SAME_ID)
    op.execute("ALTER TABLE calls FORCE ROW LEVEL SECURITY")
    op.drop_index("uq_calls_call", table_name="calls")
    op.create_index("uq_calls_call", "calls", ["project_id", "pbx", "call_id"], unique=True)
