-- +goose Up

-- instance says what this data is: exactly one row. A demonstration stays one (contract: a plain serve refuses it).
CREATE TABLE instance (
    singleton       boolean PRIMARY KEY DEFAULT true CONSTRAINT instance_one_row CHECK (singleton),
    demo       boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO instance DEFAULT VALUES;

-- demo_clock: the demonstration's instant is told_at + (wall now - wall_at); it runs at real speed between journeys.
CREATE TABLE demo_clock (
    singleton    boolean PRIMARY KEY DEFAULT true CONSTRAINT demo_clock_one_row CHECK (singleton),
    told_at timestamptz NOT NULL,
    wall_at timestamptz NOT NULL
);

-- clock_tick: the row's insertion decides which node runs a planned tick; lease_until lets another take over a dead node's.
CREATE TABLE clock_tick (
    job         text        NOT NULL,
    planned_at  timestamptz NOT NULL,
    node        text        NOT NULL,
    started_at  timestamptz NOT NULL,
    lease_until timestamptz NOT NULL,
    finished_at timestamptz,
    summary     text NOT NULL DEFAULT '',
    error       text NOT NULL DEFAULT '',
    PRIMARY KEY (job, planned_at)
);

-- job: background work (mails, documents). Finished rows are deleted; held and dead ones wait for a person.
CREATE TABLE job (
    id          uuid PRIMARY KEY,
    kind        text        NOT NULL,
    unique_key  text,
    payload     json        NOT NULL,
    state       text        NOT NULL DEFAULT 'ready'
        CONSTRAINT job_state CHECK (state IN ('ready', 'running', 'held', 'dead')),
    priority    smallint    NOT NULL DEFAULT 0,
    run_at      timestamptz NOT NULL,
    lease_until timestamptz,
    attempt     integer     NOT NULL DEFAULT 0,
    last_error  text        NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL,
    CONSTRAINT job_lease_while_running CHECK ((state = 'running') = (lease_until IS NOT NULL))
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX job_unique_key ON job (kind, unique_key) WHERE unique_key IS NOT NULL;
CREATE INDEX job_ready ON job (priority, run_at, id) WHERE state = 'ready';
CREATE INDEX job_running ON job (lease_until) WHERE state = 'running';

-- counter: the only counter rows there are. Gapless numbers per authority, kind and year, taken last in a transaction.
CREATE TABLE counter (
    authority_code text    NOT NULL,
    kind           text    NOT NULL,
    year           integer NOT NULL,
    last           bigint  NOT NULL CONSTRAINT counter_positive CHECK (last > 0),
    PRIMARY KEY (authority_code, kind, year)
) WITH (fillfactor = 50);

-- session: server-side browser sessions (a logged table: an unlogged one is empty after a failover).
CREATE TABLE session (
    token  text PRIMARY KEY,
    data   bytea       NOT NULL,
    expiry timestamptz NOT NULL
);
CREATE INDEX session_expiry ON session (expiry);

-- refuse_change guards rows that are immutable by rule: submission, document, event.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are immutable', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
-- +goose StatementEnd

-- bigrams feeds the GIN index that answers two-character Chinese searches without an extension.
-- +goose StatementBegin
CREATE FUNCTION bigrams(s text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT substr(s, i, 2)) FROM generate_series(1, greatest(length(s) - 1, 1)) i
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION bigrams(text);
DROP FUNCTION refuse_change();
DROP TABLE session, counter, job, clock_tick, demo_clock, instance;
