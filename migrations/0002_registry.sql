-- +goose Up

CREATE TABLE authority (
    code          text PRIMARY KEY CONSTRAINT authority_code_digits CHECK (code ~ '^[0-9]{6}$'),
    name          text NOT NULL,
    level         text NOT NULL CONSTRAINT authority_level CHECK (level IN ('ministry', 'province', 'city', 'county')),
    parent_code   text CONSTRAINT authority_parent REFERENCES authority (code),
    number_prefix text NOT NULL, -- 发文机关代字, such as 试民社
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE TABLE organisation (
    id                     uuid PRIMARY KEY,
    uscc                   text NOT NULL CONSTRAINT organisation_uscc UNIQUE,
    name                   text NOT NULL,
    type                   text NOT NULL CONSTRAINT organisation_type CHECK (type IN ('association', 'service', 'foundation')),
    registered_on          date NOT NULL,
    authority_code         text NOT NULL CONSTRAINT organisation_authority REFERENCES authority (code),
    status                 text NOT NULL CONSTRAINT organisation_status CHECK (status IN ('active', 'deregistered', 'revoked')),
    legal_representative   text NOT NULL DEFAULT '',
    registered_capital_fen bigint,
    business_scope         text NOT NULL DEFAULT '',
    registration_no        text NOT NULL DEFAULT '',
    domicile               text NOT NULL DEFAULT '',
    district               text NOT NULL DEFAULT '',
    postcode               text NOT NULL DEFAULT '',
    contact_name           text NOT NULL DEFAULT '',
    contact_phone          text NOT NULL DEFAULT '',
    contact_email          text NOT NULL DEFAULT '',
    sponsor                text NOT NULL DEFAULT '',
    charity                boolean NOT NULL DEFAULT false,
    public_fundraising     boolean NOT NULL DEFAULT false,
    electronic_service     boolean NOT NULL DEFAULT false,
    version                integer NOT NULL DEFAULT 1,
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL
);
CREATE INDEX organisation_name_bigrams ON organisation USING gin (bigrams(name)) WITH (fastupdate = off);
CREATE INDEX organisation_name ON organisation (name text_pattern_ops, id);
CREATE INDEX organisation_by_authority ON organisation (authority_code, type, status, registered_on);

-- calendar_day: State Council notices that came after the built-in ones.
CREATE TABLE calendar_day (
    date        date PRIMARY KEY,
    kind        text NOT NULL CONSTRAINT calendar_day_kind CHECK (kind IN ('off', 'work')),
    festival    text NOT NULL,
    notice_year integer NOT NULL
);

-- +goose Down
DROP TABLE calendar_day, organisation, authority;
