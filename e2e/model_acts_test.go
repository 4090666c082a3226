package e2e

// act does what the plan holds for the slot; it gives the number of the next act.
func (s *filingState) act(next int, today day, at slot) int {
	for ; next < len(s.plan.acts); next++ {
		a := s.plan.acts[next]
		if a.on != today || a.at != at {
			return next
		}
		if a.refused == "" {
			s.do(a)
		}
	}
	return next
}

func (s *filingState) do(a act) {
	switch a.do {
	case submits:
		s.submit(a)
	case withdraws:
		s.takeBack(a.on)
	case decides:
		s.decide(a)
	case serves:
		s.openMatter().serve(a.servedOn)
		s.view.Mails["notice"]++
	case answers:
		m := s.openMatter()
		m.statementOpen = true
	case decidesListing:
		s.decideListing(a)
	case decidesRemoval:
		s.decideRemoval(a)
	case submitsAgain, claims, applies: // leave no trace in the view
	}
}

func (s *filingState) submit(a act) {
	s.returnedOn = s.status
	s.become("submitted", a.on)
	s.view.Submissions = append(s.view.Submissions, submissionView{a.on.String(), a.on.plus(reviewWindow).String(), "submitted"})
	s.view.Events["submission.received"]++
	s.view.Mails["receipt"]++
}

func (s *filingState) submission() *submissionView {
	return &s.view.Submissions[len(s.view.Submissions)-1]
}

func (s *filingState) takeBack(today day) {
	s.become(s.returnedOn, today)
	s.submission().Status = "withdrawn"
	s.view.Events["submission.withdrawn"]++
}

func (s *filingState) decide(a act) {
	switch a.word {
	case "return":
		s.become("returned", a.on)
		s.submission().Status = "returned"
		s.resubmitBy = a.on.plus(resubmitWithin)
		s.view.Documents["return_notice"]++
		s.view.Mails["return"]++
	case "pass":
		s.become("passed", a.on)
		s.submission().Status = "passed"
		s.view.Conclusion = a.on.String()
		s.view.Documents["conclusion"]++
		s.view.Mails["conclusion"]++
		s.view.Events["review.decided"]++
		s.view.Events["conclusion.numbered"]++
	case "unqualified": // nothing is issued
		s.become("unqualified", a.on)
		s.submission().Status = "unqualified"
		s.view.Mails["result"]++
		s.view.Events["review.decided"]++
	}
}

func (s *filingState) decideListing(a act) {
	m := s.openMatter()
	m.statementOpen = false
	s.settled = true
	if a.word == "list" {
		s.list(m, a.on)
		return
	}
	s.withdraw(m, a.on)
}

func (s *filingState) decideRemoval(a act) {
	m := s.openMatter()
	if a.word == "refuse" {
		s.note("removal_refusal")
		return
	}
	m.status, m.ended = "removed", a.on
	s.view.Events["listing.removed"]++
	s.note("removal_decision")
}
