-- +goose Up

-- document_order: what is to be composed, rendered and signed; written in the transaction that decided it.
CREATE TABLE document_order (
    id              uuid PRIMARY KEY, -- becomes the document's id
    kind            text NOT NULL,
    authority_code  text NOT NULL,
    organisation_id uuid NOT NULL,
    subject_id      uuid NOT NULL,    -- conclusion, submission, listing, …
    number          text NOT NULL,
    verify_code     text NOT NULL CONSTRAINT document_order_verify_code UNIQUE,
    issued_on       date NOT NULL,
    supersedes_id   uuid,
    facts           json NOT NULL,
    state           text NOT NULL DEFAULT 'ordered' CONSTRAINT document_order_state CHECK (state IN ('ordered', 'held', 'issued')),
    held_reason     text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    CONSTRAINT document_order_number UNIQUE (authority_code, kind, number)
);
CREATE INDEX document_order_open ON document_order (state, created_at) WHERE state <> 'issued';
CREATE INDEX document_order_by_subject ON document_order (subject_id);

-- document: immutable. Its standing lives beside it.
CREATE TABLE document (
    id              uuid PRIMARY KEY CONSTRAINT document_order_of REFERENCES document_order (id),
    kind            text NOT NULL,
    authority_code  text NOT NULL,
    organisation_id uuid NOT NULL,
    subject_id      uuid NOT NULL,
    number          text NOT NULL,
    verify_code     text NOT NULL CONSTRAINT document_verify_code UNIQUE,
    issued_on       date NOT NULL,
    sha256          text NOT NULL CONSTRAINT document_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size            bigint  NOT NULL,
    pages           integer NOT NULL,
    blob_key        text NOT NULL,
    created_at      timestamptz NOT NULL
);
CREATE INDEX document_by_organisation ON document (organisation_id, created_at DESC, id);
CREATE INDEX document_by_authority ON document (authority_code, created_at DESC, id);
CREATE INDEX document_by_subject ON document (subject_id);
CREATE INDEX document_by_sha256 ON document (sha256);
CREATE TRIGGER document_immutable BEFORE UPDATE OR DELETE ON document
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- document_standing begins with the order, so that a document can be superseded or revoked before its PDF stands.
CREATE TABLE document_standing (
    document_id   uuid PRIMARY KEY CONSTRAINT document_standing_order REFERENCES document_order (id),
    standing      text NOT NULL DEFAULT 'in_force'
        CONSTRAINT document_standing_word CHECK (standing IN ('in_force', 'superseded', 'revoked')),
    reason        text NOT NULL DEFAULT '',
    superseded_by uuid,
    updated_at    timestamptz NOT NULL
);

-- +goose Down
DROP TABLE document_standing, document, document_order;
