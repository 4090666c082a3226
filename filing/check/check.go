// Package check holds the form checks (自动校验): what a machine can say about an
// annual report before a person reads it.
//
// A check is data, not code. Each one is an entry in a YAML file under data/ with
// a CEL expression that is true for a good report, a Chinese message that names
// the figures, the remedy, the rule it rests on and two examples that the tests
// run. docs/checks.md tells how to write one; nothing in this package knows any
// particular check.
//
// The package owns the language of the expressions (variables, functions, what a
// blank figure means), the findings and their order, and the findings that follow
// from the form definition itself (a required field left blank, a value of the
// wrong kind). It does not own the form (package form), nor what follows from a
// finding (package filing refuses a report that has an error).
//
// Invariants: a Set is immutable and safe for concurrent use; the same input
// gives the same findings in the same order (the order of the form); a check that
// cannot be computed is a finding, never silently passed; no expression can run
// without bound, because every evaluation has a cost limit.
package check

import (
	"nianbao/filing/form"
	"nianbao/internal/workday"
)

// Severity says whether a finding stops a submission.
type Severity string

// The two severities: an error stops the submission, a warning is shown to the
// filer and to the reviewer and stops nothing.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is what one check has to say about one place of a report. Its JSON form
// is part of the public contract.
type Finding struct {
	Check    string   `json:"check"`    // stable code of the check, such as BS-TOTAL
	Severity Severity `json:"severity"` // error or warning
	Keys     []string `json:"keys"`     // every figure that takes part, in the order of the expression
	Message  string   `json:"message"`  // Chinese, names the figures
	Remedy   string   `json:"remedy"`   // Chinese, says what to do
	Basis    string   `json:"basis"`    // the law, accounting rule or form note it rests on
}

// HasErrors tells whether any finding stops a submission.
func HasErrors(findings []Finding) bool {
	for i := range findings {
		if findings[i].Severity == Error {
			return true
		}
	}
	return false
}

// Facts are the register's facts about the organisation that files. A blank or
// nil fact is unknown to the register: checks that need it are skipped.
type Facts = form.Organisation

// Input is all that a run looks at.
type Input struct {
	Form     *form.Form
	Values   form.Values    // the decoded report
	Problems []form.Problem // what Decode had to say about it
	Prior    form.Values    // last year's accepted report, nil if there is none

	Organisation Facts
	Context      form.Context // what of the form applies to this filer and season
	ReportYear   int
	Today        workday.Date // the day of the run, in Shanghai
	OpensOn      workday.Date // the day the season opens; zero if not known

	countApplied bool // for the tests of the examples
}
