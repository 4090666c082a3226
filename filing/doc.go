// Package filing is the organisation's side of annual reporting: seasons, the
// obligations they create, drafts, submissions and their receipts.
//
// It owns the only transition table (status.go), the only rule for due days,
// windows and overdue days (duedate.go), and the tables season, season_type,
// obligation, draft, submission, submission_standing, accepted_report,
// correction, correction_draft, filing_request and idempotency. It knows
// neither review nor notify: what they add to a filing comes in by hooks of
// Service, and what follows from one goes out as events.
//
// Invariants:
//   - Every change of an obligation's status is one guarded UPDATE (old status
//     and version) with its event in the same transaction.
//   - A submission is immutable, byte for byte what its SHA-256 covers; what
//     becomes of it lives beside it in submission_standing.
//   - A submission lists the files that it was made with, and their content
//     stays in the blob store for good; a file is on record before it is there.
//   - A correction moves nothing of its obligation until it is adopted.
//   - overdue_after is written with the status and is null while nothing is
//     owed, so a sweep only compares days.
//   - Receipt numbers are gapless per authority and report year; they are taken
//     last, so that the number is locked for no longer than it must be.
package filing
