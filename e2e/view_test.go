package e2e

// view is all that is known of one organisation at the end: what the model derives and what the system shows, in the
// same words. Numbers and ids are not part of it; they are checked on their own.
type view struct {
	Status      string // of the obligation; empty: it has none
	Overdue     bool
	ResubmitBy  string
	Submissions []submissionView
	Conclusion  string // issued on; empty: none
	Matters     []matterView
	SpotCheck   string         // on the spot-check list from
	Documents   map[string]int // by kind
	Mails       map[string]int // by kind
	Events      map[string]int // public ones, by kind
}

// submissionView is one report that was taken.
type submissionView struct{ ReceivedOn, ReviewDueOn, Status string }

// matterView is one matter of listing.
type matterView struct{ Status, ServedOn, StatementDueOn, ListedOn, EndedOn string }

// onListAt tells whether the organisation stands on the abnormal-activity list at the end of a day.
func (v view) onListAt(d day) bool {
	for _, m := range v.Matters {
		if m.ListedOn != "" && m.ListedOn <= d.String() && (m.EndedOn == "" || d.String() < m.EndedOn) {
			return true
		}
	}
	return false
}
