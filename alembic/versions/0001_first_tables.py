"""Clients, floor, calls and identity, each project by itself."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

THIS_PROJECT = "nullif(current_setting('tierline.project_id', true), '')::bigint"
TABLES = [
    "projects",
    "call_events",
    "clients",
    "decisions",
    "import_mappings",
    "lines",
    "service_tokens",
    "services",
    "skills",
    "teams",
    "users",
    "agents",
    "client_choices",
    "client_phones",
    "client_revenue",
    "contracts",
    "line_numbers",
    "offers",
    "policies",
    "sessions",
    "agent_skills",
    "agent_teams",
    "calls",
    "cases",
    "client_personal_agents",
    "entitlements",
    "interactions",
    "line_agents",
    "notes",
]


def project() -> sa.Column[int]:
    return sa.Column("project_id", sa.BigInteger(), server_default=sa.text(THIS_PROJECT), nullable=False)


def identity() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def since_now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "projects",
        identity(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), server_default=sa.text("'Europe/Moscow'"), nullable=False),
        since_now("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("code", name="uq_projects_code"),
    )
    op.create_table(
        "call_events",
        project(),
        identity(),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_call_events_project_id"),
        sa.PrimaryKeyConstraint("project_id", "id", "at", name="pk_call_events"),
    )
    op.create_index("ix_call_events_call", "call_events", ["project_id", "pbx", "call_id", "at"])
    op.create_table(
        "clients",
        project(),
        identity(),
        sa.Column("external_id", sa.Text()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'person'"), nullable=False),
        sa.Column("segment", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("currency", sa.Text(), server_default=sa.text("'RUB'"), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("born_on", sa.Date()),
        sa.Column("client_since", sa.Date()),
        sa.Column("blocked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("service_level", sa.Text()),
        sa.Column("merged_into", sa.BigInteger()),
        sa.Column("facts", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        since_now("created_at"),
        since_now("updated_at"),
        sa.CheckConstraint("kind IN ('person', 'company')", name=op.f("ck_clients_kind")),
        sa.CheckConstraint("language IN ('ru', 'en')", name=op.f("ck_clients_language")),
        sa.CheckConstraint(
            "service_level IN ('standard', 'vip', 'golden')", name=op.f("ck_clients_service_level")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "merged_into"],
            ["clients.project_id", "clients.id"],
            name="fk_clients_project_id_merged_into",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_clients_project_id"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_clients"),
    )
    op.create_index("ix_clients_name_key", "clients", ["project_id", "name_key"])
    op.create_index("uq_clients_external_id", "clients", ["project_id", "external_id"], unique=True)
    op.create_table(
        "decisions",
        project(),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        since_now("at"),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("because", sa.JSON(), nullable=False),
        sa.Column("policy_version", sa.Integer()),
        sa.Column("took_ms", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_decisions_project_id"),
        sa.PrimaryKeyConstraint("project_id", "pbx", "call_id", "at", name="pk_decisions"),
    )
    op.create_table(
        "import_mappings",
        project(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mapping", JSONB(), nullable=False),
        since_now("updated_at"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_import_mappings_project_id"),
        sa.PrimaryKeyConstraint("project_id", "name", name="pk_import_mappings"),
    )
    op.create_table(
        "lines",
        project(),
        identity(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("position", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("targets", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_lines_project_id"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_lines"),
    )
    op.create_index("uq_lines_code", "lines", ["project_id", "code"], unique=True)
    op.create_index(
        "uq_lines_default",
        "lines",
        ["project_id", "pbx"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_index("uq_lines_queue", "lines", ["project_id", "pbx", "queue"], unique=True)
    op.create_table(
        "service_tokens",
        project(),
        identity(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        since_now("created_at"),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_service_tokens_project_id"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_service_tokens"),
    )
    op.create_index("uq_service_tokens_name", "service_tokens", ["project_id", "name"], unique=True)
    op.create_index(
        "uq_service_tokens_token_sha256", "service_tokens", ["project_id", "token_sha256"], unique=True
    )
    op.create_table(
        "services",
        project(),
        identity(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_services_project_id"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_services"),
    )
    op.create_index("uq_services_code", "services", ["project_id", "code"], unique=True)
    op.create_table(
        "skills",
        project(),
        identity(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_skills_project_id"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_skills"),
    )
    op.create_index("uq_skills_code", "skills", ["project_id", "code"], unique=True)
    op.create_table(
        "teams",
        project(),
        identity(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_teams_project_id"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_teams"),
    )
    op.create_index("uq_teams_code", "teams", ["project_id", "code"], unique=True)
    op.create_table(
        "users",
        project(),
        identity(),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("language", sa.Text(), server_default=sa.text("'ru'"), nullable=False),
        sa.Column("theme", sa.Text(), server_default=sa.text("'auto'"), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        since_now("created_at"),
        sa.CheckConstraint("language IN ('ru', 'en')", name=op.f("ck_users_language")),
        sa.CheckConstraint("role IN ('agent', 'supervisor', 'admin')", name=op.f("ck_users_role")),
        sa.CheckConstraint("theme IN ('auto', 'light', 'dark')", name=op.f("ck_users_theme")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_users_project_id"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_users"),
    )
    op.create_index("uq_users_login", "users", ["project_id", "login"], unique=True)
    op.create_table(
        "agents",
        project(),
        identity(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'ru'"), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("signed_in", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("pauses", ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        since_now("since"),
        sa.Column("disabled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("language IN ('ru', 'en')", name=op.f("ck_agents_language")),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"], ["users.project_id", "users.id"], name="fk_agents_project_id_user_id"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_agents_project_id"),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_agents"),
    )
    op.create_index("uq_agents_code", "agents", ["project_id", "code"], unique=True)
    op.create_index("uq_agents_interface", "agents", ["project_id", "pbx", "interface"], unique=True)
    op.create_index("uq_agents_user_id", "agents", ["project_id", "user_id"], unique=True)
    op.create_table(
        "client_choices",
        project(),
        sa.Column("phone", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        since_now("chosen_at"),
        sa.ForeignKeyConstraint(
            ["project_id", "client_id"],
            ["clients.project_id", "clients.id"],
            name="fk_client_choices_project_id_client_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "phone", name="pk_client_choices"),
    )
    op.create_index("ix_client_choices_client_id", "client_choices", ["project_id", "client_id"])
    op.create_table(
        "client_phones",
        project(),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("phone", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text()),
        sa.Column("is_primary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "client_id"],
            ["clients.project_id", "clients.id"],
            name="fk_client_phones_project_id_client_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "client_id", "phone", name="pk_client_phones"),
    )
    op.create_index(
        "ix_client_phones_phone",
        "client_phones",
        ["project_id", "phone"],
        unique=False,
        postgresql_include=["client_id"],
    )
    op.create_table(
        "client_revenue",
        project(),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "client_id"],
            ["clients.project_id", "clients.id"],
            name="fk_client_revenue_project_id_client_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "client_id", "month", name="pk_client_revenue"),
    )
    op.create_table(
        "contracts",
        project(),
        identity(),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("service_level", sa.Text(), server_default=sa.text("'standard'"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date()),
        sa.Column(
            "monthly_fee", sa.Numeric(precision=12, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("sla_minutes", sa.Integer()),
        sa.CheckConstraint(
            "service_level IN ('standard', 'vip', 'golden')", name=op.f("ck_contracts_service_level")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "client_id"],
            ["clients.project_id", "clients.id"],
            name="fk_contracts_project_id_client_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "service_id"],
            ["services.project_id", "services.id"],
            name="fk_contracts_project_id_service_id",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_contracts"),
    )
    op.create_index(
        "ix_contracts_client_id_expires_on", "contracts", ["project_id", "client_id", "expires_on"]
    )
    op.create_index("uq_contracts_number", "contracts", ["project_id", "number"], unique=True)
    op.create_table(
        "line_numbers",
        project(),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("dnis", sa.Text(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "line_id"],
            ["lines.project_id", "lines.id"],
            name="fk_line_numbers_project_id_line_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "pbx", "dnis", name="pk_line_numbers"),
    )
    op.create_index("ix_line_numbers_line_id", "line_numbers", ["project_id", "line_id"])
    op.create_table(
        "offers",
        project(),
        identity(),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("valid_until", sa.Date()),
        since_now("created_at"),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'later', 'declined')", name=op.f("ck_offers_state")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "client_id"],
            ["clients.project_id", "clients.id"],
            name="fk_offers_project_id_client_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_offers"),
    )
    op.create_index("ix_offers_client_id", "offers", ["project_id", "client_id"])
    op.create_table(
        "policies",
        project(),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_by", sa.BigInteger()),
        since_now("created_at"),
        sa.ForeignKeyConstraint(
            ["project_id", "created_by"],
            ["users.project_id", "users.id"],
            name="fk_policies_project_id_created_by",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_policies_project_id"),
        sa.PrimaryKeyConstraint("project_id", "version", name="pk_policies"),
    )
    op.create_index(
        "uq_policies_active", "policies", ["project_id"], unique=True, postgresql_where=sa.text("active")
    )
    op.create_table(
        "sessions",
        project(),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        since_now("created_at"),
        since_now("last_seen_at"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ip", sa.Text()),
        sa.Column("user_agent", sa.Text()),
        sa.ForeignKeyConstraint(
            ["project_id", "user_id"],
            ["users.project_id", "users.id"],
            name="fk_sessions_project_id_user_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "token_sha256", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["project_id", "expires_at"])
    op.create_index("ix_sessions_user_id", "sessions", ["project_id", "user_id"])
    op.create_table(
        "agent_skills",
        project(),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("skill_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), server_default=sa.text("5"), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 10", name=op.f("ck_agent_skills_level")),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name="fk_agent_skills_project_id_agent_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "skill_id"],
            ["skills.project_id", "skills.id"],
            name="fk_agent_skills_project_id_skill_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "agent_id", "skill_id", name="pk_agent_skills"),
    )
    op.create_index("ix_agent_skills_skill_id", "agent_skills", ["project_id", "skill_id"])
    op.create_table(
        "agent_teams",
        project(),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name="fk_agent_teams_project_id_agent_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "team_id"],
            ["teams.project_id", "teams.id"],
            name="fk_agent_teams_project_id_team_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "agent_id", "team_id", name="pk_agent_teams"),
    )
    op.create_index("ix_agent_teams_team_id", "agent_teams", ["project_id", "team_id"])
    op.create_table(
        "calls",
        project(),
        identity(),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("ani", sa.Text()),
        sa.Column("ani_name", sa.Text()),
        sa.Column("dnis", sa.Text()),
        sa.Column("client_id", sa.BigInteger()),
        sa.Column("line", sa.Text()),
        sa.Column("topic", sa.Text()),
        sa.Column("tier", sa.Text()),
        sa.Column("priority", sa.BigInteger()),
        sa.Column("outcome", sa.Text()),
        sa.Column("ended_by", sa.Text()),
        sa.Column("joined_at", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("wait_s", sa.Double()),
        sa.Column("total_wait_s", sa.Double()),
        sa.Column("talk_s", sa.Double()),
        sa.Column("agent_id", sa.BigInteger()),
        sa.Column("answered_by", sa.Text()),
        sa.Column("doubtful", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('answered', 'abandoned', 'unanswered', 'rejected', 'failed')",
            name=op.f("ck_calls_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name="fk_calls_project_id_agent_id",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "client_id"],
            ["clients.project_id", "clients.id"],
            name="fk_calls_project_id_client_id",
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_calls_project_id"),
        sa.PrimaryKeyConstraint("project_id", "id", "started_at", name="pk_calls"),
    )
    op.create_index(
        "ix_calls_agent_id",
        "calls",
        ["project_id", "agent_id"],
        unique=False,
        postgresql_where=sa.text("agent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_calls_client_id",
        "calls",
        ["project_id", "client_id"],
        unique=False,
        postgresql_where=sa.text("client_id IS NOT NULL"),
    )
    op.create_index("ix_calls_started_at", "calls", ["project_id", sa.literal_column("started_at DESC")])
    op.create_index("uq_calls_call", "calls", ["project_id", "pbx", "call_id"], unique=True)
    op.create_table(
        "cases",
        project(),
        identity(),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("topic", sa.Text()),
        since_now("opened_at"),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("agent_id", sa.BigInteger()),
        sa.CheckConstraint("kind IN ('request', 'complaint', 'task')", name=op.f("ck_cases_kind")),
        sa.CheckConstraint(
            "status IN ('open', 'in_progress', 'waiting', 'closed')", name=op.f("ck_cases_status")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name="fk_cases_project_id_agent_id",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "client_id"],
            ["clients.project_id", "clients.id"],
            name="fk_cases_project_id_client_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_cases"),
    )
    op.create_index(
        "ix_cases_open",
        "cases",
        ["project_id", "client_id", "due_at"],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_cases_client_id", "cases", ["project_id", "client_id"])
    op.create_index(
        "ix_cases_due_at",
        "cases",
        ["project_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "client_personal_agents",
        project(),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name="fk_client_personal_agents_project_id_agent_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "client_id"],
            ["clients.project_id", "clients.id"],
            name="fk_client_personal_agents_project_id_client_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "client_id", "rank", name="pk_client_personal_agents"),
    )
    op.create_index(
        "uq_client_personal_agents",
        "client_personal_agents",
        ["project_id", "agent_id", "client_id"],
        unique=True,
    )
    op.create_table(
        "entitlements",
        project(),
        identity(),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("included", sa.Numeric(precision=12, scale=2)),
        sa.Column("used", sa.Numeric(precision=12, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("price", sa.Numeric(precision=12, scale=2)),
        sa.ForeignKeyConstraint(
            ["project_id", "contract_id"],
            ["contracts.project_id", "contracts.id"],
            name="fk_entitlements_project_id_contract_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_entitlements"),
    )
    op.create_index("ix_entitlements_contract_id_id", "entitlements", ["project_id", "contract_id", "id"])
    op.create_table(
        "interactions",
        project(),
        identity(),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), server_default=sa.text("'in'"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.Text()),
        sa.Column("summary", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("agent_id", sa.BigInteger()),
        sa.Column("disposition", sa.Text()),
        sa.Column("duration_s", sa.Integer()),
        sa.Column("pbx", sa.Text()),
        sa.Column("call_id", sa.Text()),
        sa.CheckConstraint(
            "channel IN ('phone', 'web', 'chat', 'email', 'fax', 'ivr', 'shop')",
            name=op.f("ck_interactions_channel"),
        ),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_interactions_direction")),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name="fk_interactions_project_id_agent_id",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "client_id"],
            ["clients.project_id", "clients.id"],
            name="fk_interactions_project_id_client_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_interactions"),
    )
    op.create_index(
        "ix_interactions_client_id_at",
        "interactions",
        ["project_id", "client_id", sa.literal_column("at DESC")],
    )
    op.create_index(
        "uq_interactions_call",
        "interactions",
        ["project_id", "pbx", "call_id", "client_id"],
        unique=True,
        postgresql_where=sa.text("call_id IS NOT NULL"),
    )
    op.create_table(
        "line_agents",
        project(),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name="fk_line_agents_project_id_agent_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "line_id"],
            ["lines.project_id", "lines.id"],
            name="fk_line_agents_project_id_line_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "line_id", "agent_id", name="pk_line_agents"),
    )
    op.create_index("ix_line_agents_agent_id", "line_agents", ["project_id", "agent_id"])
    op.create_table(
        "notes",
        project(),
        identity(),
        sa.Column("client_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("pbx", sa.Text()),
        sa.Column("call_id", sa.Text()),
        since_now("created_at"),
        since_now("updated_at"),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name="fk_notes_project_id_agent_id",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "client_id"],
            ["clients.project_id", "clients.id"],
            name="fk_notes_project_id_client_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name="pk_notes"),
    )
    op.create_index(
        "ix_notes_client_id_updated_at",
        "notes",
        ["project_id", "client_id", sa.literal_column("updated_at DESC")],
    )
    for table in TABLES:
        if table != "projects":
            isolate(table)
    op.execute("INSERT INTO projects (id, code, name) VALUES (1, 'default', 'Default')")
    op.execute("ALTER TABLE projects ALTER COLUMN id RESTART WITH 2")


def isolate(table: str) -> None:
    """Every later table with `project_id` needs the same three statements; a test looks for them.

    Also the owner is bound (FORCE). An unset project compares with NULL: no rows, no error.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_project ON {table} USING (project_id = {THIS_PROJECT})")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
