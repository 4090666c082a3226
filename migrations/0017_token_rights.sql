-- +goose Up

-- rights: what a token that an organisation made may do. NULL: all that its role may, as tokens issued by the command and
-- those made before this.
ALTER TABLE api_token ADD COLUMN rights text[] CONSTRAINT api_token_rights CHECK (rights IS NULL
    OR role = 'filer' AND cardinality(rights) > 0 AND rights <@ ARRAY['read', 'draft', 'submit', 'requests']);
ALTER TABLE api_token ADD COLUMN created_by text NOT NULL DEFAULT ''; -- the name of who made it, '' for the command
ALTER TABLE api_token ADD COLUMN last_used_at timestamptz;            -- to the minute
CREATE INDEX api_token_by_organisation ON api_token (organisation_id, created_at) WHERE organisation_id IS NOT NULL;

-- +goose Down
DROP INDEX api_token_by_organisation;
ALTER TABLE api_token DROP COLUMN rights, DROP COLUMN created_by, DROP COLUMN last_used_at;
