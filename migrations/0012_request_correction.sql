-- +goose Up

-- filing_request: an organisation asks for a later due day of its own (延期), or to be freed from the year's report
-- (豁免); the authority decides. It leaves 'pending' once.
CREATE TABLE filing_request (
    id              uuid PRIMARY KEY,
    obligation_id   uuid    NOT NULL CONSTRAINT filing_request_obligation REFERENCES obligation (id),
    authority_code  text    NOT NULL,
    organisation_id uuid    NOT NULL,
    report_year     integer NOT NULL,
    kind            text    NOT NULL CONSTRAINT filing_request_kind CHECK (kind IN ('extension', 'exemption')),
    status          text    NOT NULL DEFAULT 'pending' CONSTRAINT filing_request_status CHECK (status IN
        ('pending', 'granted', 'refused', 'withdrawn')),
    reason          text    NOT NULL CONSTRAINT filing_request_reason CHECK (btrim(reason) <> ''),
    owed_until      date    NOT NULL, -- the last day on which it was not overdue, when it asked
    wished_due_on   date,
    granted_due_on  date,
    decision_reason text    NOT NULL DEFAULT '',
    basis           text    NOT NULL DEFAULT '',
    received_at     timestamptz NOT NULL,
    actor_kind      text    NOT NULL,
    actor_id        text    NOT NULL,
    actor_name      text    NOT NULL,
    decided_by      text,             -- actor id
    decided_name    text    NOT NULL DEFAULT '',
    ended_at        timestamptz,      -- decided or withdrawn
    CONSTRAINT filing_request_wish CHECK ((kind = 'extension') = (wished_due_on IS NOT NULL)),
    CONSTRAINT filing_request_granted_day CHECK ((kind = 'extension' AND status = 'granted') = (granted_due_on IS NOT NULL)),
    CONSTRAINT filing_request_ended CHECK ((status = 'pending') = (ended_at IS NULL)),
    CONSTRAINT filing_request_decided CHECK ((status IN ('granted', 'refused')) = (decided_by IS NOT NULL)),
    CONSTRAINT filing_request_refused_with_reason CHECK (status <> 'refused' OR btrim(decision_reason) <> '')
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX filing_request_one_pending ON filing_request (obligation_id) WHERE status = 'pending';
CREATE INDEX filing_request_by_obligation ON filing_request (obligation_id, received_at DESC, id);
CREATE INDEX filing_request_by_authority ON filing_request (authority_code, status, received_at, id);

-- The correction (更正) under review. The obligation keeps its conclusion and its submission meanwhile.
ALTER TABLE obligation ADD COLUMN correction_id uuid;
ALTER TABLE obligation ADD CONSTRAINT obligation_correction_of_accepted
    CHECK (correction_id IS NULL OR status IN ('passed', 'qualified', 'basically_qualified'));

-- correction: what a submission of kind 'correction' corrects, and why.
CREATE TABLE correction (
    submission_id uuid PRIMARY KEY CONSTRAINT correction_submission REFERENCES submission (id),
    obligation_id uuid NOT NULL CONSTRAINT correction_obligation REFERENCES obligation (id),
    corrects_id   uuid NOT NULL CONSTRAINT correction_corrects REFERENCES submission (id),  -- the accepted one
    report_id     uuid NOT NULL CONSTRAINT correction_report REFERENCES submission (id),    -- the report accepted first
    reason        text NOT NULL CONSTRAINT correction_reason CHECK (btrim(reason) <> ''),
    sections      text[] NOT NULL,   -- titles of the sections that differ from the accepted one, in the form's order
    adopted_at    timestamptz        -- when it took the accepted one's place; null: it did not
) WITH (fillfactor = 80);
CREATE INDEX correction_by_obligation ON correction (obligation_id);

-- correction_draft: a correction is being written in the obligation's draft.
CREATE TABLE correction_draft (
    obligation_id uuid PRIMARY KEY CONSTRAINT correction_draft_obligation REFERENCES obligation (id),
    reason        text NOT NULL CONSTRAINT correction_draft_reason CHECK (btrim(reason) <> ''),
    started_at    timestamptz NOT NULL,
    started_by    text NOT NULL
);

-- +goose Down
DROP TABLE correction_draft, correction;
ALTER TABLE obligation DROP CONSTRAINT obligation_correction_of_accepted;
ALTER TABLE obligation DROP COLUMN correction_id;
DROP TABLE filing_request;
