-- +goose Up

CREATE TABLE season (
    id             uuid PRIMARY KEY,
    authority_code text    NOT NULL CONSTRAINT season_authority REFERENCES authority (code),
    report_year    integer NOT NULL,
    regime         text    NOT NULL CONSTRAINT season_regime CHECK (regime IN ('annual_report', 'annual_inspection')),
    registered_by  date    NOT NULL,
    opens_on       date    NOT NULL,
    due_on         date    NOT NULL, -- as announced; the obligation's own due day holds the roll and extensions
    late_until     date,             -- null: until the authority's next season opens
    state          text    NOT NULL DEFAULT 'planned' CONSTRAINT season_state CHECK (state IN ('planned', 'open')),
    spec           jsonb   NOT NULL, -- the whole season file, defaults filled in
    version        integer NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CONSTRAINT season_days CHECK (opens_on <= due_on)
);
CREATE INDEX season_by_opening ON season (opens_on) WHERE state = 'planned';

-- season_type: one season per authority, report year and organisation type.
CREATE TABLE season_type (
    authority_code text    NOT NULL,
    report_year    integer NOT NULL,
    type           text    NOT NULL CONSTRAINT season_type_type CHECK (type IN ('association', 'service', 'foundation')),
    season_id      uuid    NOT NULL CONSTRAINT season_type_season REFERENCES season (id),
    form           text    NOT NULL,
    CONSTRAINT season_type_once PRIMARY KEY (authority_code, report_year, type)
);
CREATE INDEX season_type_by_season ON season_type (season_id);

CREATE TABLE obligation (
    id               uuid PRIMARY KEY,
    authority_code   text    NOT NULL,
    organisation_id  uuid    NOT NULL CONSTRAINT obligation_organisation REFERENCES organisation (id),
    season_id        uuid    NOT NULL CONSTRAINT obligation_season REFERENCES season (id),
    report_year      integer NOT NULL,
    type             text    NOT NULL,
    form             text    NOT NULL,
    status           text    NOT NULL DEFAULT 'open' CONSTRAINT obligation_status CHECK (status IN
        ('open', 'submitted', 'returned', 'passed', 'unqualified', 'qualified', 'basically_qualified', 'exempt')),
    opens_on         date    NOT NULL,
    due_on           date    NOT NULL,
    due_provisional  boolean NOT NULL DEFAULT false,
    extended_to      date,             -- an extension of this organisation alone; outlives season changes
    extension_reason text    NOT NULL DEFAULT '',
    resubmit_by      date,
    resubmit_provisional boolean NOT NULL DEFAULT false,
    -- overdue_after: overdue on every day after it; written with the status (filing/duedate.go), null while nothing is owed.
    overdue_after    date,
    exempt_reason    text    NOT NULL DEFAULT '',
    exempt_by_rule   boolean NOT NULL DEFAULT false, -- no longer bound by the season's rule; bound again, it comes back
    submission_id    uuid,             -- the latest submission that counts
    submissions      integer NOT NULL DEFAULT 0,
    version          integer NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT obligation_once UNIQUE (organisation_id, report_year),
    CONSTRAINT obligation_overdue_while_owed CHECK ((status IN ('open', 'returned')) = (overdue_after IS NOT NULL)),
    CONSTRAINT obligation_exempt_has_reason CHECK ((status = 'exempt') = (exempt_reason <> '')),
    CONSTRAINT obligation_refile_only_after_return CHECK (status <> 'returned' OR submissions > 0)
) WITH (fillfactor = 80);
CREATE INDEX obligation_overdue ON obligation (overdue_after, id) WHERE status IN ('open', 'returned');
CREATE INDEX obligation_by_authority ON obligation (authority_code, report_year, status, id);
CREATE INDEX obligation_by_season ON obligation (season_id, id);

