package filing

import "fmt"

// Status is where an obligation stands (contract §5).
type Status string

// The statuses of an obligation.
const (
	StatusOpen               Status = "open"                // a report is owed, none was taken
	StatusSubmitted          Status = "submitted"           // a report is under review
	StatusReturned           Status = "returned"            // sent back with remarks; a report is owed
	StatusPassed             Status = "passed"              // annual report: found in order
	StatusUnqualified        Status = "unqualified"         // nothing is issued; final unless reopened
	StatusQualified          Status = "qualified"           // annual inspection: 合格
	StatusBasicallyQualified Status = "basically_qualified" // annual inspection: 基本合格
	StatusExempt             Status = "exempt"              // nothing is owed
)

// Statuses lists every status of an obligation in the order of a filing's life.
func Statuses() []Status {
	return []Status{StatusOpen, StatusSubmitted, StatusReturned, StatusPassed, StatusUnqualified,
		StatusQualified, StatusBasicallyQualified, StatusExempt}
}

// SubmissionStatus is what became of one submission.
type SubmissionStatus string

// The statuses of a submission: its conclusion's word once there is one.
const (
	SubmissionSubmitted          SubmissionStatus = "submitted"
	SubmissionReturned           SubmissionStatus = "returned"
	SubmissionPassed             SubmissionStatus = "passed"
	SubmissionUnqualified        SubmissionStatus = "unqualified"
	SubmissionQualified          SubmissionStatus = "qualified"
	SubmissionBasicallyQualified SubmissionStatus = "basically_qualified"
	SubmissionWithdrawn          SubmissionStatus = "withdrawn"
)

// Regime is the kind of procedure a season follows: 年度报告 or 年度检查.
type Regime string

// The regimes.
const (
	RegimeReport     Regime = "annual_report"
	RegimeInspection Regime = "annual_inspection"
)

// Act is what moves an obligation.
type Act string

// The acts and who performs them.
const (
	ActSubmit    Act = "submit"    // the organisation files or refiles
	ActWithdraw  Act = "withdraw"  // the organisation takes its report back before review begins
	ActReturn    Act = "return"    // the reviewer sends it back
	ActConclude  Act = "conclude"  // the reviewer concludes
	ActReopen    Act = "reopen"    // the reviewer takes up an unqualified report again
	ActExempt    Act = "exempt"    // the authority exempts, or the season's rule no longer binds
	ActReinstate Act = "reinstate" // the season's rule binds again

	ActCorrect            Act = "correct"             // the organisation files a correction (更正) of an accepted report
	ActWithdrawCorrection Act = "withdraw_correction" // and takes it back before review begins
	ActReturnCorrection   Act = "return_correction"   // the reviewer sends it back
	ActRefuseCorrection   Act = "refuse_correction"   // the reviewer finds it unqualified
	ActAdoptCorrection    Act = "adopt_correction"    // the reviewer accepts it: it takes the accepted report's place
)

// transition is one row of the table: act moves an obligation from → to and
// leaves the submission in question with the given status ("": none in question).
type transition struct {
	act        Act
	from, to   Status
	submission SubmissionStatus
}

// transitions is the only transition table (contract §5). What is not here is forbidden.
var transitions = []transition{
	{ActSubmit, StatusOpen, StatusSubmitted, SubmissionSubmitted},
	{ActSubmit, StatusReturned, StatusSubmitted, SubmissionSubmitted},
	{ActWithdraw, StatusSubmitted, StatusOpen, SubmissionWithdrawn},     // a first report
	{ActWithdraw, StatusSubmitted, StatusReturned, SubmissionWithdrawn}, // a refiled one
	{ActReturn, StatusSubmitted, StatusReturned, SubmissionReturned},
	{ActConclude, StatusSubmitted, StatusPassed, SubmissionPassed},
	{ActConclude, StatusSubmitted, StatusUnqualified, SubmissionUnqualified},
	{ActConclude, StatusSubmitted, StatusQualified, SubmissionQualified},
	{ActConclude, StatusSubmitted, StatusBasicallyQualified, SubmissionBasicallyQualified},
	{ActReopen, StatusUnqualified, StatusSubmitted, SubmissionSubmitted},
	{ActExempt, StatusOpen, StatusExempt, ""},
	{ActExempt, StatusReturned, StatusExempt, ""},
	{ActReinstate, StatusExempt, StatusOpen, ""},
	{ActReinstate, StatusExempt, StatusReturned, ""},

	// A correction moves nothing until it is adopted; only then may the conclusion be another accepting one.
	{ActCorrect, StatusPassed, StatusPassed, SubmissionSubmitted},
	{ActCorrect, StatusQualified, StatusQualified, SubmissionSubmitted},
	{ActCorrect, StatusBasicallyQualified, StatusBasicallyQualified, SubmissionSubmitted},
	{ActWithdrawCorrection, StatusPassed, StatusPassed, SubmissionWithdrawn},
	{ActWithdrawCorrection, StatusQualified, StatusQualified, SubmissionWithdrawn},
	{ActWithdrawCorrection, StatusBasicallyQualified, StatusBasicallyQualified, SubmissionWithdrawn},
	{ActReturnCorrection, StatusPassed, StatusPassed, SubmissionReturned},
	{ActReturnCorrection, StatusQualified, StatusQualified, SubmissionReturned},
	{ActReturnCorrection, StatusBasicallyQualified, StatusBasicallyQualified, SubmissionReturned},
	{ActRefuseCorrection, StatusPassed, StatusPassed, SubmissionUnqualified},
	{ActRefuseCorrection, StatusQualified, StatusQualified, SubmissionUnqualified},
	{ActRefuseCorrection, StatusBasicallyQualified, StatusBasicallyQualified, SubmissionUnqualified},
	{ActAdoptCorrection, StatusPassed, StatusPassed, SubmissionPassed},
	{ActAdoptCorrection, StatusQualified, StatusQualified, SubmissionQualified},
	{ActAdoptCorrection, StatusQualified, StatusBasicallyQualified, SubmissionBasicallyQualified},
	{ActAdoptCorrection, StatusBasicallyQualified, StatusQualified, SubmissionQualified},
	{ActAdoptCorrection, StatusBasicallyQualified, StatusBasicallyQualified, SubmissionBasicallyQualified},
}

