-- +goose Up

-- attachment: a file of a report. What it is never changes; what became of it does: scan, ended_at, blob_gone_at. The row
-- in force for a slot is the one that has not ended; the file stays in its slot over submissions and returns.
CREATE TABLE attachment (
    id              uuid PRIMARY KEY,
    obligation_id   uuid    NOT NULL CONSTRAINT attachment_obligation REFERENCES obligation (id),
    authority_code  text    NOT NULL,
    organisation_id uuid    NOT NULL,
    report_year     integer NOT NULL,
    kind            text    NOT NULL CONSTRAINT attachment_kind CHECK (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
    n               integer NOT NULL CONSTRAINT attachment_n CHECK (n BETWEEN 1 AND 100),
    name            text    NOT NULL, -- cleaned, for display
    media_type      text    NOT NULL CONSTRAINT attachment_media_type CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png')),
    bytes           bigint  NOT NULL CONSTRAINT attachment_bytes CHECK (bytes > 0),
    pages           integer NOT NULL CONSTRAINT attachment_pages CHECK (pages > 0),
    sha256          text    NOT NULL CONSTRAINT attachment_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    blob_key        text    NOT NULL CONSTRAINT attachment_blob_key UNIQUE,
    -- none: no scanner was set up; held: waits for one, nobody opens it; infected: the blob is removed at once
    scan            text    NOT NULL CONSTRAINT attachment_scan CHECK (scan IN ('none', 'held', 'clean', 'infected')),
    scanned_at      timestamptz,
    created_at      timestamptz NOT NULL,
    actor_kind      text NOT NULL,
    actor_id        text NOT NULL,
    actor_name      text NOT NULL,
    ended_at        timestamptz,
    ended_how       text NOT NULL DEFAULT '' CONSTRAINT attachment_ended_how CHECK (ended_how IN ('', 'replaced', 'deleted')),
    listed          boolean NOT NULL DEFAULT false, -- a submission lists it: its blob stays for good
    blob_gone_at    timestamptz, -- when the file was removed from the store
    CONSTRAINT attachment_ended_whole CHECK ((ended_at IS NULL) = (ended_how = ''))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX attachment_slot ON attachment (obligation_id, kind, n) WHERE ended_at IS NULL;
CREATE INDEX attachment_ended ON attachment (ended_at) WHERE ended_at IS NOT NULL AND blob_gone_at IS NULL AND NOT listed;
CREATE INDEX attachment_held ON attachment (created_at) WHERE scan = 'held' AND ended_at IS NULL;

-- attachment_upload names a file that is on its way into the store, before it is there; taking the attachment removes the
-- row. What stays was cut off, and its file is swept. dropped_at: the sweep has begun, the upload may not end any more.
CREATE TABLE attachment_upload (
    blob_key   text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    dropped_at timestamptz
);
CREATE INDEX attachment_upload_by_start ON attachment_upload (started_at);

-- submission_attachment: the files that a submission was made with; immutable, and their blobs are never removed.
CREATE TABLE submission_attachment (
    submission_id   uuid    NOT NULL, -- no reference: the rows are written before the submission takes its number
    attachment_id   uuid    NOT NULL CONSTRAINT submission_attachment_of REFERENCES attachment (id),
    authority_code  text    NOT NULL,
    organisation_id uuid    NOT NULL,
    kind            text    NOT NULL,
    n               integer NOT NULL,
    name            text    NOT NULL,
    media_type      text    NOT NULL,
    bytes           bigint  NOT NULL,
    pages           integer NOT NULL,
    sha256          text    NOT NULL,
    blob_key        text    NOT NULL,
    scan            text    NOT NULL CONSTRAINT submission_attachment_scan CHECK (scan IN ('none', 'clean')),
    PRIMARY KEY (submission_id, kind, n)
);
CREATE INDEX submission_attachment_by_file ON submission_attachment (attachment_id);
CREATE TRIGGER submission_attachment_immutable BEFORE UPDATE OR DELETE ON submission_attachment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE submission_attachment, attachment_upload, attachment;
