-- +goose Up

-- An address given by somebody who did not come by a link sent to it is not confirmed until such a link is used.
ALTER TABLE person ADD COLUMN email_unverified boolean NOT NULL DEFAULT false;

-- Of an organisation's people: who may submit (负责人), and whether an invitation still waits to be accepted. Filers of
-- the release before are responsible, as they were.
ALTER TABLE membership ADD COLUMN responsible boolean NOT NULL DEFAULT true;
ALTER TABLE membership ADD COLUMN pending boolean NOT NULL DEFAULT false;

ALTER TABLE invitation ADD COLUMN purpose text NOT NULL DEFAULT 'invitation'
    CONSTRAINT invitation_purpose CHECK (purpose IN ('invitation', 'reset'));
ALTER TABLE invitation ADD COLUMN membership_id uuid CONSTRAINT invitation_membership REFERENCES membership (id);
CREATE INDEX invitation_by_person ON invitation (person_id, created_at);

-- email_change: a new address, or one never confirmed, waits for the link that was sent to it.
CREATE TABLE email_change (
    token_hash bytea PRIMARY KEY,
    person_id  uuid NOT NULL CONSTRAINT email_change_person REFERENCES person (id),
    email      text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX email_change_by_person ON email_change (person_id, created_at);

-- activation_request: somebody asked for a code with a USCC, whether the register has it or not: what a request leaves
-- behind must not tell. At most so many a day, by the key. The code's hash comes later, where there is whom to send it.
CREATE TABLE activation_request (
    uscc            text    NOT NULL,
    day             date    NOT NULL,
    ordinal         integer NOT NULL CONSTRAINT activation_request_limit CHECK (ordinal BETWEEN 1 AND 5),
    channel         text    NOT NULL CONSTRAINT activation_request_channel CHECK (channel IN ('mail', 'sms')),
    organisation_id uuid    CONSTRAINT activation_request_organisation REFERENCES organisation (id),
    recipient       text    NOT NULL DEFAULT '', -- where the code went
    code_hash       text    NOT NULL DEFAULT '', -- argon2id: six digits must not be guessed from a copy of the table
    tries           integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL,
    answered_at     timestamptz,
    used_at         timestamptz,
    PRIMARY KEY (uscc, day, ordinal)
) WITH (fillfactor = 80);
CREATE INDEX activation_request_day ON activation_request (day);

-- Whose session it is and where it was begun, for the list in which a person ends one.
ALTER TABLE session ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE session ADD COLUMN person_id uuid;
ALTER TABLE session ADD COLUMN created_at timestamptz NOT NULL DEFAULT clock_timestamp();
ALTER TABLE session ADD COLUMN seen_at timestamptz NOT NULL DEFAULT clock_timestamp();
ALTER TABLE session ADD COLUMN user_agent text NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN address text NOT NULL DEFAULT '';
CREATE INDEX session_by_person ON session (person_id) WHERE person_id IS NOT NULL;

-- A code or link that goes with a delivery stands beside its text, is put in when it is sent, and is wiped then; after
-- expires_at the delivery is of no use and is dropped.
ALTER TABLE delivery ADD COLUMN secret text NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN expires_at timestamptz;

-- +goose Down
ALTER TABLE delivery DROP COLUMN expires_at, DROP COLUMN secret;
ALTER TABLE session DROP COLUMN address, DROP COLUMN user_agent, DROP COLUMN seen_at, DROP COLUMN created_at,
    DROP COLUMN person_id, DROP COLUMN id;
DROP TABLE activation_request, email_change;
DROP INDEX invitation_by_person;
ALTER TABLE invitation DROP COLUMN membership_id, DROP COLUMN purpose;
ALTER TABLE membership DROP COLUMN pending, DROP COLUMN responsible;
ALTER TABLE person DROP COLUMN email_unverified;
