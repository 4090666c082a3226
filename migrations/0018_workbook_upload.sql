-- +goose Up

-- workbook_upload: what was read out of a workbook, from its upload until its uploader has seen and applied it. One a person
-- and report; a later upload takes its place, and rows of more than a day are as good as gone.
CREATE TABLE workbook_upload (
    obligation_id uuid NOT NULL CONSTRAINT workbook_upload_obligation REFERENCES obligation (id),
    person_id     uuid NOT NULL,
    file_name     text NOT NULL,
    reading       bytea NOT NULL, -- as filing/workbook keeps it
    uploaded_at   timestamptz NOT NULL,
    PRIMARY KEY (obligation_id, person_id)
);
CREATE INDEX workbook_upload_age ON workbook_upload (uploaded_at);

-- +goose Down
DROP TABLE workbook_upload;
