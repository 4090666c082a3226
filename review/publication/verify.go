package publication

import (
	"context"
	"database/sql"
	"fmt"

	"nianbao/internal/document"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Verification is what a verification code stands for.
type Verification struct {
	Valid        bool // in force
	Kind         document.Kind
	Number       string
	Organisation Organisation
	Authority    Authority
	ReportYear   int
	IssuedOn     workday.Date
	SHA256       string // of the PDF, lower-case hex; "" until it stands
	Standing     document.Standing
	SupersededBy *Successor // what took its place or ended its effect; nil while in force
}

// Successor is the document that superseded another.
type Successor struct {
	Kind       document.Kind `db:"kind"`
	Number     string        `db:"number"`
	VerifyCode string        `db:"verify_code"`
}

// Ended tells whether the document was not replaced by another of its kind but lost its effect through a later one: a
// listing decision through the removal, a prior notice through the withdrawal.
func (v *Verification) Ended() bool {
	return v.Standing == document.Superseded && v.SupersededBy != nil && v.SupersededBy.Kind != v.Kind
}

// Verify looks a code up as a person typed it. A code that cannot be one, or that no document has, is ErrUnknownCode. A
// document counts from its order on: number and code are given with the decision, before the PDF stands.
func (s *Service) Verify(ctx context.Context, typed string) (Verification, error) {
	code, err := document.ParseCode(typed)
	if err != nil {
		return Verification{}, ErrUnknownCode
	}
	var found struct {
		Kind         document.Kind     `db:"kind"`
		Number       string            `db:"number"`
		Organisation Organisation      `db:"organisation"`
		Authority    Authority         `db:"authority"`
		ReportYear   sql.NullInt64     `db:"report_year"`
		IssuedOn     workday.Date      `db:"issued_on"`
		SHA256       string            `db:"sha256"`
		Standing     document.Standing `db:"standing"`
		Successor    Successor         `db:"successor"`
	}
	stmt, err := s.db.Prepared(ctx, `SELECT o.kind, o.number, g.uscc AS "organisation.uscc", g.name AS "organisation.name",
		g.type AS "organisation.type", a.code AS "authority.code", a.name AS "authority.name",
		(o.facts->>'report_year')::integer AS report_year, o.issued_on, coalesce(d.sha256, '') AS sha256, st.standing,
		coalesce(n.kind, '') AS "successor.kind", coalesce(n.number, '') AS "successor.number",
		coalesce(n.verify_code, '') AS "successor.verify_code"
		FROM document_order o JOIN document_standing st ON st.document_id = o.id
		JOIN organisation g ON g.id = o.organisation_id JOIN authority a ON a.code = o.authority_code
		LEFT JOIN document d ON d.id = o.id LEFT JOIN document_order n ON n.id = st.superseded_by WHERE o.verify_code = $1`)
	if err != nil {
		return Verification{}, fmt.Errorf("verify code: %w", err)
	}
	err = stmt.GetContext(ctx, &found, code)
	if postgres.IsNoRows(err) {
		return Verification{}, ErrUnknownCode
	}
	if err != nil {
		return Verification{}, fmt.Errorf("verify code: %w", err)
	}
	v := Verification{Valid: found.Standing == document.InForce, Kind: found.Kind, Number: found.Number,
		Organisation: found.Organisation, Authority: found.Authority, ReportYear: int(found.ReportYear.Int64),
		IssuedOn: found.IssuedOn, SHA256: found.SHA256, Standing: found.Standing}
	if found.Standing == document.Superseded && found.Successor.Number != "" {
		v.SupersededBy = &found.Successor
	}
	return v, nil
}
