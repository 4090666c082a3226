package filing

import (
	"encoding/json"
	"fmt"
	"slices"

	"nianbao/filing/attachment"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// Rules is a season file with its defaults filled in (contract §2); the JSON in
// season.spec and the YAML of the file have the same keys.
type Rules struct {
	Authority    string          `json:"authority"`
	ReportYear   int             `json:"report_year"`
	Types        []registry.Type `json:"types"`
	Regime       Regime          `json:"regime"`
	RegisteredBy workday.Date    `json:"registered_by"` // binds organisations registered on or before this day
	OpensOn      workday.Date    `json:"opens_on"`
	DueOn        workday.Date    `json:"due_on"`
	DueRolls     bool            `json:"due_rolls_to_working_day"`
	// LateUntil is the last day for late reports; nil: until the authority's next season for the type opens.
	LateUntil *workday.Date `json:"late_filing_until"`
	// ReviewWindow is in working days, the day of receipt not counted.
	ReviewWindow int `json:"review_window_working_days"`
	// ResubmitWithin is in working days after a return; nil: by the due day only.
	ResubmitWithin      *int                     `json:"resubmit_within_working_days"`
	Forms               map[registry.Type]string `json:"forms"` // one form for each of Types
	Attachments         []AttachmentRule         `json:"attachments"`
	Conclusion          ConclusionRule           `json:"conclusion"`
	FourEyes            bool                     `json:"four_eyes"`
	Late                LateRule                 `json:"late"`
	RemindersDaysBefore []int                    `json:"reminders_days_before"` // days before the obligation's own due day
	SponsorStep         *SponsorStep             `json:"sponsor_step"`
	PartySection        bool                     `json:"party_section"`
	LegalBasis          map[BasisKey]string      `json:"legal_basis"` // what the file says; see Basis
}

// AttachmentRule is a kind of attachment that the season asks for.
type AttachmentRule struct {
	Kind     attachment.Kind `json:"kind"`
	Required bool            `json:"required"`
	MaxBytes int             `json:"max_bytes"` // of one file
	MaxFiles int             `json:"max_files"`
}

// ConclusionRule says for which conclusions a document is issued, and whether
// the stamp page for the certificate duplicate goes with it. The words are the
// outcomes of a review; under an inspection "pass" means every accepting one
// (qualified, basically_qualified). Never unqualified.
type ConclusionRule struct {
	IssueFor []string `json:"issue_for"`
	Stamp    bool     `json:"stamp"`
}

// LateRule says what late filing leads to.
type LateRule struct {
	AbnormalList         ListingMode `json:"abnormal_list"`
	StatementWorkingDays int         `json:"statement_working_days"` // to answer, from service of the notice
	WithdrawIfFiled      bool        `json:"withdraw_if_filed"`      // a report standing before the listing ends the matter
	SpotCheckList        bool        `json:"spot_check_list"`
	PenaltyCase          bool        `json:"penalty_case"`
}

// ListingMode says how an organisation comes onto the abnormal-activity list.
type ListingMode string

// The modes: after notice and hearing, or at once where the law gives a basis for that.
const (
	ListingAfterNotice ListingMode = "notice"
	ListingImmediate   ListingMode = "immediate"
)

// SponsorStep sends reports of organisations that have a sponsor there first.
type SponsorStep struct {
	DueOn       workday.Date `json:"due_on"`
	WorkingDays int          `json:"working_days"` // the least that a sponsor has to answer; 0, of a season read before the key was known: 5
}

// defaultSponsorDays is what a sponsor has to answer in unless the season says otherwise.
const defaultSponsorDays = 5

// AnswerDays are the working days that a sponsor has at least, and then the organisation to act on its answer.
func (s *SponsorStep) AnswerDays() int {
	if s.WorkingDays == 0 {
		return defaultSponsorDays
	}
	return s.WorkingDays
}

// BasisKey names an act whose legal basis a season may set.
type BasisKey string

// The keys of legal_basis.
const (
	BasisReport        BasisKey = "report"        // the duty to report
	BasisConclusion    BasisKey = "conclusion"    // the review and its conclusion
	BasisAbnormalList  BasisKey = "abnormal_list" // listing after notice
	BasisImmediate     BasisKey = "immediate"     // listing without notice; has no default
	BasisSpotCheckList BasisKey = "spot_check_list"
	BasisPenaltyCase   BasisKey = "penalty_case"
)

func basisKeys() []BasisKey {
	return []BasisKey{BasisReport, BasisConclusion, BasisAbnormalList, BasisImmediate, BasisSpotCheckList, BasisPenaltyCase}
}

// regulation is what a type's registration regulation says on reports and penalties (domain: 2016/1998/2004 texts).
type regulation struct{ report, penalty string }

var regulations = map[registry.Type]regulation{
	registry.TypeAssociation: {"《社会团体登记管理条例》第二十八条", "《社会团体登记管理条例》第三十条第一款第（三）项"},
	registry.TypeService:     {"《民办非企业单位登记管理暂行条例》第二十三条", "《民办非企业单位登记管理暂行条例》第二十五条第一款第（三）项"},
	registry.TypeFoundation:  {"《基金会管理条例》第三十六条", "《基金会管理条例》第四十二条第一款第（五）项"},
}

// inspectionBasis is the rule for the conclusion of an annual inspection (年度检查), by type.
var inspectionBasis = map[registry.Type]string{
	registry.TypeAssociation: "《社会团体年度检查办法》",
	registry.TypeService:     "《民办非企业单位年度检查办法》",
	registry.TypeFoundation:  "《基金会年度检查办法》",
}

// Basis is the legal basis of an act on an organisation of the type: the
// season's own word, else the default of its regime. BasisImmediate has no
// default and is "" unless the season states it.
func (r *Rules) Basis(key BasisKey, typ registry.Type) string {
	if own := r.LegalBasis[key]; own != "" {
		return own
	}
	switch key {
	case BasisReport:
		return regulations[typ].report
	case BasisConclusion:
		if r.Regime == RegimeInspection {
			return inspectionBasis[typ]
		}
		return regulations[typ].report
	case BasisAbnormalList:
		return "《社会组织信用信息管理办法》第十一条第（一）项"
	case BasisSpotCheckList:
		return "《社会组织抽查暂行办法》"
	case BasisPenaltyCase:
		return regulations[typ].penalty
	}
	return ""
}

// Binds tells whether the season binds an organisation with these facts.
func (r *Rules) Binds(org registry.Organisation) bool {
	_, typed := r.Forms[org.Type]
	return typed && org.AuthorityCode == r.Authority && org.Status == registry.StatusActive &&
		!org.RegisteredOn.After(r.RegisteredBy)
}

// defaultRules is what a season file may leave out (contract §2). What depends
// on types or regime (forms, conclusions) is filled in by complete.
func defaultRules() Rules {
	resubmit := 10
	return Rules{
		Types:          registry.Types(),
		Regime:         RegimeReport,
		ReviewWindow:   10,
		ResubmitWithin: &resubmit,
		Attachments:    []AttachmentRule{},
		Conclusion:     ConclusionRule{Stamp: true},
		Late: LateRule{AbnormalList: ListingAfterNotice, StatementWorkingDays: 10,
			WithdrawIfFiled: true, SpotCheckList: true, PenaltyCase: true},
		RemindersDaysBefore: []int{30, 14, 7, 3, 1, 0},
	}
}

var defaultForms = map[registry.Type]string{
	registry.TypeAssociation: "association-2004",
	registry.TypeService:     "service-2004",
	registry.TypeFoundation:  "foundation-2004",
}

var defaultIssueFor = map[Regime][]string{
	RegimeReport:     {"pass"},
	RegimeInspection: {"qualified", "basically_qualified"},
}

// complete fills what depends on other keys, so that the stored rules are whole.
func (r *Rules) complete() {
	forms := make(map[registry.Type]string, len(r.Types))
	for _, typ := range r.Types {
		forms[typ] = r.Forms[typ]
		if forms[typ] == "" {
			forms[typ] = defaultForms[typ]
		}
	}
	r.Forms = forms // a form for a type that is not in types says nothing
	issue := r.Conclusion.IssueFor
	if issue == nil || r.Regime == RegimeInspection && slices.Contains(issue, "pass") {
		r.Conclusion.IssueFor = slices.Clone(defaultIssueFor[r.Regime])
	}
	if r.LegalBasis == nil {
		r.LegalBasis = map[BasisKey]string{}
	}
}

// decodeRules reads season.spec; keys that later versions added take their default.
func decodeRules(spec []byte) (Rules, error) {
	r := defaultRules()
	if err := json.Unmarshal(spec, &r); err != nil {
		return Rules{}, fmt.Errorf("decode season rules: %w", err)
	}
	r.complete()
	return r, nil
}
