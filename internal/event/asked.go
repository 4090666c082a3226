package event

// SubmissionAskedKind: an editor asked the responsible people to submit.
const SubmissionAskedKind Kind = "submission.asked"

// SubmissionAsked: the report of the obligation waits for who may submit it. It has no subject.
type SubmissionAsked struct {
	By string `json:"by"` // the name of who asked
}