CREATE TABLE draft (
    obligation_id uuid PRIMARY KEY CONSTRAINT draft_obligation REFERENCES obligation (id),
    body          json NOT NULL,
    version       integer NOT NULL DEFAULT 1,
    updated_at    timestamptz NOT NULL,
    updated_by    text NOT NULL
);

-- submission: immutable. Its status lives beside it in submission_standing.
CREATE TABLE submission (
    id                     uuid PRIMARY KEY,
    obligation_id          uuid    NOT NULL CONSTRAINT submission_obligation REFERENCES obligation (id),
    authority_code         text    NOT NULL,
    organisation_id        uuid    NOT NULL,
    report_year            integer NOT NULL,
    ordinal                integer NOT NULL CONSTRAINT submission_ordinal CHECK (ordinal > 0),
    kind                   text    NOT NULL DEFAULT 'report' CONSTRAINT submission_kind CHECK (kind IN ('report', 'correction')),
    form                   text    NOT NULL,
    form_version           integer NOT NULL,
    check_set_version      text    NOT NULL,
    body                   json    NOT NULL, -- byte for byte what sha256 covers
    sha256                 text    NOT NULL CONSTRAINT submission_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    findings               json    NOT NULL, -- the warnings it was taken with
    warnings               integer NOT NULL DEFAULT 0,
    receipt_no             text    NOT NULL,
    received_at            timestamptz NOT NULL,
    review_due_on          date    NOT NULL,
    review_due_provisional boolean NOT NULL,
    actor_kind             text    NOT NULL,
    actor_id               text    NOT NULL,
    actor_name             text    NOT NULL,
    CONSTRAINT submission_receipt_no UNIQUE (authority_code, receipt_no),
    CONSTRAINT submission_once UNIQUE (obligation_id, ordinal)
);
CREATE TRIGGER submission_immutable BEFORE UPDATE OR DELETE ON submission
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE submission_standing (
    submission_id uuid PRIMARY KEY CONSTRAINT submission_standing_submission REFERENCES submission (id),
    obligation_id uuid NOT NULL,
    status        text NOT NULL DEFAULT 'submitted' CONSTRAINT submission_standing_status CHECK (status IN
        ('submitted', 'returned', 'passed', 'unqualified', 'qualified', 'basically_qualified', 'withdrawn')),
    updated_at    timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX submission_one_live ON submission_standing (obligation_id) WHERE status = 'submitted';
CREATE INDEX submission_standing_by_obligation ON submission_standing (obligation_id);

-- accepted_report: last year's figures that were accepted elsewhere (reports import) or by us; for prefill and opening figures.
CREATE TABLE accepted_report (
    organisation_id uuid    NOT NULL CONSTRAINT accepted_report_organisation REFERENCES organisation (id),
    report_year     integer NOT NULL,
    form            text    NOT NULL,
    body            json    NOT NULL,
    submission_id   uuid CONSTRAINT accepted_report_submission REFERENCES submission (id), -- null: imported
    accepted_at     timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, report_year)
);

-- idempotency: only 201 answers are remembered; the row's insertion is what a second call in flight waits on.
CREATE TABLE idempotency (
    organisation_id uuid    NOT NULL,
    report_year     integer NOT NULL,
    key             text    NOT NULL CONSTRAINT idempotency_key_length CHECK (length(key) BETWEEN 1 AND 255),
    body_sha256     text    NOT NULL,
    submission_id   uuid    NOT NULL,
    created_at      timestamptz NOT NULL,
    CONSTRAINT idempotency_once PRIMARY KEY (organisation_id, report_year, key)
);

-- +goose StatementBegin
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
        ALTER TABLE submission ALTER COLUMN body SET COMPRESSION lz4;
        ALTER TABLE draft ALTER COLUMN body SET COMPRESSION lz4;
        ALTER TABLE accepted_report ALTER COLUMN body SET COMPRESSION lz4;
    END IF;
END $$;
-- +goose StatementEnd

-- +goose Down
DROP TABLE idempotency, accepted_report, submission_standing, submission, draft, obligation, season_type, season;
