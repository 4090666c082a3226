-- +goose Up

CREATE TABLE person (
    id            uuid PRIMARY KEY,
    email         text NOT NULL,
    name          text NOT NULL,
    password_hash text NOT NULL DEFAULT '', -- argon2id; empty until activated
    failed_tries  integer NOT NULL DEFAULT 0,
    locked_until  timestamptz,
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
CREATE UNIQUE INDEX person_email ON person (lower(email));

CREATE TABLE membership (
    id              uuid PRIMARY KEY,
    person_id       uuid NOT NULL CONSTRAINT membership_person REFERENCES person (id),
    role            text NOT NULL CONSTRAINT membership_role CHECK (role IN ('filer', 'reviewer', 'approver', 'admin', 'sponsor')),
    organisation_id uuid CONSTRAINT membership_organisation REFERENCES organisation (id),
    authority_code  text CONSTRAINT membership_authority REFERENCES authority (code),
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    CONSTRAINT membership_scope CHECK ((role = 'filer') = (organisation_id IS NOT NULL)
        AND (role <> 'filer') = (authority_code IS NOT NULL))
);
CREATE UNIQUE INDEX membership_once ON membership (person_id, role, coalesce(organisation_id::text, authority_code))
    WHERE ended_at IS NULL;
CREATE INDEX membership_by_organisation ON membership (organisation_id) WHERE ended_at IS NULL;
CREATE INDEX membership_by_authority ON membership (authority_code) WHERE ended_at IS NULL;

CREATE TABLE invitation (
    token_hash bytea PRIMARY KEY,
    person_id  uuid NOT NULL CONSTRAINT invitation_person REFERENCES person (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

CREATE TABLE api_token (
    id              uuid PRIMARY KEY,
    token_hash      bytea NOT NULL CONSTRAINT api_token_hash UNIQUE, -- SHA-256; the token itself is shown once
    name            text NOT NULL,
    role            text NOT NULL CONSTRAINT api_token_role CHECK (role IN ('filer', 'reviewer', 'approver', 'admin', 'sponsor')),
    organisation_id uuid CONSTRAINT api_token_organisation REFERENCES organisation (id),
    authority_code  text CONSTRAINT api_token_authority REFERENCES authority (code),
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    revoked_at      timestamptz,
    CONSTRAINT api_token_scope CHECK ((role = 'filer') = (organisation_id IS NOT NULL)
        AND (role <> 'filer') = (authority_code IS NOT NULL))
);

-- +goose Down
DROP TABLE api_token, invitation, membership, person;
