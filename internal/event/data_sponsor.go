package event

import "nianbao/internal/workday"

// The subject of all of these is the report as it was sent to the sponsor (业务主管单位).

// SponsorRequested: an organisation sent its report to its sponsor.
type SponsorRequested struct {
	Sponsor        string       `json:"sponsor"`
	SHA256         string       `json:"sha256"` // hex, of the exact body
	DueOn          workday.Date `json:"due_on"` // the sponsor's day
	DueProvisional bool         `json:"due_provisional"`
	InTime         bool         `json:"in_time"`             // what follows from being late waits
	HeldUntil      workday.Date `json:"held_until,omitzero"` // until this day, if it waits
}

// SponsorWithdrawn: the organisation took it back before the sponsor answered.
type SponsorWithdrawn struct {
	Sponsor string `json:"sponsor"`
}

// SponsorAnswered: the sponsor agreed, or returned it. Where it agreed, the submission is told by an event of its own in
// the same transaction, unless it could not be submitted any more.
type SponsorAnswered struct {
	Sponsor   string       `json:"sponsor"`
	Outcome   string       `json:"outcome"` // agreed or returned
	Remarks   int          `json:"remarks"`
	Submitted bool         `json:"submitted"`
	HeldUntil workday.Date `json:"held_until,omitzero"` // what follows from being late waits until this day
}

// SponsorWarned: the sponsor's day is near and it has not answered.
type SponsorWarned struct {
	Sponsor         string       `json:"sponsor"`
	DueOn           workday.Date `json:"due_on"`
	DueProvisional  bool         `json:"due_provisional"`
	WorkingDaysLeft int          `json:"working_days_left"`
}

// SponsorPassed: the sponsor's day is over without an answer; from now on the report can be submitted without.
type SponsorPassed struct {
	Sponsor   string       `json:"sponsor"`
	DueOn     workday.Date `json:"due_on"`
	HeldUntil workday.Date `json:"held_until,omitzero"`
}

// SponsorLapsed: the organisation submitted without the opinion that its sponsor did not give in time.
type SponsorLapsed struct {
	Sponsor string       `json:"sponsor"`
	DueOn   workday.Date `json:"due_on"`
}
