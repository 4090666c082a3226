-- +goose Up

-- Of role sponsor: for which 业务主管单位 of the authority, by its name in the register. A token's own name is that name.
ALTER TABLE membership ADD COLUMN sponsor text NOT NULL DEFAULT '';

-- Who sent the report to its sponsor in time is not treated as late on any day up to this one (filing/duedate.go). What is
-- overdue stays what it is; only the consequences wait.
ALTER TABLE obligation ADD COLUMN held_until date;

-- sponsor_review: a report as it was sent to the sponsor (业务主管单位), and its answer. Body and hash never change. It
-- leaves 'pending' once: 'agreed' and 'returned' by the sponsor, 'withdrawn' by the organisation, 'lapsed' where the
-- organisation submitted without an opinion after the sponsor's day.
CREATE TABLE sponsor_review (
    id                uuid PRIMARY KEY,
    obligation_id     uuid    NOT NULL CONSTRAINT sponsor_review_obligation REFERENCES obligation (id),
    authority_code    text    NOT NULL,
    organisation_id   uuid    NOT NULL,
    report_year       integer NOT NULL,
    sponsor           text    NOT NULL CONSTRAINT sponsor_review_sponsor CHECK (btrim(sponsor) <> ''),
    status            text    NOT NULL DEFAULT 'pending' CONSTRAINT sponsor_review_status CHECK (status IN
        ('pending', 'agreed', 'returned', 'withdrawn', 'lapsed')),
    form              text    NOT NULL,
    form_version      integer NOT NULL,
    check_set_version text    NOT NULL,
    body              json    NOT NULL, -- byte for byte what sha256 covers
    sha256            text    NOT NULL CONSTRAINT sponsor_review_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    findings          json    NOT NULL, -- the warnings it was sent with
    warnings          integer NOT NULL,
    explanations      json,             -- what was said to them
    declaration       json,
    attachments       json    NOT NULL, -- the files it was sent with
    sent_at           timestamptz NOT NULL,
    due_on            date    NOT NULL, -- the sponsor's day
    due_provisional   boolean NOT NULL,
    in_time           boolean NOT NULL, -- sent by the day that counts, so that a slow sponsor makes nobody late
    actor_kind        text    NOT NULL,
    actor_id          text    NOT NULL,
    actor_name        text    NOT NULL,
    opinion           text    NOT NULL DEFAULT '',
    remarks           json    NOT NULL DEFAULT '[]',
    decided_by        text,             -- actor id
    decided_name      text    NOT NULL DEFAULT '',
    ended_at          timestamptz,
    warned_days       integer,          -- the nearest threshold that the sponsor was warned at, in working days
    passed_at         timestamptz,      -- when filer and authority were told that the sponsor's day is over
    not_submitted     text    NOT NULL DEFAULT '', -- agreed, but why the report could not be submitted then
    submission_id     uuid CONSTRAINT sponsor_review_submission REFERENCES submission (id),
    CONSTRAINT sponsor_review_ended CHECK ((status = 'pending') = (ended_at IS NULL)),
    CONSTRAINT sponsor_review_answered CHECK ((status IN ('agreed', 'returned')) = (decided_by IS NOT NULL)),
    CONSTRAINT sponsor_review_return_says_why CHECK (status <> 'returned' OR btrim(opinion) <> '' OR remarks::text <> '[]')
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX sponsor_review_one_pending ON sponsor_review (obligation_id) WHERE status = 'pending';
CREATE INDEX sponsor_review_by_obligation ON sponsor_review (obligation_id, sent_at DESC, id);
CREATE INDEX sponsor_review_queue ON sponsor_review (authority_code, sponsor, due_on, id) WHERE status = 'pending';
CREATE INDEX sponsor_review_done ON sponsor_review (authority_code, sponsor, ended_at DESC, id) WHERE status <> 'pending';
CREATE INDEX sponsor_review_watch ON sponsor_review (due_on, id) WHERE status = 'pending' AND passed_at IS NULL;

-- submission_sponsor: under which answer of the sponsor, or for lack of one, a submission was taken. Immutable.
CREATE TABLE submission_sponsor (
    submission_id uuid PRIMARY KEY CONSTRAINT submission_sponsor_submission REFERENCES submission (id),
    review_id     uuid    NOT NULL CONSTRAINT submission_sponsor_review REFERENCES sponsor_review (id),
    agreed        boolean NOT NULL  -- false: without an opinion, the sponsor's day being over
);
CREATE TRIGGER submission_sponsor_immutable BEFORE UPDATE OR DELETE ON submission_sponsor
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE submission_sponsor, sponsor_review;
ALTER TABLE obligation DROP COLUMN held_until;
ALTER TABLE membership DROP COLUMN sponsor;
