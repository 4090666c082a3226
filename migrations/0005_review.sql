-- +goose Up

CREATE TABLE review (
    submission_id   uuid PRIMARY KEY CONSTRAINT review_submission REFERENCES submission (id),
    obligation_id   uuid    NOT NULL,
    authority_code  text    NOT NULL,
    organisation_id uuid    NOT NULL,
    report_year     integer NOT NULL,
    received_at     timestamptz NOT NULL,
    due_on          date    NOT NULL,
    due_provisional boolean NOT NULL,
    warnings        integer NOT NULL DEFAULT 0,
    state           text    NOT NULL DEFAULT 'pending'
        CONSTRAINT review_state CHECK (state IN ('pending', 'proposed', 'decided', 'withdrawn')),
    claimed_by      text,             -- actor id
    claimed_name    text    NOT NULL DEFAULT '',
    claimed_at      timestamptz,
    outcome         text CONSTRAINT review_outcome CHECK (outcome IN
        ('pass', 'return', 'unqualified', 'qualified', 'basically_qualified')),
    opinion         text    NOT NULL DEFAULT '',
    proposed_by     text,
    proposed_name   text    NOT NULL DEFAULT '',
    proposed_at     timestamptz,
    decided_by      text,
    decided_name    text    NOT NULL DEFAULT '',
    decided_at      timestamptz,
    warned_days     integer,          -- the fewest working days left at which the reviewer's side was warned
    escalated_at    timestamptz,
    version         integer NOT NULL DEFAULT 1,
    CONSTRAINT review_decided_whole CHECK ((state = 'decided') = (decided_at IS NOT NULL)),
    CONSTRAINT review_outcome_when_told CHECK (state NOT IN ('proposed', 'decided') OR outcome IS NOT NULL)
) WITH (fillfactor = 80);
CREATE INDEX review_queue ON review (authority_code, due_on, received_at, submission_id) WHERE state IN ('pending', 'proposed');
CREATE INDEX review_by_organisation ON review (organisation_id); -- a search begins at the names
CREATE INDEX review_claimed ON review (claimed_by, due_on, received_at, submission_id)
    WHERE state IN ('pending', 'proposed') AND claimed_by IS NOT NULL;
CREATE INDEX review_window ON review (due_on) WHERE state IN ('pending', 'proposed');
CREATE INDEX review_decided ON review (authority_code, decided_at, submission_id) WHERE state = 'decided';

CREATE TABLE remark (
    id            uuid PRIMARY KEY,
    submission_id uuid    NOT NULL CONSTRAINT remark_review REFERENCES review (submission_id),
    ordinal       integer NOT NULL,
    key           text    NOT NULL, -- a field of the form; empty: the report as a whole
    text          text    NOT NULL CONSTRAINT remark_text CHECK (btrim(text) <> ''),
    basis         text    NOT NULL DEFAULT '',
    CONSTRAINT remark_once UNIQUE (submission_id, ordinal)
);

-- conclusion: number and verification code are given with the decision; the document follows (same id as document_order).
CREATE TABLE conclusion (
    id              uuid PRIMARY KEY,
    submission_id   uuid    NOT NULL CONSTRAINT conclusion_submission UNIQUE REFERENCES submission (id),
    obligation_id   uuid    NOT NULL,
    authority_code  text    NOT NULL,
    organisation_id uuid    NOT NULL,
    report_year     integer NOT NULL,
    outcome         text    NOT NULL,
    number          text    NOT NULL,
    issued_on       date    NOT NULL,
    superseded_by   uuid,
    created_at      timestamptz NOT NULL,
    CONSTRAINT conclusion_number UNIQUE (authority_code, number)
);
CREATE UNIQUE INDEX conclusion_one_in_force ON conclusion (obligation_id) WHERE superseded_by IS NULL;

-- +goose Down
DROP TABLE conclusion, remark, review;