// conclusions says which words conclude a report under a regime.
var conclusions = map[Regime][]Status{
	RegimeReport:     {StatusPassed, StatusUnqualified},
	RegimeInspection: {StatusQualified, StatusBasicallyQualified, StatusUnqualified},
}

// Conclusions lists the statuses that conclude a report under the regime.
func (r Regime) Conclusions() []Status { return append([]Status(nil), conclusions[r]...) }

// Label is the regime's Chinese name.
func (r Regime) Label() string {
	if r == RegimeInspection {
		return "年度检查"
	}
	return "年度报告"
}

// Can tells whether the act may move an obligation from → to.
func Can(act Act, from, to Status) bool {
	_, ok := find(act, from, to)
	return ok
}

func find(act Act, from, to Status) (transition, bool) {
	for _, t := range transitions {
		if t.act == act && t.from == from && t.to == to {
			return t, true
		}
	}
	return transition{}, false
}

// ForbiddenError refuses a move that the transition table does not hold. It is a
// programming error wherever the state was checked before, so it has no remedy.
type ForbiddenError struct {
	Act      Act
	From, To Status
}

func (e *ForbiddenError) Error() string {
	return fmt.Sprintf("an obligation cannot %s from %s to %s", e.Act, e.From, e.To)
}

// Owed tells whether a report is owed: only such obligations can become overdue.
func (s Status) Owed() bool { return s == StatusOpen || s == StatusReturned }

// Stands tells whether a report stands (contract §2): it was taken and neither
// returned nor withdrawn. Listing looks at nothing else.
func (s Status) Stands() bool { return s == StatusSubmitted || s.Concluded() }

// Concluded tells whether a reviewer's conclusion stands.
func (s Status) Concluded() bool {
	switch s {
	case StatusPassed, StatusUnqualified, StatusQualified, StatusBasicallyQualified:
		return true
	}
	return false
}

// Accepted tells whether the report's closing figures become next year's opening figures.
func (s Status) Accepted() bool {
	return s == StatusPassed || s == StatusQualified || s == StatusBasicallyQualified
}

// Valid tells whether s is one of the words above.
func (s Status) Valid() bool { return statusLabels[s] != "" }

var statusLabels = map[Status]string{
	StatusOpen: "待报送", StatusSubmitted: "审查中", StatusReturned: "已退回", StatusPassed: "合格",
	StatusUnqualified: "不合格", StatusQualified: "合格", StatusBasicallyQualified: "基本合格", StatusExempt: "已豁免",
}

// Label is the status in Chinese, as pages show it.
func (s Status) Label() string { return statusLabels[s] }

var submissionLabels = map[SubmissionStatus]string{
	SubmissionSubmitted: "审查中", SubmissionReturned: "已退回", SubmissionPassed: "合格",
	SubmissionUnqualified: "不合格", SubmissionQualified: "合格", SubmissionBasicallyQualified: "基本合格",
	SubmissionWithdrawn: "已撤回",
}

// Label is the submission's status in Chinese.
func (s SubmissionStatus) Label() string { return submissionLabels[s] }

// Party is one side of the procedure.
type Party string

// The parties; NobodyActs where the matter rests.
const (
	NobodyActs       Party = ""
	OrganisationActs Party = "organisation"
	AuthorityActs    Party = "authority"
)

// NextActor says whose turn it is.
func (s Status) NextActor() Party {
	switch s {
	case StatusOpen, StatusReturned:
		return OrganisationActs
	case StatusSubmitted:
		return AuthorityActs
	}
	return NobodyActs
}

// Label is the party in Chinese.
func (p Party) Label() string {
	switch p {
	case OrganisationActs:
		return "社会组织"
	case AuthorityActs:
		return "登记管理机关"
	}
	return "无"
}
