// Package review is the authority's side of form review (形式审查): the queue of submissions, who has claimed which,
// the decision with its opinion and remarks, the approval where four eyes decide, the numbered conclusion, and the
// watch over the review windows. docs/review.md tells the rules where the texts leave a choice.
//
// It owns the tables review, remark and conclusion. It does not own the status of an obligation or a submission (those
// move only by filing's functions, inside review's transaction), nor days (workday and filing compute them), nor the
// making of documents (it orders them), nor what follows from late filing (package listing below it).
//
// Invariants:
//   - A review is opened in the transaction of its submission and decided at most once; of many deciders at once one
//     wins and the others are told.
//   - Whoever decides has the claim; deciding an unclaimed review claims it.
//   - Once anything was proposed or decided on a report, its filer cannot take it back.
//   - Every lock is taken in the order review, obligation, counter, so no two acts can deadlock.
//   - Nothing is issued or stamped for an unqualified report, whatever a season says.
//   - Conclusion numbers are gapless per authority and year of issue; they are taken last.
package review
