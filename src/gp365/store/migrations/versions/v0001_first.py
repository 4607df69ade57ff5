"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, _TEXT, nullable=null)


def _number(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _bytes(name: str, *, null: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=null)


def _index(name: str, table: str, *columns: str, unique: bool = False, where: str = "") -> None:
    partial = sa.text(where) if where else None
    op.create_index(name, table, list(columns), unique=unique, sqlite_where=partial, postgresql_where=partial)


def _action() -> None:
    op.create_table(
        "action",
        _text("id"),
        _text("name"),
        _bytes("arguments"),
        _text("actor"),
        _text("state"),
        _bytes("answer", null=True),
        _number("made_at"),
        _number("ended_at", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_action"),
    )
    _index("ix_action_state", "action", "state", "made_at")


def _chain() -> None:
    op.create_table(
        "chain",
        _text("name"),
        _number("position"),
        _bytes("hash"),
        sa.PrimaryKeyConstraint("name", name="pk_chain"),
        sqlite_with_rowid=False,
    )


def _counter() -> None:
    op.create_table(
        "counter",
        _text("name"),
        _number("value"),
        sa.PrimaryKeyConstraint("name", name="pk_counter"),
        sqlite_with_rowid=False,
    )


def _cursor() -> None:
    op.create_table(
        "cursor",
        _text("pair"),
        _text("flow"),
        _text("side"),
        _text("value"),
        _text("digest"),
        _number("set_at"),
        sa.PrimaryKeyConstraint("pair", "flow", "side", name="pk_cursor"),
    )


def _flow_version() -> None:
    op.create_table(
        "flow_version",
        _text("digest"),
        _text("flow"),
        _bytes("body"),
        _bytes("row_prints"),
        _number("made_at"),
        sa.PrimaryKeyConstraint("digest", name="pk_flow_version"),
    )


def _input() -> None:
    op.create_table(
        "input",
        _text("hash"),
        _bytes("body"),
        sa.PrimaryKeyConstraint("hash", name="pk_input"),
    )


def _intent() -> None:
    op.create_table(
        "intent",
        _text("id"),
        _text("run"),
        _text("pair"),
        _text("flow"),
        _text("subject"),
        _text("op"),
        _text("system"),
        _text("entity"),
        _text("side"),
        _text("key"),
        _text("source_side"),
        _text("source_key"),
        _text("reference"),
        _bytes("planned"),
        _bytes("before_image"),
        _text("inputs"),
        _bytes("overruled"),
        _number("send_by"),
        _number("settled_after"),
        _number("lease"),
        _text("state"),
        _number("made_at"),
        _number("ended_at", null=True),
        sa.Column("window_ms", sa.Double[float](), nullable=True),
        _text("version"),
        sa.PrimaryKeyConstraint("id", name="pk_intent"),
    )
    _index("ix_intent_open", "intent", "pair", "flow", where="state = 'open'")
    _index("ix_intent_reference", "intent", "reference")
    _index("ix_intent_run", "intent", "run")
    _index("ix_intent_target", "intent", "key", "entity", "system", "made_at")
    _index("uq_intent_open", "intent", "key", "entity", "system", unique=True, where="state = 'open'")


def _lease() -> None:
    op.create_table(
        "lease",
        _text("name"),
        _number("number"),
        _text("holder"),
        _number("until"),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
        sqlite_with_rowid=False,
    )


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        _text("chain"),
        _number("position"),
        _bytes("prev_hash"),
        _bytes("hash"),
        _text("kind"),
        _number("at"),
        _text("actor"),
        _text("run"),
        _text("flow_digest"),
        _text("subject"),
        sa.Column("subjects", sa.Integer(), nullable=False),
        _text("disposition"),
        _bytes("payload_hash", null=True),
        _bytes("payload", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
        sa.UniqueConstraint("chain", "position", name="uq_ledger_position"),
        sa.UniqueConstraint("prev_hash", "chain", name="uq_ledger_prev"),
        sqlite_autoincrement=True,
    )
    _index("ix_ledger_run", "ledger", "run")
    _index("ix_ledger_subject", "ledger", "subject", "chain", where="subject <> ''")


def _link() -> None:
    op.create_table(
        "link",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        _text("pair"),
        _text("flow"),
        _text("left_key", null=True),
        _text("right_key", null=True),
        _text("left_birth"),
        _text("right_birth"),
        _bytes("left_print"),
        _bytes("right_print"),
        _text("left_version"),
        _text("right_version"),
        _bytes("agreed"),
        _text("agreed_digest"),
        _text("state"),
        _text("made_by"),
        _text("run"),
        sa.PrimaryKeyConstraint("id", name="pk_link"),
        sa.UniqueConstraint("left_key", "pair", "flow", name="uq_link_left"),
        sa.UniqueConstraint("right_key", "pair", "flow", name="uq_link_right"),
        sqlite_autoincrement=True,
    )
    _index("ix_link_left_birth", "link", "left_birth", "pair", "flow", where="left_birth <> ''")
    _index("ix_link_right_birth", "link", "right_birth", "pair", "flow", where="right_birth <> ''")


def _match_key() -> None:
    op.create_table(
        "match_key",
        _text("key"),
        sa.Column("rule", sa.Integer(), nullable=False),
        _text("side"),
        _text("pair"),
        _text("flow"),
        _text("norm"),
        sa.PrimaryKeyConstraint("key", "rule", "side", "pair", "flow", name="pk_match_key"),
        sqlite_with_rowid=False,
    )
    _index("ix_match_norm", "match_key", "norm", "rule", "side", "flow", "pair")


def _meta() -> None:
    op.create_table(
        "meta",
        _text("name"),
        _text("value"),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
        sqlite_with_rowid=False,
    )


def _parked() -> None:
    op.create_table(
        "parked",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        _text("pair"),
        _text("flow"),
        _text("subject"),
        _text("field"),
        _text("code"),
        _text("message"),
        _text("fix"),
        _text("left_key", null=True),
        _text("right_key", null=True),
        _bytes("shown"),
        _text("shown_digest"),
        _text("run"),
        _text("state"),
        _number("made_at"),
        _number("seen_at"),
        _number("ended_at", null=True),
        _bytes("resolution", null=True),
        _text("resolved_by"),
        _number("resolved_at", null=True),
        sa.PrimaryKeyConstraint("id", name="pk_parked"),
        sqlite_autoincrement=True,
    )
    _index(
        "uq_parked_open", "parked", "pair", "flow", "subject", "field", unique=True, where="state = 'open'"
    )


def _reservation() -> None:
    op.create_table(
        "reservation",
        _text("key"),
        _text("entity"),
        _text("system"),
        _text("owner"),
        _number("made_at"),
        sa.PrimaryKeyConstraint("key", "entity", "system", name="pk_reservation"),
        sa.UniqueConstraint("owner", "entity", "system", name="uq_reservation_owner"),
    )


def _run() -> None:
    op.create_table(
        "run",
        _text("id"),
        _text("pair"),
        _text("flow"),
        _text("kind"),
        _text("actor"),
        _text("flow_digest"),
        _text("state"),
        _number("begun_at"),
        _number("ended_at", null=True),
        _bytes("counts"),
        sa.Column("balanced", sa.Boolean(), nullable=True),
        sa.Column("clean", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    _index("ix_run_scope", "run", "pair", "flow", "begun_at")


def _run_subject() -> None:
    op.create_table(
        "run_subject",
        _text("run"),
        _text("subject"),
        sa.PrimaryKeyConstraint("run", "subject", name="pk_run_subject"),
        sqlite_with_rowid=False,
    )


def _subject_claim() -> None:
    op.create_table(
        "subject_claim",
        _text("pair"),
        _text("flow"),
        _text("subject"),
        _text("claimed_as"),
        _number("lease"),
        _number("claimed_at"),
        sa.PrimaryKeyConstraint("pair", "flow", "subject", name="pk_subject_claim"),
        sqlite_with_rowid=False,
    )
    _index("ix_claim_first", "subject_claim", "claimed_as", "pair", "flow")


def _vault() -> None:
    op.create_table(
        "vault",
        _text("name"),
        _text("key_id"),
        _bytes("nonce"),
        _bytes("sealed"),
        _number("set_at"),
        sa.PrimaryKeyConstraint("name", name="pk_vault"),
    )


def _wait() -> None:
    op.create_table(
        "wait",
        _text("key"),
        _text("side"),
        _text("pair"),
        _text("flow"),
        _text("field"),
        _text("on_flow"),
        _text("on_side"),
        _text("on_key"),
        sa.PrimaryKeyConstraint(
            "key", "side", "pair", "flow", "field", "on_flow", "on_side", "on_key", name="pk_wait"
        ),
        sqlite_with_rowid=False,
    )
    _index("ix_wait_on", "wait", "on_key", "on_side", "on_flow", "pair")


def _work() -> None:
    op.create_table(
        "work",
        _text("key"),
        _text("side"),
        _text("pair"),
        _text("flow"),
        _number("seq"),
        _text("reason"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _number("enqueued"),
        _number("due_at", null=True),
        _number("lease", null=True),
        _text("subject", null=True),
        _text("queue"),
        sa.PrimaryKeyConstraint("key", "side", "pair", "flow", name="pk_work"),
        sqlite_with_rowid=False,
    )
    _index("ix_work_order", "work", "queue", "enqueued")
    _index("ix_work_subject", "work", "subject", "pair", "flow", where="subject IS NOT NULL")


def upgrade() -> None:
    """Make every table."""
    _action()
    _chain()
    _counter()
    _cursor()
    _flow_version()
    _input()
    _intent()
    _lease()
    _ledger()
    _link()
    _match_key()
    _meta()
    _parked()
    _reservation()
    _run()
    _run_subject()
    _subject_claim()
    _vault()
    _wait()
    _work()
