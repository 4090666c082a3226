package publication

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/document"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// secrets must not leave by anything public; they stand in every column that could carry them.
const secrets = "机密"

// office is an authority with organisations whose listings the test writes down as facts.
type office struct {
	t    *testing.T
	ctx  context.Context
	db   *postgres.DB
	svc  *Service
	orgs []registry.Organisation
}

func date(day string) workday.Date {
	d, err := workday.ParseDate(day)
	if err != nil {
		panic(err)
	}
	return d
}

func newOffice(t *testing.T, count int) *office {
	t.Helper()
	db, _ := pgtest.NewAt(t, date("2019-05-10").Start().Add(9*time.Hour))
	o := &office{t: t, ctx: t.Context(), db: db, svc: New(Config{DB: db})}
	o.exec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ('440100', '试点市民政局', 'city', '试民社', now(), now()), ('440104', '试点区民政局', 'county', '试区民社', now(), now())`)
	for i, authority := range []string{"440100", "440104"} {
		orgs, err := registry.Sample(registry.SampleOptions{Count: count, Seed: uint64(i + 1), Authority: authority})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range orgs {
			g.ID = uuid.Must(uuid.NewV7())
			o.exec(`INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, legal_representative, domicile,
				contact_name, contact_phone, contact_email, created_at, updated_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, '王法人', '试点路1号', $8, $8, $8, now(), now())`,
				g.ID, g.USCC, g.Name, g.Type, g.RegisteredOn, g.AuthorityCode, g.Status, secrets)
			o.orgs = append(o.orgs, g)
		}
	}
	for _, authority := range []string{"440100", "440104"} {
		file := "authority: \"" + authority + "\"\nreport_year: 2018\nregistered_by: 2018-12-31\nopens_on: 2019-01-14\ndue_on: 2019-03-31\n"
		o.exec(`INSERT INTO season (id, authority_code, report_year, regime, registered_by, opens_on, due_on, state, spec, created_at, updated_at)
			VALUES ($1, $2, 2018, 'annual_report', '2018-12-31', '2019-01-14', '2019-03-31', 'open', $3, now(), now())`,
			uuid.New(), authority, must(json.Marshal(map[string]string{"file": file})))
		o.exec(`INSERT INTO obligation (id, authority_code, organisation_id, season_id, report_year, type, form, opens_on, due_on,
			overdue_after, created_at, updated_at)
			SELECT gen_random_uuid(), g.authority_code, g.id, s.id, 2018, g.type, g.type || '-2004', s.opens_on, s.due_on, s.due_on, now(), now()
			FROM organisation g JOIN season s ON s.authority_code = g.authority_code WHERE g.authority_code = $1`, authority)
	}
	return o
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (o *office) exec(query string, args ...any) {
	o.t.Helper()
	if _, err := o.db.ExecContext(o.ctx, query, args...); err != nil {
		o.t.Fatalf("%s: %v", query, err)
	}
}

// paper orders a document about the organisation.
func (o *office) paper(i int, on string, facts func(document.Party) document.Facts) document.Ordered {
	o.t.Helper()
	g := o.orgs[i]
	var placed document.Ordered
	err := postgres.InTx(o.ctx, o.db, func(tx *postgres.Tx) (err error) {
		placed, err = document.Place(o.ctx, tx, document.Order{AuthorityCode: g.AuthorityCode, OrganisationID: g.ID, SubjectID: uuid.New(),
			IssuedOn: date(on), Facts: facts(document.Party{Authority: "试点市民政局", Organisation: g.Name, USCC: string(g.USCC),
				OrganisationType: g.Type.Label(), ReportYear: 2018})})
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return placed
}

// list puts the organisation on the abnormal-activity list; ended "" means that it is still there.
func (o *office) list(i int, status, from, ended string) document.Ordered {
	o.t.Helper()
	decision := o.paper(i, from, func(p document.Party) document.Facts {
		return &document.ListingFacts{Party: p, DueOn: date("2019-03-31"), ListedOn: date(from), Basis: "《办法》第十一条"}
	})
	o.exec(`INSERT INTO listing (id, obligation_id, authority_code, organisation_id, report_year, ground, basis, status, notified_on,
		listed_on, decision_id, ended_on, created_at, updated_at)
		SELECT $2, id, authority_code, organisation_id, 2018, 'not_filed', '《办法》第十一条', $3, '2019-04-01', $4, $5, nullif($6, '')::date, now(), now()
		FROM obligation WHERE organisation_id = $1`, o.orgs[i].ID, uuid.Must(uuid.NewV7()), status, from, decision.ID, ended)
	return decision
}
