package postgres

import (
	"database/sql"
	"errors"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// Constraint gives the name of the constraint that err says was violated (unique, check, foreign key, not null,
// exclusion; SQLSTATE class 23). The stores map names to domain errors with it.
func Constraint(err error) (name string, ok bool) {
	e := pq.As(err)
	if e == nil || e.Code.Class() != "23" || e.Constraint == "" {
		return "", false
	}
	return e.Constraint, true
}

// IsUnique tells whether err is a violation of the named unique constraint or index.
func IsUnique(err error, constraint string) bool {
	e := pq.As(err, pqerror.UniqueViolation)
	return e != nil && e.Constraint == constraint
}

// IsForeignKey tells whether err is a violation of the named foreign key.
func IsForeignKey(err error, constraint string) bool {
	e := pq.As(err, pqerror.ForeignKeyViolation)
	return e != nil && e.Constraint == constraint
}

// IsNoRows tells whether a read that wanted one row found none; the stores turn it into their own not-found error.
func IsNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
