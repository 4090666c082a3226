package registry

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/postgres"
)

const selectOrganisation = `
SELECT id, uscc, name, type, registered_on, authority_code, status, legal_representative, registered_capital_fen,
	business_scope, registration_no, domicile, district, postcode, contact_name, contact_phone, contact_email,
	sponsor, charity, public_fundraising, electronic_service, version, created_at, updated_at
FROM organisation`

// OrganisationByUSCC is the organisation with that code, ErrNotFound if there
// is none. The code is not checked first: a wrong one is not found.
func OrganisationByUSCC(ctx context.Context, q postgres.Queryer, uscc string) (Organisation, error) {
	return oneOrganisation(ctx, q, selectOrganisation+` WHERE uscc = $1`, uscc)
}

// OrganisationByID is the organisation with that id, ErrNotFound if there is
// none.
func OrganisationByID(ctx context.Context, q postgres.Queryer, id uuid.UUID) (Organisation, error) {
	return oneOrganisation(ctx, q, selectOrganisation+` WHERE id = $1`, id)
}

func oneOrganisation(ctx context.Context, q postgres.Queryer, query string, key any) (Organisation, error) {
	statement, err := q.Prepared(ctx, query)
	if err != nil {
		return Organisation{}, fmt.Errorf("read organisation: %w", err)
	}
	var organisation Organisation
	err = statement.GetContext(ctx, &organisation, key)
	if postgres.IsNoRows(err) {
		return Organisation{}, ErrNotFound
	}
	if err != nil {
		return Organisation{}, fmt.Errorf("read organisation %v: %w", key, err)
	}
	return organisation, nil
}

// OrganisationsByID reads many at once. Ids that are not there are missing from
// the map.
func OrganisationsByID(ctx context.Context, q postgres.Queryer, ids []uuid.UUID) (map[uuid.UUID]Organisation, error) {
	found := make(map[uuid.UUID]Organisation, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	statement, err := q.Prepared(ctx, selectOrganisation+` WHERE id = ANY($1)`)
	if err != nil {
		return nil, fmt.Errorf("read %d organisations: %w", len(ids), err)
	}
	var rows []Organisation
	if err := statement.SelectContext(ctx, &rows, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("read %d organisations: %w", len(ids), err)
	}
	for _, o := range rows {
		found[o.ID] = o
	}
	return found, nil
}
