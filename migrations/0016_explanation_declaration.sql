-- +goose Up

-- explanation: what the filer says to a warning of the form checks, beside the draft. place is the SHA-256 of check and
-- keys, which name the warning; message is the warning's as it was answered: once it reads otherwise the answer is stale.
CREATE TABLE explanation (
    obligation_id uuid        NOT NULL CONSTRAINT explanation_obligation REFERENCES obligation (id),
    place         text        NOT NULL CONSTRAINT explanation_place CHECK (place ~ '^[0-9a-f]{64}$'),
    check_code    text        NOT NULL,
    keys          text[]      NOT NULL,
    message       text        NOT NULL DEFAULT '', -- '': not known
    text          text        NOT NULL CONSTRAINT explanation_text CHECK (btrim(text) <> ''),
    written_by    text        NOT NULL,
    written_at    timestamptz NOT NULL,
    PRIMARY KEY (obligation_id, place)
);

-- Immutable with the submission: the answers to the warnings it was taken with, and the declaration (法定代表人声明) it was
-- made under. Null: none, as for what a program submitted.
ALTER TABLE submission
    ADD COLUMN explanations json,
    ADD COLUMN declaration  json;

-- +goose Down
ALTER TABLE submission DROP COLUMN declaration, DROP COLUMN explanations;
DROP TABLE explanation;
