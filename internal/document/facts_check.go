package document

import (
	"errors"
	"fmt"
	"strings"
)

func (f *ConclusionFacts) basis() string  { return f.Basis }
func (f *ReceiptFacts) basis() string     { return "" }
func (f *ReturnFacts) basis() string      { return f.Basis }
func (f *PriorNoticeFacts) basis() string { return f.Basis }
func (f *ListingFacts) basis() string     { return f.Basis }
func (f *WithdrawalFacts) basis() string  { return f.Basis }
func (f *AnnulmentFacts) basis() string   { return f.Basis }
func (f *RemovalFacts) basis() string     { return f.Basis }
func (f *RefusalFacts) basis() string     { return f.Basis }
func (f *SpotCheckFacts) basis() string   { return f.Basis }
func (f *PenaltyFacts) basis() string     { return f.Basis }

// fact pairs a fact's JSON name with whether it is absent.
type fact struct {
	name   string
	absent bool
}

func absent(facts ...fact) []string {
	var names []string
	for _, f := range facts {
		if f.absent {
			names = append(names, f.name)
		}
	}
	return names
}

func (p Party) missing() []string {
	return absent(fact{"authority", p.Authority == ""}, fact{"organisation", p.Organisation == ""},
		fact{"uscc", p.USCC == ""}, fact{"report_year", p.ReportYear == 0})
}

func (f *ConclusionFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"outcome", f.Outcome == ""}, fact{"receipt_no", f.ReceiptNo == ""},
		fact{"submitted_on", f.SubmittedOn.IsZero()}, fact{"basis", f.Basis == ""})...)
}

func (f *ReceiptFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"received_at", f.ReceivedAt.IsZero()}, fact{"sha256", f.SHA256 == ""},
		fact{"review_due_on", f.ReviewDueOn.IsZero()})...)
}

func (f *ReturnFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"submitted_on", f.SubmittedOn.IsZero()},
		fact{"opinion or remarks", strings.TrimSpace(f.Opinion) == "" && len(f.Remarks) == 0},
		fact{"resubmit_by", f.ResubmitBy.IsZero() && !f.Correction})...)
}

func (f *PriorNoticeFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"due_on", f.DueOn.IsZero()}, fact{"as_of", f.AsOf.IsZero()},
		fact{"statement_days", f.StatementDays <= 0})...)
}

func (f *ListingFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"due_on", f.DueOn.IsZero()}, fact{"listed_on", f.ListedOn.IsZero()},
		fact{"served_on", f.NoticeNumber != "" && f.ServedOn.IsZero()},
		fact{"statement_answer", !f.StatementOn.IsZero() && f.StatementAnswer == ""})...)
}

func (f *WithdrawalFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"notice_number", f.NoticeNumber == ""}, fact{"reason", f.Reason == ""})...)
}

func (f *AnnulmentFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"decision_number", f.DecisionNumber == ""}, fact{"reason", f.Reason == ""})...)
}

func (f *RemovalFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"listed_on", f.ListedOn.IsZero()}, fact{"removed_on", f.RemovedOn.IsZero()},
		fact{"reason", f.Reason == ""})...)
}

func (f *RefusalFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"listed_on", f.ListedOn.IsZero()}, fact{"reason", f.Reason == ""})...)
}

func (f *SpotCheckFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"due_on", f.DueOn.IsZero()}, fact{"entered_on", f.EnteredOn.IsZero()})...)
}

func (f *PenaltyFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"due_on", f.DueOn.IsZero()}, fact{"opened_on", f.OpenedOn.IsZero()})...)
}

// ErrFacts says that the facts of an order do not make a document.
var ErrFacts = errors.New("facts do not make a document")

// checkFacts refuses facts that lack what their kind must state.
func checkFacts(f Facts) error {
	names := f.missing()
	if kinds[f.Kind()].adverse && strings.TrimSpace(f.basis()) == "" {
		names = append(names, "basis")
	}
	if len(names) > 0 {
		return fmt.Errorf("%w: %s lacks %s", ErrFacts, f.Kind(), strings.Join(names, ", "))
	}
	if c, ok := f.(*ConclusionFacts); ok {
		if _, known := outcomes[c.Outcome]; !known {
			return fmt.Errorf("%w: nothing is issued for the outcome %q", ErrFacts, c.Outcome)
		}
	}
	return nil
}
