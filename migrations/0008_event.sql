-- +goose Up

-- event: what happened, written in the transaction that did it. Immutable; position and hash live beside it.
CREATE TABLE event (
    id              uuid PRIMARY KEY,
    ordinal         bigint GENERATED ALWAYS AS IDENTITY, -- insertion order; has holes, orders one sequencer pass
    xid             bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint), -- lets the sequencer see what may still commit
    kind            text   NOT NULL,
    public          boolean NOT NULL,
    at              timestamptz NOT NULL,
    actor_kind      text   NOT NULL CONSTRAINT event_actor_kind CHECK (actor_kind IN ('person', 'token', 'clock', 'system')),
    actor_id        text   NOT NULL,
    actor_name      text   NOT NULL,
    authority_code  text   NOT NULL DEFAULT '',
    organisation_id uuid,
    obligation_id   uuid,
    subject_id      uuid,
    report_year     integer,
    basis           text   NOT NULL DEFAULT '',
    data            json   NOT NULL
);
CREATE INDEX event_unsequenced ON event (xid, ordinal);
CREATE INDEX event_by_obligation ON event (obligation_id, ordinal) WHERE obligation_id IS NOT NULL;
CREATE INDEX event_by_organisation ON event (organisation_id, ordinal) WHERE organisation_id IS NOT NULL;
CREATE TRIGGER event_immutable BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- event_position: gapless, in commit order; hash = SHA-256 over the previous hash and the event's canonical form.
CREATE TABLE event_position (
    position        bigint PRIMARY KEY,
    event_id        uuid   NOT NULL CONSTRAINT event_position_event UNIQUE REFERENCES event (id),
    public_position bigint CONSTRAINT event_position_public UNIQUE,
    hash            bytea  NOT NULL CONSTRAINT event_position_hash CHECK (octet_length(hash) = 32)
);
CREATE TRIGGER event_position_immutable BEFORE UPDATE OR DELETE ON event_position
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE event_head (
    singleton            boolean PRIMARY KEY DEFAULT true CONSTRAINT event_head_one_row CHECK (singleton),
    position        bigint NOT NULL DEFAULT 0,
    public_position bigint NOT NULL DEFAULT 0,
    hash            bytea  NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    floor_xid       bigint NOT NULL DEFAULT 0 -- every event of a lower transaction is sequenced
);
INSERT INTO event_head DEFAULT VALUES;

-- event_consumer: a named reader's cursor; it moves in the transaction of the reader's own writes. A reader that fails
-- stays before the event it failed at and tries again at retry_at; it never skips.
CREATE TABLE event_consumer (
    name       text PRIMARY KEY,
    position   bigint  NOT NULL DEFAULT 0,
    attempts   integer NOT NULL DEFAULT 0, -- failures in a row
    failed_at  bigint,                     -- the position it failed at
    retry_at   timestamptz,
    last_error text    NOT NULL DEFAULT '',
    CONSTRAINT event_consumer_failure_whole CHECK ((attempts = 0) = (failed_at IS NULL AND retry_at IS NULL))
);

-- +goose Down
DROP TABLE event_consumer, event_head, event_position, event;
