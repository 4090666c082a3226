package api

import (
	"net/http"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"nianbao/review/publication"
)

func publicOrganisation(o publication.Organisation) Organisation {
	return Organisation{Uscc: o.USCC, Name: o.Name, Type: OrganisationType(o.Type)}
}

// SearchOrganisations is GET /public/organisations.
func (s *Server) SearchOrganisations(c echo.Context, params SearchOrganisationsParams) error {
	limit, err := pageSize(params.Limit)
	if err != nil {
		return err
	}
	if utf8.RuneCountInString(given(params.Q)) > maxSearch {
		return badParameter("q")
	}
	page, err := s.Public.Search(c.Request().Context(), publication.Search{Query: given(params.Q), Limit: limit, Cursor: given(params.Cursor)})
	if err != nil {
		return err
	}
	list := PublicOrganisationList{Items: make([]PublicOrganisationItem, len(page.Items)), Next: cursorOrNull(page.Next)}
	for i, found := range page.Items {
		list.Items[i] = PublicOrganisationItem{
			Uscc: found.USCC, Name: found.Name, Type: PublicOrganisationItemType(found.Type), Authority: found.Authority.Code,
			Status: PublicOrganisationItemStatus(found.Status), Standing: PublicOrganisationItemStanding(found.Standing),
		}
	}
	return c.JSON(http.StatusOK, list)
}

// GetOrganisation is GET /public/organisations/{uscc}.
func (s *Server) GetOrganisation(c echo.Context, uscc string) error {
	entry, err := s.Public.Entry(c.Request().Context(), uscc)
	if err != nil {
		return err
	}
	standing := PublicOrganisationStanding(entry.Standing)
	spotChecks := publicListings(entry.SpotChecks)
	answer := PublicOrganisation{
		Organisation: publicOrganisation(entry.Organisation),
		Authority:    AuthorityName{Code: entry.Authority.Code, Name: entry.Authority.Name},
		Status:       PublicOrganisationStatus(entry.Status), Standing: &standing, RegisteredOn: day(entry.RegisteredOn),
		LegalRepresentative: &entry.LegalRepresentative, BusinessScope: &entry.BusinessScope,
		RegistrationNo: &entry.RegistrationNo, Domicile: &entry.Domicile, Sponsor: &entry.Sponsor, Charity: &entry.Charity,
		PublicFundraising: &entry.PublicFundraising, Filings: make([]PublicFiling, len(entry.Filings)),
		Listings: publicListings(entry.Listings), SpotChecks: &spotChecks,
	}
	if entry.RegisteredCapital != nil {
		capital := entry.RegisteredCapital.String()
		answer.RegisteredCapital = &capital
	}
	for i := range entry.Filings {
		answer.Filings[i] = publicFiling(&entry.Filings[i])
	}
	return c.JSON(http.StatusOK, answer)
}

func publicFiling(f *publication.Filing) PublicFiling {
	out := PublicFiling{ReportYear: f.ReportYear, Status: ObligationStatus(f.Status), DueOn: dayOrNull(f.DueOn), Overdue: f.Overdue}
	if !f.ReceivedAt.IsZero() {
		at := instant(f.ReceivedAt)
		out.ReceivedAt = &at
	}
	corrections := make([]PublicCorrection, len(f.Corrections))
	for i, k := range f.Corrections {
		corrections[i] = PublicCorrection{CorrectedOn: day(k.CorrectedOn), Sections: k.Sections}
	}
	out.Corrections = &corrections
	if c := f.Conclusion; c != nil {
		out.Conclusion = &PublicConclusion{Number: c.Number, IssuedOn: day(c.IssuedOn), VerifyCode: c.VerifyCode, Outcome: &c.Outcome}
	}
	return out
}

func publicListings(rows []publication.Row) []PublicListing {
	out := make([]PublicListing, len(rows))
	for i := range rows {
		r := &rows[i]
		out[i] = PublicListing{
			Organisation: publicOrganisation(r.Organisation), Authority: &r.Authority.Code, ReportYear: &r.ReportYear,
			Ground: string(r.Ground), Basis: &r.Basis, ListedOn: day(r.ListedOn), EndedOn: dayOrNull(r.EndedOn),
		}
		if r.Document != nil {
			out[i].Document = &PublicDocument{Number: r.Document.Number, VerifyCode: r.Document.VerifyCode}
		}
	}
	return out
}

// listParameters are those of a public list.
type listParameters struct {
	authority *Authority
	on        *On
	limit     *Limit
	cursor    *Cursor
}

func (p listParameters) query() (publication.Query, error) {
	limit, err := pageSize(p.limit)
	q := publication.Query{AuthorityCode: given(p.authority), Limit: limit, Cursor: given(p.cursor)}
	if p.on != nil {
		if p.on.IsZero() { // ?on= without a date
			return q, badParameter("on")
		}
		q.On = dateOf(*p.on)
	}
	return q, err
}

// publicList answers with a page of a list.
func (s *Server) publicList(c echo.Context, list publication.List, p listParameters) error {
	ask, err := p.query()
	if err != nil {
		return err
	}
	page, err := s.Public.Page(c.Request().Context(), list, ask)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, PublicListingList{Items: publicListings(page.Items), Next: cursorOrNull(page.Next)})
}

// AbnormalList is GET /public/abnormal-list.
func (s *Server) AbnormalList(c echo.Context, p AbnormalListParams) error {
	return s.publicList(c, publication.AbnormalList, listParameters{p.Authority, p.On, p.Limit, p.Cursor})
}

// SpotCheckList is GET /public/spot-check-list.
func (s *Server) SpotCheckList(c echo.Context, p SpotCheckListParams) error {
	return s.publicList(c, publication.SpotCheckList, listParameters{p.Authority, p.On, p.Limit, p.Cursor})
}

// VerifyDocument is GET /public/verify/{code}.
func (s *Server) VerifyDocument(c echo.Context, code string) error {
	found, err := s.Public.Verify(c.Request().Context(), code)
	if err != nil {
		return err
	}
	answer := Verification{
		Valid: found.Valid, Kind: string(found.Kind), Number: found.Number, Organisation: publicOrganisation(found.Organisation),
		Authority: &found.Authority.Name, IssuedOn: day(found.IssuedOn), Sha256: textOrNull(found.SHA256),
		Standing: VerificationStanding(found.Standing),
	}
	if found.ReportYear != 0 {
		answer.ReportYear = &found.ReportYear
	}
	if next := found.SupersededBy; next != nil {
		answer.SupersededBy = &Successor{Kind: string(next.Kind), Number: next.Number, VerifyCode: next.VerifyCode}
	}
	return c.JSON(http.StatusOK, answer)
}
