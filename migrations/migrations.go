// Package migrations embeds the numbered SQL files that make up the schema, in goose's format.
//
// It owns the files and nothing else: internal/postgres applies them. A file that has been released is never edited;
// a change is a new number, and the release before must still run on the new schema.
package migrations

import "embed"

// FS holds the migrations, named NNNN_name.sql.
//
//go:embed *.sql
var FS embed.FS
