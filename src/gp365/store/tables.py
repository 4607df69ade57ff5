"""The schema: one set of tables for SQLite and PostgreSQL.

A change here needs a new revision in `migrations/versions`; a test compares both.

Indexes begin with their most selective column, and the queue has a column of its own for its order: PostgreSQL keeps no
figures about a table that has just been filled, and then takes any index that begins with (pair, flow).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from gp365.store.columns import ByteText, Moment, Packed, RowId

metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, ByteText, primary_key=key, nullable=False)


def _maybe_text(name: str) -> Column[str]:
    return Column(name, ByteText, nullable=True)


def _scope(*, key: bool = False) -> tuple[Column[str], Column[str]]:
    return _text("pair", key=key), _text("flow", key=key)


meta = Table("meta", metadata, _text("name", key=True), _text("value"), sqlite_with_rowid=False)

counter = Table(
    "counter",
    metadata,
    _text("name", key=True),
    Column("value", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

flow_version = Table(
    "flow_version",
    metadata,
    _text("digest", key=True),
    _text("flow"),
    Column("body", Packed, nullable=False),
    Column("row_prints", Packed, nullable=False),
    Column("made_at", Moment, nullable=False),
)

run = Table(
    "run",
    metadata,
    _text("id", key=True),
    *_scope(),
    _text("kind"),
    _text("actor"),
    _text("flow_digest"),
    _text("state"),
    Column("begun_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("counts", Packed, nullable=False),
    Column("balanced", Boolean, nullable=True),
    Column("clean", Boolean, nullable=True),
    Index("ix_run_scope", "pair", "flow", "begun_at"),
)

run_subject = Table(
    "run_subject", metadata, _text("run", key=True), _text("subject", key=True), sqlite_with_rowid=False
)

work = Table(
    "work",
    metadata,
    _text("key", key=True),
    _text("side", key=True),
    *_scope(key=True),
    Column("seq", BigInteger, nullable=False),
    _text("reason"),
    Column("attempts", Integer, nullable=False),
    Column("enqueued", BigInteger, nullable=False),
    Column("due_at", Moment, nullable=True),
    Column("lease", BigInteger, nullable=True),
    _maybe_text("subject"),
    _text("queue"),
    Index("ix_work_order", "queue", "enqueued"),
    Index(
        "ix_work_subject",
        "subject",
        "pair",
        "flow",
        sqlite_where=text("subject IS NOT NULL"),
        postgresql_where=text("subject IS NOT NULL"),
    ),
    Index(
        "ix_work_told",
        "queue",
        "enqueued",
        sqlite_where=text("reason = 'hint'"),
        postgresql_where=text("reason = 'hint'"),
    ),
    sqlite_with_rowid=False,
)

subject_claim = Table(
    "subject_claim",
    metadata,
    *_scope(key=True),
    _text("subject", key=True),
    _text("claimed_as"),  # the name it was claimed by, when it became a link meanwhile
    Column("lease", BigInteger, nullable=False),
    Column("claimed_at", Moment, nullable=False),
    Index("ix_claim_first", "claimed_as", "pair", "flow"),
    sqlite_with_rowid=False,
)

_OPEN = text("state = 'open'")
link = Table(
    "link",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    *_scope(),
    _maybe_text("left_key"),
    _maybe_text("right_key"),
    _text("left_birth"),
    _text("right_birth"),
    Column("left_print", LargeBinary, nullable=False),
    Column("right_print", LargeBinary, nullable=False),
    _text("left_version"),
    _text("right_version"),
    Column("agreed", Packed, nullable=False),
    _text("agreed_digest"),
    _text("state"),
    _text("made_by"),
    _text("run"),
    # In state shared: the record that the missing end has in common with another link.
    _maybe_text("shared_key"),
    UniqueConstraint("left_key", "pair", "flow", name="uq_link_left"),
    UniqueConstraint("right_key", "pair", "flow", name="uq_link_right"),
    *(
        Index(
            f"ix_link_{end}_birth",
            f"{end}_birth",
            "pair",
            "flow",
            sqlite_where=text(f"{end}_birth <> ''"),
            postgresql_where=text(f"{end}_birth <> ''"),
        )
        for end in ("left", "right")
    ),
    Index("ix_link_open", "pair", "flow", sqlite_where=_OPEN, postgresql_where=_OPEN),
    sqlite_autoincrement=True,
)

match_key = Table(
    "match_key",
    metadata,
    _text("key", key=True),
    Column("rule", Integer, primary_key=True, autoincrement=False),
    _text("side", key=True),
    *_scope(key=True),
    _text("norm"),
    Index("ix_match_norm", "norm", "rule", "side", "flow", "pair"),
    sqlite_with_rowid=False,
)

similar_card = Table(
    "similar_card",
    metadata,
    Column("number", RowId, primary_key=True, autoincrement=True),
    _text("key"),
    _text("side"),
    _text("flow"),
    _text("pair"),
    _text("body"),
    Index("uq_similar_card", "key", "side", "flow", "pair", unique=True),
)

similar_block = Table(
    "similar_block",
    metadata,
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("card", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

intent = Table(
    "intent",
    metadata,
    _text("id", key=True),
    _text("run"),
    *_scope(),
    _text("subject"),
    _text("op"),
    _text("system"),
    _text("entity"),
    _text("side"),
    _text("key"),
    _text("source_side"),
    _text("source_key"),
    _text("reference"),
    Column("planned", Packed, nullable=False),
    Column("before_image", Packed, nullable=False),
    _text("inputs"),
    Column("overruled", Packed, nullable=False),
    Column("send_by", Moment, nullable=False),
    Column("settled_after", Moment, nullable=False),
    Column("lease", BigInteger, nullable=False),
    _text("state"),
    Column("made_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("window_ms", Double, nullable=True),
    _text("version"),
    Index(
        "uq_intent_open",
        "key",
        "entity",
        "system",
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
    Index("ix_intent_open", "pair", "flow", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("ix_intent_target", "key", "entity", "system", "made_at"),
    Index("ix_intent_reference", "reference"),
    Index("ix_intent_run", "run"),
)

# Writes that are to be read back (state due), and those that did not stand (standing); one row per record.
verification = Table(
    "verification",
    metadata,
    Column("number", RowId, primary_key=True, autoincrement=True),
    _text("key"),
    _text("entity"),
    _text("system"),
    _text("flow"),
    _text("pair"),
    _text("side"),
    _text("intent"),
    _text("run"),
    _text("subject"),
    Column("expected", Packed, nullable=False),
    _text("version"),
    _text("birth"),
    _text("state"),
    Column("found", Packed, nullable=False),
    Column("done_at", Moment, nullable=False),
    Index("uq_verification", "key", "entity", "system", "flow", "pair", unique=True),
    sqlite_autoincrement=True,
)

input_body = Table(
    "input",
    metadata,
    _text("hash", key=True),
    Column("body", Packed, nullable=False),
)

chain = Table(
    "chain",
    metadata,
    _text("name", key=True),
    Column("position", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    _text("chain"),
    Column("position", BigInteger, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    _text("kind"),
    Column("at", Moment, nullable=False),
    _text("actor"),
    _text("run"),
    _text("flow_digest"),
    _text("subject"),
    Column("subjects", Integer, nullable=False),
    _text("disposition"),
    Column("payload_hash", LargeBinary, nullable=True),
    Column("payload", Packed, nullable=True),
    UniqueConstraint("prev_hash", "chain", name="uq_ledger_prev"),
    UniqueConstraint("chain", "position", name="uq_ledger_position"),
    Index("ix_ledger_run", "run"),
    Index(
        "ix_ledger_subject",
        "subject",
        "chain",
        sqlite_where=text("subject <> ''"),
        postgresql_where=text("subject <> ''"),
    ),
    sqlite_autoincrement=True,
)

cursor = Table(
    "cursor",
    metadata,
    *_scope(key=True),
    _text("side", key=True),
    _text("value"),
    _text("digest"),
    Column("set_at", Moment, nullable=False),
)

parked = Table(
    "parked",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    *_scope(),
    _text("subject"),
    _text("field"),
    _text("code"),
    _text("message"),
    _text("fix"),
    _maybe_text("left_key"),
    _maybe_text("right_key"),
    Column("shown", Packed, nullable=False),
    _text("shown_digest"),
    # The base, who and when: shown, but no part of the values that a decision is tied to.
    Column("about", Packed, nullable=True),
    _text("run"),
    _text("state"),
    Column("made_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment, nullable=True),
    Column("resolution", Packed, nullable=True),
    _text("resolved_by"),
    Column("resolved_at", Moment, nullable=True),
    Index(
        "uq_parked_open",
        "pair",
        "flow",
        "subject",
        "field",
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
    sqlite_autoincrement=True,
)

wait = Table(
    "wait",
    metadata,
    _text("key", key=True),
    _text("side", key=True),
    *_scope(key=True),
    _text("field", key=True),
    _text("on_flow", key=True),
    _text("on_side", key=True),
    _text("on_key", key=True),
    Index("ix_wait_on", "on_key", "on_side", "on_flow", "pair"),
    sqlite_with_rowid=False,
)

sighting = Table(
    "sighting",
    metadata,
    Column("link", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Packed, nullable=False),
    sqlite_with_rowid=False,
)

reservation = Table(
    "reservation",
    metadata,
    _text("key", key=True),
    _text("entity", key=True),
    _text("system", key=True),
    _text("owner"),
    Column("made_at", Moment, nullable=False),
    UniqueConstraint("owner", "entity", "system", name="uq_reservation_owner"),
)

# What a record was an end of before it was merged into another one.
former_end = Table(
    "former_end",
    metadata,
    _text("key", key=True),
    Column("link", BigInteger, primary_key=True, autoincrement=False),
    _text("side", key=True),
    _text("flow", key=True),
    _text("pair", key=True),
    _text("birth"),
    Column("left_at", Moment, nullable=False),
    Index("ix_former_end_link", "link"),
)

lease = Table(
    "lease",
    metadata,
    _text("name", key=True),
    Column("number", BigInteger, nullable=False),
    _text("holder"),
    Column("until", Moment, nullable=False),
    sqlite_with_rowid=False,
)

vault = Table(
    "vault",
    metadata,
    _text("name", key=True),
    _text("key_id"),
    Column("nonce", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("set_at", Moment, nullable=False),
)

guard = Table(
    "guard",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    *_scope(),  # flow "": the whole pair
    _text("side"),
    _text("code"),
    _text("message"),
    Column("shown", Packed, nullable=False),
    _text("run"),
    _text("state"),  # open, released, ended
    Column("made_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    _text("released_by"),
    Column("released_at", Moment, nullable=True),
    Index(
        "uq_guard_open",
        "pair",
        "flow",
        "side",
        "code",
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
    sqlite_autoincrement=True,
)

# What the guards let through: a record is counted once per operation within the window. Operation `gone`: a linked record
# that is known to have vanished, for as long as it stays away; 1970 where a person let it go.
passed = Table(
    "passed",
    metadata,
    _text("subject", key=True),
    _text("operation", key=True),
    _text("side", key=True),
    *_scope(key=True),
    Column("at", Moment, nullable=False),
    Index("ix_passed_window", "at", "pair", "flow"),
    sqlite_with_rowid=False,
)

epoch = Table(
    "epoch",
    metadata,
    _text("pair", key=True),
    _text("side", key=True),
    _text("value"),
    Column("set_at", Moment, nullable=False),
)

contribution = Table(
    "contribution",
    metadata,
    _text("shared_key", key=True),
    _text("rollup", key=True),
    _text("entity", key=True),
    _text("system", key=True),
    _text("source_key", key=True),
    _text("pair", key=True),
    _text("currency"),
    _maybe_text("amount"),  # None: not known yet
    Column("set_at", Moment, nullable=False),
    Index("ix_contribution_source", "source_key", "pair", "rollup"),
    sqlite_with_rowid=False,
)

# What somebody told us to look at; `mark` is another one each time it is told again.
hint = Table(
    "hint",
    metadata,
    _text("key", key=True),
    _text("entity", key=True),
    _text("system", key=True),
    _text("message"),
    _text("operation"),
    _text("tag"),
    _text("mark"),
    Column("told", BigInteger, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_hint_order", "first_at", "system"),
    sqlite_with_rowid=False,
)

# Commands that a person gave while the service held the folder; it runs them one after the other, and answers here.
action = Table(
    "action",
    metadata,
    _text("id", key=True),
    _text("command"),
    Column("arguments", Packed, nullable=False),
    _text("folder"),
    _text("actor"),
    _text("state"),  # waiting, running, done, failed, gone
    Column("made_at", Moment, nullable=False),
    Column("taken_at", Moment, nullable=True),
    Column("ended_at", Moment, nullable=True),
    _text("progress"),
    Column("answer", Packed, nullable=False),
    Column("exit_code", Integer, nullable=True),
    Index("ix_action_state", "state", "made_at"),
)

# What was broken, from when it was first seen to when it was told to be mended; open rows have a key of their own.
alert = Table(
    "alert",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    _text("key"),
    _text("state"),  # seen (not told yet), told, mended, passed (gone before it was told)
    Column("shown", Packed, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("told_at", Moment, nullable=True),
    Column("ended_at", Moment, nullable=True),
    Index(
        "uq_alert_open",
        "key",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("ix_alert_ended", "ended_at"),
    sqlite_autoincrement=True,
)

# What is to be sent over which channel: kept until it was sent, one row per channel and occasion.
notice = Table(
    "notice",
    metadata,
    _text("channel", key=True),
    _text("occasion", key=True),
    _text("kind"),
    _text("state"),  # waiting, sent, dropped
    Column("shown", Packed, nullable=False),
    Column("tries", Integer, nullable=False),
    _text("failure"),
    Column("made_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("sent_at", Moment, nullable=True),
    Index("ix_notice_due", "state", "due_at"),
)

# What happened on a day of the company, summed up: rows and runs of a flow, requests of a system (pair and flow "").
day_sum = Table(
    "day_sum",
    metadata,
    _text("day", key=True),
    *_scope(key=True),
    _text("name", key=True),
    Column("value", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What rules of fiscal calendar and sales cycle keep: up to when they were done, calendars as they were last seen.
trigger = Table(
    "trigger",
    metadata,
    _text("name", key=True),
    Column("body", Packed, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

# The places of a system at which calls may be under way, shared by all processes of the store: who has each since when and,
# without prolonging, until when; and from when on the next call may begin there.
lane = Table(
    "lane",
    metadata,
    _text("system", key=True),
    Column("number", Integer, primary_key=True, autoincrement=False, nullable=False),
    _text("holder"),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("free_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

# Who waits for a place; a row that is not repeated runs out.
lane_wish = Table(
    "lane_wish",
    metadata,
    _text("system", key=True),
    _text("holder", key=True),
    Column("rank", Integer, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    sqlite_with_rowid=False,
)
