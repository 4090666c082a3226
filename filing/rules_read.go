package filing

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"nianbao/filing/attachment"
	"nianbao/filing/form"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

const (
	maxSeasonFile  = 1 << 20
	maxWorkingDays = 250 // a year of working days: no window is longer
)

// FileError refuses a season file: every problem with its line and key.
type FileError struct{ Problems []string }

func (e *FileError) Error() string {
	return "season file refused:\n  " + strings.Join(e.Problems, "\n  ")
}

// ReadRules reads a season file, fills in the defaults and validates every
// value against the forms there are. What is wrong comes back as a *FileError.
func ReadRules(r io.Reader, forms *form.Set) (Rules, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSeasonFile+1))
	if err != nil {
		return Rules{}, fmt.Errorf("read season file: %w", err)
	}
	if len(data) > maxSeasonFile {
		return Rules{}, &FileError{[]string{"file: larger than 1 MiB"}}
	}
	rules, problems := defaultRules(), &fileProblems{}
	if err := parseMapping(data, rules.readers(), problems); err != nil {
		return Rules{}, &FileError{[]string{err.Error()}}
	}
	rules.complete()
	if len(problems.list) == 0 { // relations between keys only make sense once each is right
		rules.validate(forms, problems)
	}
	if len(problems.list) > 0 {
		return Rules{}, &FileError{problems.list}
	}
	slices.SortFunc(rules.Types, func(a, b registry.Type) int {
		return slices.Index(registry.Types(), a) - slices.Index(registry.Types(), b)
	})
	return rules, nil
}

// readers is the file's grammar: each key and where its value goes.
func (r *Rules) readers() map[string]reader {
	return map[string]reader{
		"authority":   text(func(s string) { r.Authority = s }),
		"report_year": whole(func(n int) { r.ReportYear = n }, 1990, 2200),
		"types": list(func() { r.Types = nil },
			word(func(t registry.Type) { r.Types = append(r.Types, t) }, registry.Types()...)),
		"regime":                   word(func(g Regime) { r.Regime = g }, RegimeReport, RegimeInspection),
		"registered_by":            date(func(d workday.Date) { r.RegisteredBy = d }),
		"opens_on":                 date(func(d workday.Date) { r.OpensOn = d }),
		"due_on":                   date(func(d workday.Date) { r.DueOn = d }),
		"due_rolls_to_working_day": boolean(func(b bool) { r.DueRolls = b }),
		"late_filing_until": nullable(func() { r.LateUntil = nil },
			date(func(d workday.Date) { r.LateUntil = &d })),
		"review_window_working_days": whole(func(n int) { r.ReviewWindow = n }, 1, maxWorkingDays),
		"resubmit_within_working_days": nullable(func() { r.ResubmitWithin = nil },
			whole(func(n int) { r.ResubmitWithin = &n }, 1, maxWorkingDays)),
		"forms":       mapping(r.formReaders()),
		"attachments": list(func() { r.Attachments = []AttachmentRule{} }, r.readAttachment),
		"conclusion": mapping(map[string]reader{
			"issue_for": list(func() { r.Conclusion.IssueFor = []string{} },
				word(func(s string) { r.Conclusion.IssueFor = append(r.Conclusion.IssueFor, s) },
					"pass", "qualified", "basically_qualified")),
			"stamp": boolean(func(b bool) { r.Conclusion.Stamp = b }),
		}),
		"four_eyes": boolean(func(b bool) { r.FourEyes = b }),
		"late":      mapping(r.Late.readers()),
		"reminders_days_before": list(func() { r.RemindersDaysBefore = []int{} },
			whole(func(n int) { r.RemindersDaysBefore = append(r.RemindersDaysBefore, n) }, 0, 365)),
		"sponsor_step": nullable(func() { r.SponsorStep = nil }, func(p *fileProblems, key string, node ast.Node) {
			r.SponsorStep = &SponsorStep{WorkingDays: defaultSponsorDays}
			mapping(map[string]reader{
				"due_on":       date(func(d workday.Date) { r.SponsorStep.DueOn = d }),
				"working_days": whole(func(n int) { r.SponsorStep.WorkingDays = n }, 1, maxWorkingDays),
			})(p, key, node)
		}),
		"party_section": boolean(func(b bool) { r.PartySection = b }),
		"legal_basis":   mapping(r.basisReaders()),
	}
}

func (l *LateRule) readers() map[string]reader {
	return map[string]reader{
		"abnormal_list":          word(func(m ListingMode) { l.AbnormalList = m }, ListingAfterNotice, ListingImmediate),
		"statement_working_days": whole(func(n int) { l.StatementWorkingDays = n }, 1, maxWorkingDays),
		"withdraw_if_filed":      boolean(func(b bool) { l.WithdrawIfFiled = b }),
		"spot_check_list":        boolean(func(b bool) { l.SpotCheckList = b }),
		"penalty_case":           boolean(func(b bool) { l.PenaltyCase = b }),
	}
}

