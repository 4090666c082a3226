package filing

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
)

func oneSponsorReview(ctx context.Context, q postgres.Queryer, where string, args ...any) (SponsorReview, error) {
	var v SponsorReview
	err := q.GetContext(ctx, &v, `SELECT `+sponsorColumns+` FROM sponsor_review v `+where, args...)
	if postgres.IsNoRows(err) {
		return v, ErrSponsorReviewNotFound
	}
	if err != nil {
		return v, fmt.Errorf("read report sent to the sponsor: %w", err)
	}
	return v, nil
}

// LatestSponsorReview is the last time that the obligation's report was sent to
// the sponsor; ErrSponsorReviewNotFound if it never was.
func LatestSponsorReview(ctx context.Context, q postgres.Queryer, obligationID uuid.UUID) (SponsorReview, error) {
	return oneSponsorReview(ctx, q, `WHERE v.obligation_id = $1 ORDER BY v.sent_at DESC, v.id DESC LIMIT 1`, obligationID)
}

// SponsorReviewsOf lists what was sent to the sponsor for an obligation, the latest first.
func SponsorReviewsOf(ctx context.Context, q postgres.Queryer, obligationID uuid.UUID) ([]SponsorReview, error) {
	list := []SponsorReview{}
	err := q.SelectContext(ctx, &list, `SELECT `+sponsorColumns+` FROM sponsor_review v
		WHERE v.obligation_id = $1 ORDER BY v.sent_at DESC, v.id DESC`, obligationID)
	if err != nil {
		return nil, fmt.Errorf("reports of %s sent to the sponsor: %w", obligationID, err)
	}
	return list, nil
}

// SubmissionOpinion is under which answer of the sponsor a submission was taken,
// or for lack of one (status lapsed); ErrSponsorReviewNotFound where the report
// did not go to a sponsor.
func SubmissionOpinion(ctx context.Context, q postgres.Queryer, submissionID uuid.UUID) (SponsorReview, error) {
	return oneSponsorReview(ctx, q, `JOIN submission_sponsor p ON p.review_id = v.id WHERE p.submission_id = $1`, submissionID)
}

// SponsorScope is whose reviews a sponsor's sign-in sees: those of its
// organisations at the authority. A scope without a name sees nothing.
type SponsorScope struct {
	AuthorityCode string
	Sponsor       string // the name in the register
}

// SponsorItem is a review with who sent it.
type SponsorItem struct {
	SponsorReview
	OrganisationName string        `db:"organisation_name"`
	OrganisationUSCC string        `db:"organisation_uscc"`
	OrganisationType registry.Type `db:"organisation_type"`
	ObligationStatus Status        `db:"obligation_status"`
}

// Waiting tells whether an opinion can be given: a report is still owed.
func (i *SponsorItem) Waiting() bool { return i.Status == SponsorPending && i.ObligationStatus.Owed() }

const selectSponsorItem = `SELECT ` + sponsorColumns + `, o.name AS organisation_name, o.uscc AS organisation_uscc,
	o.type AS organisation_type, b.status AS obligation_status
FROM sponsor_review v JOIN organisation o ON o.id = v.organisation_id JOIN obligation b ON b.id = v.obligation_id `

// SponsorReviewOf finds a review of the sponsor's; ErrSponsorReviewNotFound.
func SponsorReviewOf(ctx context.Context, q postgres.Queryer, of SponsorScope, id uuid.UUID) (SponsorItem, error) {
	var v SponsorItem
	err := q.GetContext(ctx, &v, selectSponsorItem+`WHERE v.id = $1 AND v.authority_code = $2 AND v.sponsor = $3 AND v.sponsor <> ''`,
		id, of.AuthorityCode, of.Sponsor)
	if postgres.IsNoRows(err) {
		return v, ErrSponsorReviewNotFound
	}
	if err != nil {
		return v, fmt.Errorf("read report %s sent to the sponsor: %w", id, err)
	}
	return v, nil
}

// SponsorQuery asks for a page of a sponsor's reviews: pending ones by the day
// on which they must be answered, others the latest first.
type SponsorQuery struct {
	SponsorScope
	Status SponsorStatus // "": pending
	Limit  int           // 1 to 200; else 50
	Cursor string        // of the page before; "": the first page
}

