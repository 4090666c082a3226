-- +goose Up

-- What people did with a draft, beside its body.
-- settled: keys of the report whose value somebody typed, changed or confirmed; what is not settled may be prefilled.
-- saved_sections: sections that were saved by their button at least once.
ALTER TABLE draft
    ADD COLUMN settled        text[] NOT NULL DEFAULT '{}',
    ADD COLUMN saved_sections text[] NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE draft DROP COLUMN saved_sections, DROP COLUMN settled;