func (r *Rules) formReaders() map[string]reader {
	r.Forms = map[registry.Type]string{}
	readers := map[string]reader{}
	for _, typ := range registry.Types() {
		readers[string(typ)] = text(func(code string) { r.Forms[typ] = code })
	}
	return readers
}

func (r *Rules) basisReaders() map[string]reader {
	r.LegalBasis = map[BasisKey]string{}
	readers := map[string]reader{}
	for _, key := range basisKeys() {
		readers[string(key)] = text(func(s string) { r.LegalBasis[key] = s })
	}
	return readers
}

func (r *Rules) readAttachment(p *fileProblems, key string, node ast.Node) {
	a := AttachmentRule{MaxBytes: attachment.DefaultMaxBytes, MaxFiles: attachment.DefaultMaxFiles}
	mapping(map[string]reader{
		"kind":      word(func(k attachment.Kind) { a.Kind = k }, attachment.Kinds()...),
		"required":  boolean(func(b bool) { a.Required = b }),
		"max_bytes": whole(func(n int) { a.MaxBytes = n }, 1, 100<<20),
		"max_files": whole(func(n int) { a.MaxFiles = n }, 1, 100),
	})(p, key, node)
	r.Attachments = append(r.Attachments, a)
}

var authorityCode = regexp.MustCompile(`^[0-9]{6}$`)

// validate checks what a single value cannot tell.
func (r *Rules) validate(forms *form.Set, p *fileProblems) {
	if !authorityCode.MatchString(r.Authority) {
		p.about("authority", "%q must be the six-digit code of an authority, in quotes", r.Authority)
	}
	if r.ReportYear == 0 {
		p.about("report_year", "is missing")
	}
	r.validateDays(p)
	r.validateTypes(forms, p)
	r.validateConclusion(p)
	if r.Late.AbnormalList == ListingImmediate && r.LegalBasis[BasisImmediate] == "" {
		p.about("late.abnormal_list", "immediate needs legal_basis.immediate: listing without notice must name the law that allows it")
	}
	for i, n := range r.RemindersDaysBefore {
		if slices.Contains(r.RemindersDaysBefore[:i], n) {
			p.about("reminders_days_before", "%d is given twice", n)
		}
	}
	for i, a := range r.Attachments {
		same := func(b AttachmentRule) bool { return b.Kind == a.Kind }
		switch {
		case a.Kind == "":
			p.about(fmt.Sprintf("attachments[%d].kind", i+1), "is missing")
		case slices.ContainsFunc(r.Attachments[:i], same):
			p.about("attachments", "kind %q is given twice", a.Kind)
		}
	}
}

func (r *Rules) validateDays(p *fileProblems) {
	for _, d := range []struct {
		key string
		day workday.Date
	}{{"registered_by", r.RegisteredBy}, {"opens_on", r.OpensOn}, {"due_on", r.DueOn}} {
		if d.day.IsZero() {
			p.about(d.key, "is missing")
		}
	}
	switch {
	case r.OpensOn.IsZero() || r.DueOn.IsZero():
	case r.DueOn.Before(r.OpensOn):
		p.about("due_on", "%s is before opens_on (%s)", r.DueOn, r.OpensOn)
	case r.LateUntil != nil && r.LateUntil.Before(r.DueOn):
		p.about("late_filing_until", "%s is before due_on (%s)", r.LateUntil, r.DueOn)
	case r.OpensOn.Year() < r.ReportYear:
		p.about("opens_on", "%s is before the report year %d begins", r.OpensOn, r.ReportYear)
	}
	if r.SponsorStep != nil && (r.SponsorStep.DueOn.Before(r.OpensOn) || r.SponsorStep.DueOn.After(r.DueOn)) {
		p.about("sponsor_step.due_on", "must lie between opens_on and due_on")
	}
}

func (r *Rules) validateTypes(forms *form.Set, p *fileProblems) {
	if len(r.Types) == 0 {
		p.about("types", "must name at least one type")
	}
	for i, typ := range r.Types {
		if slices.Contains(r.Types[:i], typ) {
			p.about("types", "%s is given twice", typ)
		}
	}
	for _, typ := range r.Types {
		code := r.Forms[typ]
		f, err := forms.Form(code)
		if err != nil {
			p.about("forms."+string(typ), "there is no form %q; there are %s", code, strings.Join(forms.Codes(), ", "))
		} else if f.Type != string(typ) {
			p.about("forms."+string(typ), "form %q is for %s", code, f.Type)
		}
	}
}

func (r *Rules) validateConclusion(p *fileProblems) {
	allowed := defaultIssueFor[r.Regime]
	for i, outcome := range r.Conclusion.IssueFor {
		if !slices.Contains(allowed, outcome) {
			p.about("conclusion.issue_for", "%q is not a conclusion of %s; allowed are %s", outcome, r.Regime, strings.Join(allowed, ", "))
		}
		if slices.Contains(r.Conclusion.IssueFor[:i], outcome) {
			p.about("conclusion.issue_for", "%q is given twice", outcome)
		}
	}
}
