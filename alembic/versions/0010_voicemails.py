"""Messages that callers leave, and which recordings are such."""

import sqlalchemy as sa

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

THIS_PROJECT = "nullif(current_setting('tierline.project_id', true), '')::bigint"


def points_at(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["project_id", column],
        [f"{table}.project_id", f"{table}.id"],
        name=f"fk_voicemails_project_id_{column}",
    )


def upgrade() -> None:
    op.add_column(
        "recordings", sa.Column("kind", sa.Text(), server_default=sa.text("'talk'"), nullable=False)
    )
    op.create_check_constraint(op.f("ck_recordings_kind"), "recordings", "kind IN ('talk', 'voicemail')")
    op.create_table(
        "voicemails",
        sa.Column("project_id", sa.BigInteger(), server_default=sa.text(THIS_PROJECT), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recording_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text()),
        sa.Column("ani", sa.Text()),
        sa.Column("topic", sa.Text()),
        sa.Column("client_id", sa.BigInteger()),
        sa.Column("case_id", sa.BigInteger()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True)),
        sa.Column("handled_by", sa.BigInteger()),
        points_at("recordings", "recording_id"),
        points_at("clients", "client_id"),
        points_at("cases", "case_id"),
        points_at("users", "handled_by"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_voicemails"),
    )
    op.create_index("uq_voicemails_recording_id", "voicemails", ["project_id", "recording_id"], unique=True)
    op.create_index(
        "ix_voicemails_due_at",
        "voicemails",
        ["project_id", "due_at"],
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.execute("ALTER TABLE voicemails ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE voicemails FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_project ON voicemails USING (project_id = {THIS_PROJECT})")


def downgrade() -> None:
    op.drop_table("voicemails")
    op.drop_constraint(op.f("ck_recordings_kind"), "recordings")
    op.drop_column("recordings", "kind")