// SponsorPage is one page; Next is "" on the last one.
type SponsorPage struct {
	Items []SponsorItem
	Next  string
}

// sponsorPosition is a place in a list of reviews: by day while pending, by instant after.
type sponsorPosition struct {
	Key string    `json:"k"`
	ID  uuid.UUID `json:"i"`
}

// ListSponsorReviews reads a page by key. A cursor that no page gave out is ErrCursor.
func ListSponsorReviews(ctx context.Context, q postgres.Queryer, ask SponsorQuery) (SponsorPage, error) {
	if ask.Limit < 1 || ask.Limit > 200 {
		ask.Limit = 50
	}
	if ask.Status == "" {
		ask.Status = SponsorPending
	}
	where, args := `WHERE v.authority_code = $1 AND v.sponsor = $2 AND v.sponsor <> '' AND v.status = $3`,
		[]any{ask.AuthorityCode, ask.Sponsor, ask.Status}
	order, compare := ` ORDER BY v.due_on, v.id`, `(v.due_on, v.id) > ($4::date, $5)`
	if ask.Status == SponsorPending {
		where += ` AND b.status IN ('open', 'returned')` // freed meanwhile: nothing is left to answer
	} else {
		order, compare = ` ORDER BY v.ended_at DESC, v.id DESC`, `(v.ended_at, v.id) < ($4::timestamptz, $5)`
	}
	if ask.Cursor != "" {
		from, err := parseSponsorCursor(ask)
		if err != nil {
			return SponsorPage{}, err
		}
		args = append(args, from.Key, from.ID)
		where += ` AND ` + compare
	}
	page := SponsorPage{Items: []SponsorItem{}}
	query := selectSponsorItem + where + order + fmt.Sprintf(` LIMIT %d`, ask.Limit+1)
	if err := q.SelectContext(ctx, &page.Items, query, args...); err != nil {
		return page, fmt.Errorf("reports sent to %s: %w", ask.Sponsor, err)
	}
	if len(page.Items) > ask.Limit {
		page.Items = page.Items[:ask.Limit]
		page.Next = sponsorCursor(ask.Status, &page.Items[ask.Limit-1])
	}
	return page, nil
}

