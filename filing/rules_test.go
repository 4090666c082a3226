package filing

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/filing/form"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

func readRules(t testing.TB, file string) (Rules, error) {
	t.Helper()
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	return ReadRules(strings.NewReader(file), forms)
}

// contractSeason is the file printed in the contract, every key written out.
const contractSeason = `
authority: "440100"
report_year: 2018
types: [association, service, foundation]
regime: annual_report            # or annual_inspection
registered_by: 2018-12-31
opens_on: 2019-01-14
due_on: 2019-03-31
due_rolls_to_working_day: false
late_filing_until: null
review_window_working_days: 10
resubmit_within_working_days: 10
forms: {association: association-2004, service: service-2004, foundation: foundation-2004}
attachments: []
conclusion: {issue_for: [pass], stamp: true}
four_eyes: false
late:
  abnormal_list: notice
  statement_working_days: 10
  withdraw_if_filed: true
  spot_check_list: true
  penalty_case: true
reminders_days_before: [30, 14, 7, 3, 1, 0]
sponsor_step: null
party_section: false
`

func TestLeftOutKeysTakeTheContractsValues(t *testing.T) {
	full, err := readRules(t, contractSeason)
	if err != nil {
		t.Fatal(err)
	}
	short, err := readRules(t, seasonFile())
	if err != nil {
		t.Fatal(err)
	}
	same := cmp.Comparer(func(a, b workday.Date) bool { return a == b })
	if diff := cmp.Diff(full, short, same); diff != "" {
		t.Errorf("written out and left out differ:\n%s", diff)
	}
	spec, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeRules(spec)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full, back, same); diff != "" {
		t.Errorf("stored and read back:\n%s", diff)
	}
}

func TestRulesReadEveryKey(t *testing.T) {
	r, err := readRules(t, seasonFile("types: [foundation, association]", "regime: annual_inspection",
		"due_rolls_to_working_day: true", "late_filing_until: 2019-06-30", "review_window_working_days: 15",
		"resubmit_within_working_days: null", "attachments: [{kind: audit_report, required: true, max_bytes: 1000, max_files: 3}, {kind: charter}]",
		"conclusion: {issue_for: [qualified], stamp: false}", "four_eyes: true",
		"late: {abnormal_list: immediate, statement_working_days: 5, withdraw_if_filed: false, spot_check_list: false, penalty_case: false}",
		"reminders_days_before: [10]", "sponsor_step: {due_on: 2019-03-01}", "party_section: true",
		`legal_basis: {immediate: "某法第一条", penalty_case: "某法第二条"}`))
	if err != nil {
		t.Fatal(err)
	}
	late := day("2019-06-30")
	want := Rules{
		Authority: "440100", ReportYear: 2018, Types: []registry.Type{registry.TypeAssociation, registry.TypeFoundation},
		Regime: RegimeInspection, RegisteredBy: day("2018-12-31"), OpensOn: day("2019-01-14"), DueOn: day("2019-03-31"),
		DueRolls: true, LateUntil: &late, ReviewWindow: 15,
		Forms:       map[registry.Type]string{registry.TypeAssociation: "association-2004", registry.TypeFoundation: "foundation-2004"},
		Attachments: []AttachmentRule{{"audit_report", true, 1000, 3}, {"charter", false, 10 << 20, 5}},
		Conclusion:  ConclusionRule{IssueFor: []string{"qualified"}}, FourEyes: true,
		Late:                LateRule{AbnormalList: ListingImmediate, StatementWorkingDays: 5},
		RemindersDaysBefore: []int{10}, SponsorStep: &SponsorStep{DueOn: day("2019-03-01"), WorkingDays: 5}, PartySection: true,
		LegalBasis: map[BasisKey]string{BasisImmediate: "某法第一条", BasisPenaltyCase: "某法第二条"},
	}
	if diff := cmp.Diff(want, r, cmp.Comparer(func(a, b workday.Date) bool { return a == b })); diff != "" {
		t.Errorf("rules:\n%s", diff)
	}
	if got := r.Basis(BasisPenaltyCase, registry.TypeService); got != "某法第二条" {
		t.Errorf("own basis: %s", got)
	}
}

func TestInspectionPassMeansBothAcceptingConclusions(t *testing.T) {
	r, err := readRules(t, seasonFile("regime: annual_inspection", "conclusion: {issue_for: [pass]}"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"qualified", "basically_qualified"}, r.Conclusion.IssueFor); diff != "" || !r.Conclusion.Stamp {
		t.Error(diff)
	}
}

func TestDefaultBasis(t *testing.T) {
	r, err := readRules(t, seasonFile())
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range registry.Types() {
		for _, key := range basisKeys() {
			if got := r.Basis(key, typ); (got == "") != (key == BasisImmediate) {
				t.Errorf("%s %s: %q", typ, key, got)
			}
		}
	}
	if got := r.Basis(BasisAbnormalList, registry.TypeService); got != "《社会组织信用信息管理办法》第十一条第（一）项" {
		t.Error(got)
	}
	r.Regime = RegimeInspection
	if got := r.Basis(BasisConclusion, registry.TypeAssociation); got != "《社会团体年度检查办法》" {
		t.Error(got)
	}
}

