// Package listing is what follows from a report that is late: the matter of the abnormal-activity list (活动异常名录)
// with its notice, answer, decision and removal, the entry on the spot-check list (抽查监督名单), and the opening of a
// penalty case (行政处罚立案). The three are separate acts, each with its own basis, document and event.
//
// It owns the tables listing, listing_statement, listing_removal, service, spot_check and penalty_case. It reads
// obligations and seasons but never moves them, and it does not know how documents are made: it orders them.
//
// Invariants:
//   - One matter per obligation. A second notice goes out only where the first ended because a report stood or nothing
//     was overdue any more, and the obligation is overdue again.
//   - The clock lists only where the notice is issued, in force and served, the answer time is over, no statement
//     awaits a decision and no report stands. It looks while it holds the obligation's row, so that a submission either
//     came first and is seen, or comes after the listing.
//   - Every lock is taken in the order obligation, listing, counter.
//   - Every move is guarded by status and version, and tells of itself by an event in the same transaction.
//   - Both passes of the clock work in batches of one transaction each; what cannot be done for one row is left out,
//     logged and counted, and tried again by the next pass.
package listing
