-- +goose Up

-- listing: one matter on the abnormal-activity list (活动异常名录).
CREATE TABLE listing (
    id                 uuid PRIMARY KEY,
    obligation_id      uuid    NOT NULL CONSTRAINT listing_obligation REFERENCES obligation (id),
    authority_code     text    NOT NULL,
    organisation_id    uuid    NOT NULL CONSTRAINT listing_organisation REFERENCES organisation (id),
    report_year        integer NOT NULL,
    ground             text    NOT NULL,
    basis              text    NOT NULL, -- the article, from the season
    status             text    NOT NULL CONSTRAINT listing_status CHECK (status IN
        ('notified', 'listed', 'withdrawn', 'removed', 'escalated', 'annulled')),
    notified_on        date    NOT NULL,
    notice_id          uuid,   -- document_order of the prior notice
    served_on          date,
    statement_due_on   date,
    statement_due_provisional boolean NOT NULL DEFAULT false,
    statement_open     boolean NOT NULL DEFAULT false, -- a statement awaits its decision
    listed_on          date,
    decision_id        uuid,   -- document_order of the listing decision
    ended_on           date,
    end_reason         text    NOT NULL DEFAULT '',
    end_document_id    uuid,
    version            integer NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    CONSTRAINT listing_listed_has_day CHECK (status NOT IN ('listed', 'removed', 'escalated') OR listed_on IS NOT NULL),
    CONSTRAINT listing_ended_has_day CHECK ((status IN ('notified', 'listed')) = (ended_on IS NULL)),
    CONSTRAINT listing_answer_time_from_service CHECK ((served_on IS NULL) = (statement_due_on IS NULL))
) WITH (fillfactor = 80);
-- One open matter per organisation, ground and report year: each year's failure is a fact of its own.
CREATE UNIQUE INDEX listing_one_open ON listing (organisation_id, ground, report_year) WHERE status IN ('notified', 'listed');
CREATE INDEX listing_by_obligation ON listing (obligation_id);
CREATE INDEX listing_to_advance ON listing (id) WHERE status = 'notified';
CREATE INDEX listing_by_authority ON listing (authority_code, status, id);
CREATE INDEX listing_public ON listing (authority_code, listed_on, id) WHERE listed_on IS NOT NULL AND status <> 'annulled';

-- service: proof that a document reached its addressee; the answer time runs from served_on.
CREATE TABLE service (
    id              uuid PRIMARY KEY,
    document_id     uuid NOT NULL CONSTRAINT service_order REFERENCES document_order (id),
    organisation_id uuid NOT NULL,
    how             text NOT NULL CONSTRAINT service_how CHECK (how IN ('inbox', 'mail', 'post', 'in_person', 'public_notice')),
    served_on       date NOT NULL,
    proof           text NOT NULL DEFAULT '',
    actor_kind      text NOT NULL,
    actor_id        text NOT NULL,
    actor_name      text NOT NULL,
    recorded_at     timestamptz NOT NULL,
    CONSTRAINT service_once UNIQUE (document_id)
);

CREATE TABLE listing_statement (
    id          uuid PRIMARY KEY,
    listing_id  uuid NOT NULL CONSTRAINT listing_statement_listing REFERENCES listing (id),
    text        text NOT NULL,
    received_at timestamptz NOT NULL,
    actor_id    text NOT NULL,
    actor_name  text NOT NULL,
    outcome     text CONSTRAINT listing_statement_outcome CHECK (outcome IN ('list', 'withdraw')),
    reason      text NOT NULL DEFAULT '',
    decided_at  timestamptz,
    decided_by  text,
    decided_name text NOT NULL DEFAULT '',
    CONSTRAINT listing_statement_once UNIQUE (listing_id)
);

CREATE TABLE listing_removal (
    id           uuid PRIMARY KEY,
    listing_id   uuid NOT NULL CONSTRAINT listing_removal_listing REFERENCES listing (id),
    text         text NOT NULL,
    applied_at   timestamptz NOT NULL,
    due_on       date NOT NULL,
    due_provisional boolean NOT NULL DEFAULT false,
    actor_id     text NOT NULL,
    actor_name   text NOT NULL,
    outcome      text CONSTRAINT listing_removal_outcome CHECK (outcome IN ('remove', 'refuse')),
    reason       text NOT NULL DEFAULT '',
    decided_at   timestamptz,
    decided_by   text,
    decided_name text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX listing_removal_one_open ON listing_removal (listing_id) WHERE outcome IS NULL;

CREATE TABLE spot_check (
    id              uuid PRIMARY KEY,
    obligation_id   uuid    NOT NULL CONSTRAINT spot_check_obligation UNIQUE REFERENCES obligation (id),
    authority_code  text    NOT NULL,
    organisation_id uuid    NOT NULL,
    report_year     integer NOT NULL,
    basis           text    NOT NULL,
    status          text    NOT NULL DEFAULT 'on_list'
        CONSTRAINT spot_check_status CHECK (status IN ('on_list', 'drawn', 'inspected', 'cleared')),
    entered_on      date    NOT NULL,
    left_on         date,
    document_id     uuid,
    version         integer NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    CONSTRAINT spot_check_left CHECK ((status = 'cleared') = (left_on IS NOT NULL))
);
CREATE INDEX spot_check_by_authority ON spot_check (authority_code, entered_on, id);

CREATE TABLE penalty_case (
    id              uuid PRIMARY KEY,
    obligation_id   uuid    NOT NULL CONSTRAINT penalty_case_obligation UNIQUE REFERENCES obligation (id),
    authority_code  text    NOT NULL,
    organisation_id uuid    NOT NULL,
    report_year     integer NOT NULL,
    basis           text    NOT NULL,
    status          text    NOT NULL DEFAULT 'opened'
        CONSTRAINT penalty_case_status CHECK (status IN ('opened', 'notified', 'decided', 'spared', 'closed')),
    opened_on       date    NOT NULL,
    document_id     uuid,
    version         integer NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL
);
CREATE INDEX penalty_case_by_authority ON penalty_case (authority_code, opened_on, id);

-- +goose Down
DROP TABLE penalty_case, spot_check, listing_removal, listing_statement, service, listing;