func TestBadSeasonFiles(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"no YAML", "a: [", "not a YAML file"},
		{"empty", "", "must be one YAML document"},
		{"a list", "- a", "must be a mapping"},
		{"two documents", seasonFile() + "---\na: b\n", "must be one YAML document"},
		{"unknown key", seasonFile("due: 2019-03-31"), "line 6: due: unknown key"},
		{"unknown key inside", seasonFile("late: {abnormal_lists: notice}"), "late.abnormal_lists: unknown key"},
		{"key twice", seasonFile() + "due_on: 2019-04-01\n", "already defined"},
		{"authority as a number with a leading zero", seasonFile("authority: 04010"), `authority: "04010" must be the six-digit code`},
		{"authority missing", "report_year: 2018\nregistered_by: 2018-12-31\nopens_on: 2019-01-14\ndue_on: 2019-03-31", "authority:"},
		{"year missing", "authority: \"440100\"\nregistered_by: 2018-12-31\nopens_on: 2019-01-14\ndue_on: 2019-03-31", "report_year: is missing"},
		{"days missing", "authority: \"440100\"\nreport_year: 2018\n", "due_on: is missing"},
		{"no such day", seasonFile("due_on: 2019-02-30"), `line 5: due_on: "2019-02-30" must be a date`},
		{"fraction", seasonFile("review_window_working_days: 1.5"), "must be a whole number from 1 to 250"},
		{"zero window", seasonFile("review_window_working_days: 0"), "must be a whole number from 1 to 250"},
		{"year as a word", seasonFile("report_year: abc"), `report_year: "abc" must be a whole number`},
		{"yes", seasonFile("four_eyes: yes"), `four_eyes: "yes" must be true or false`},
		{"null is no boolean", seasonFile("four_eyes: null"), "four_eyes: \"\" must be true or false"},
		{"regime", seasonFile("regime: yearly"), `must be one of annual_report, annual_inspection`},
		{"type", seasonFile("types: [school]"), `types[1]: "school" must be one of`},
		{"no types", seasonFile("types: []"), "types: must name at least one type"},
		{"type twice", seasonFile("types: [service, service]"), "service is given twice"},
		{"type alone", seasonFile("types: service"), "types: must be a list"},
		{"due before opening", seasonFile("due_on: 2019-01-13"), "due_on: 2019-01-13 is before opens_on"},
		{"late end before due", seasonFile("late_filing_until: 2019-03-30"), "late_filing_until: 2019-03-30 is before due_on"},
		{"opens before its year", seasonFile("opens_on: 2017-12-31"), "opens_on: 2017-12-31 is before the report year"},
		{"no such form", seasonFile("forms: {service: service-1999}"), `forms.service: there is no form "service-1999"`},
		{"another type's form", seasonFile("forms: {service: foundation-2004}"), `form "foundation-2004" is for foundation`},
		{"immediate without a law", seasonFile("late: {abnormal_list: immediate}"), "immediate needs legal_basis.immediate"},
		{"unqualified is not issued", seasonFile("conclusion: {issue_for: [unqualified]}"), "must be one of pass"},
		{"inspection word in a report season", seasonFile("conclusion: {issue_for: [qualified]}"), `"qualified" is not a conclusion of annual_report`},
		{"reminder twice", seasonFile("reminders_days_before: [7, 7]"), "7 is given twice"},
		{"reminder negative", seasonFile("reminders_days_before: [-1]"), "must be a whole number from 0 to 365"},
		{"attachment kind", seasonFile("attachments: [{kind: 审计}]"), "must be one of declaration, audit_report, charter, sponsor_opinion, other"},
		{"sponsor step late", seasonFile("sponsor_step: {due_on: 2019-04-01}"), "must lie between opens_on and due_on"},
		{"basis key", seasonFile("legal_basis: {fine: x}"), "legal_basis.fine: unknown key"},
		{"anchor", seasonFile("four_eyes: &a true"), "must be true or false"},
		{"huge", strings.Repeat("#", 2<<20), "larger than 1 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readRules(t, tt.file)
			var refused *FileError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v\nwant %q", err, tt.want)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := readRules(t, seasonFile("due_on: soon", "four_eyes: maybe", "colour: red"))
	var refused *FileError
	if !errors.As(err, &refused) || len(refused.Problems) != 3 {
		t.Errorf("problems: %v", err)
	}
}

func FuzzReadRules(f *testing.F) {
	f.Add(contractSeason)
	f.Add(seasonFile("late: {abnormal_list: immediate}", "sponsor_step: {due_on: 2019-03-01}"))
	f.Add("? a\n: b")
	f.Add("types: *x")
	f.Fuzz(func(t *testing.T, file string) {
		r, err := readRules(t, file)
		var refused *FileError
		if err != nil && !errors.As(err, &refused) {
			t.Fatalf("not a FileError: %v", err)
		}
		if err == nil && (r.Authority == "" || len(r.Types) == 0 || r.DueOn.Before(r.OpensOn)) {
			t.Fatalf("taken: %+v", r)
		}
	})
}
