"""Services, contracts with their service level and expiry, and what they entitle to."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Index, Integer, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.tables import Id, Owned, Record, in_project, one_of, points_at


class Service(Owned, Record):
    """What the company sells."""

    __tablename__ = "services"
    __table_args__ = (
        in_project(),
        Index("uq_services_code", "project_id", "code", unique=True),
    )

    id: Mapped[Id]
    code: Mapped[str]
    name: Mapped[str]


class Contract(Owned, Record):
    """`sla_minutes`: within which time this client is promised an answer to a request. `expires_on` None: open-ended."""

    __tablename__ = "contracts"
    __table_args__ = (
        one_of("service_level", "standard", "vip", "golden"),
        points_at("clients", "client_id", ondelete="CASCADE"),
        points_at("services", "service_id"),
        Index("uq_contracts_number", "project_id", "number", unique=True),
        Index("ix_contracts_client_id_expires_on", "project_id", "client_id", "expires_on"),
    )

    id: Mapped[Id]
    client_id: Mapped[int]
    service_id: Mapped[int]
    number: Mapped[str]
    service_level: Mapped[str] = mapped_column(server_default=text("'standard'"))
    starts_on: Mapped[date]
    expires_on: Mapped[date | None]
    monthly_fee: Mapped[Decimal] = mapped_column(Numeric(12, 2), server_default=text("0"))
    sla_minutes: Mapped[int | None] = mapped_column(Integer)


class Entitlement(Owned, Record):
    """What is free and what must be paid. `included` None: unlimited. `price`: of one more `unit`; None: not offered."""

    __tablename__ = "entitlements"
    __table_args__ = (
        points_at("contracts", "contract_id", ondelete="CASCADE"),
        Index("ix_entitlements_contract_id_id", "project_id", "contract_id", "id"),
    )

    id: Mapped[Id]
    contract_id: Mapped[int]
    name: Mapped[str]
    unit: Mapped[str]
    included: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    used: Mapped[Decimal] = mapped_column(Numeric(12, 2), server_default=text("0"))
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
