-- +goose Up

-- delivery: one message to one recipient by one channel, with what became of it.
CREATE TABLE delivery (
    id              uuid PRIMARY KEY,
    kind            text NOT NULL, -- reminder, receipt, return, conclusion, notice, …
    unique_key      text NOT NULL CONSTRAINT delivery_once UNIQUE, -- what makes a second sending impossible
    channel         text NOT NULL CONSTRAINT delivery_channel CHECK (channel IN ('mail', 'sms', 'inbox')),
    authority_code  text NOT NULL,
    organisation_id uuid,
    obligation_id   uuid,
    document_id     uuid,
    person_id       uuid,
    recipient       text NOT NULL DEFAULT '', -- mail address; empty for the inbox
    subject         text NOT NULL,
    body            text NOT NULL,
    state           text NOT NULL DEFAULT 'queued' CONSTRAINT delivery_state CHECK (state IN
        ('queued', 'sent', 'delivered', 'bounced', 'failed', 'read', 'dropped')),
    attempts        integer NOT NULL DEFAULT 0,
    last_error      text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    sent_at         timestamptz,
    read_at         timestamptz
) WITH (fillfactor = 80);
CREATE INDEX delivery_by_organisation ON delivery (organisation_id, created_at DESC, id) WHERE organisation_id IS NOT NULL;
CREATE INDEX delivery_failed ON delivery (created_at) WHERE state = 'failed'; -- among many that wait for a mail server
CREATE INDEX delivery_open ON delivery (created_at) WHERE state IN ('queued', 'failed');
CREATE INDEX delivery_desk ON delivery (authority_code, created_at DESC, id) WHERE organisation_id IS NULL;

CREATE TABLE delivery_attempt (
    delivery_id uuid    NOT NULL CONSTRAINT delivery_attempt_delivery REFERENCES delivery (id),
    attempt     integer NOT NULL,
    at          timestamptz NOT NULL,
    result      text NOT NULL,
    PRIMARY KEY (delivery_id, attempt)
);

-- +goose Down
DROP TABLE delivery_attempt, delivery;