func sponsorCursor(status SponsorStatus, last *SponsorItem) string {
	p := sponsorPosition{Key: last.DueOn.String(), ID: last.ID}
	if status != SponsorPending {
		p.Key = last.EndedAt.Time.Format(time.RFC3339Nano)
	}
	raw, _ := json.Marshal(p) // two texts: cannot fail
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parseSponsorCursor(ask SponsorQuery) (sponsorPosition, error) {
	var p sponsorPosition
	layout := time.DateOnly
	if ask.Status != SponsorPending {
		layout = time.RFC3339Nano
	}
	raw, err := base64.RawURLEncoding.DecodeString(ask.Cursor)
	if err != nil || json.Unmarshal(raw, &p) != nil || p.ID == uuid.Nil {
		return p, ErrCursor
	}
	if _, err := time.Parse(layout, p.Key); err != nil {
		return p, ErrCursor
	}
	return p, nil
}

// CountSponsorReviews counts a sponsor's reviews by status; pending are those that can be answered.
func CountSponsorReviews(ctx context.Context, q postgres.Queryer, of SponsorScope) (map[SponsorStatus]int, error) {
	var rows []struct {
		Status SponsorStatus `db:"status"`
		N      int           `db:"n"`
	}
	err := q.SelectContext(ctx, &rows, `SELECT v.status, count(*) AS n FROM sponsor_review v JOIN obligation b ON b.id = v.obligation_id
		WHERE v.authority_code = $1 AND v.sponsor = $2 AND v.sponsor <> '' AND (v.status <> 'pending' OR b.status IN ('open', 'returned'))
		GROUP BY v.status`, of.AuthorityCode, of.Sponsor)
	if err != nil {
		return nil, fmt.Errorf("count reports sent to %s: %w", of.Sponsor, err)
	}
	counts := make(map[SponsorStatus]int, len(rows))
	for _, r := range rows {
		counts[r.Status] = r.N
	}
	return counts, nil
}

// SentReport is a report as the sponsor has it before it.
type SentReport struct {
	SponsorReview
	Body         []byte
	Findings     []check.Finding // the warnings it was sent with
	Explanations Explanations    // and what was said to them
	Declaration  *Declaration    // nil where a program sent it
	Files        []SentFile
}

// SentView is a sent report laid out by its form, beside last year's.
type SentView struct {
	SentReport
	Form    *form.Form
	Values  form.Values
	Prior   form.Values // of last year's accepted report; nil where there is none
	Context form.Context
}

// ReadSent is SentToSponsor with the body decoded.
func (s *Service) ReadSent(ctx context.Context, of SponsorScope, id uuid.UUID) (SentView, error) {
	sent, err := SentToSponsor(ctx, s.db, of, id)
	if err != nil {
		return SentView{}, err
	}
	v := SentView{SentReport: sent}
	t, err := s.find(ctx, lookup{organisationID: sent.OrganisationID, year: sent.ReportYear, prior: true})
	if err != nil {
		return v, err
	}
	v.Context = FormContext(t.org.RegisteredOn, sent.ReportYear, &t.season.Rules)
	if v.Form, err = s.forms.Form(sent.Form); err != nil {
		return v, err
	}
	decoded, _, err := v.Form.Decode(sent.Body, form.DefaultLimits)
	if err != nil {
		return v, fmt.Errorf("read report %s sent to the sponsor: %w", id, err)
	}
	v.Values = decoded.Values
	v.Prior, err = s.priorValues(t.prior)
	return v, err
}

// SentToSponsor reads a review of the sponsor's with all that was sent; ErrSponsorReviewNotFound.
func SentToSponsor(ctx context.Context, q postgres.Queryer, of SponsorScope, id uuid.UUID) (SentReport, error) {
	if _, err := SponsorReviewOf(ctx, q, of, id); err != nil {
		return SentReport{}, err
	}
	return sentReport(ctx, q, id)
}

func sentReport(ctx context.Context, q postgres.Queryer, id uuid.UUID) (SentReport, error) {
	var row struct {
		SponsorReview
		Body         []byte `db:"body"`
		Findings     []byte `db:"findings"`
		Explanations []byte `db:"explanations"`
		Declaration  []byte `db:"declaration"`
		Attachments  []byte `db:"attachments"`
	}
	err := q.GetContext(ctx, &row, `SELECT `+sponsorColumns+`, v.body, v.findings, coalesce(v.explanations, '[]') AS explanations,
		coalesce(v.declaration, 'null') AS declaration, v.attachments FROM sponsor_review v WHERE v.id = $1`, id)
	if postgres.IsNoRows(err) {
		return SentReport{}, ErrSponsorReviewNotFound
	}
	if err != nil {
		return SentReport{}, fmt.Errorf("read report %s sent to the sponsor: %w", id, err)
	}
	sent := SentReport{SponsorReview: row.SponsorReview, Body: row.Body, Explanations: Explanations{}}
	var said []Explanation
	for _, part := range []struct {
		from []byte
		to   any
	}{{row.Findings, &sent.Findings}, {row.Explanations, &said}, {row.Declaration, &sent.Declaration}, {row.Attachments, &sent.Files}} {
		if err := json.Unmarshal(part.from, part.to); err != nil {
			return SentReport{}, fmt.Errorf("decode report %s sent to the sponsor: %w", id, err)
		}
	}
	for _, e := range said {
		sent.Explanations[e.Place()] = e
	}
	return sent, nil
}

// OpenSentFile opens a file that a report was sent with; ErrNoAttachment for
// another, and as OpenAttachment. The caller closes it.
func (s *Service) OpenSentFile(ctx context.Context, sent SentReport, fileID uuid.UUID) (Attachment, io.ReadSeekCloser, error) {
	for _, f := range sent.Files {
		if f.ID != fileID {
			continue
		}
		a, err := oneAttachment(ctx, s.db, `WHERE a.organisation_id = $1 AND a.id = $2`, sent.OrganisationID, fileID)
		if err != nil {
			return a, nil, err
		}
		content, err := s.OpenAttachment(ctx, a)
		return a, content, err
	}
	return Attachment{}, nil, ErrNoAttachment
}
