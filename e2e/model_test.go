package e2e

// The model: what must become of an organisation, from its plan and the announced rules alone. It goes through the
// season day by day and knows no other clock, database or code than its own.

// filingState is where one organisation's obligation stands.
type filingState struct {
	plan *plan
	view view

	status     string // "", open, submitted, returned, passed, unqualified
	returnedOn string // status before the report that stands: what a withdrawal goes back to
	resubmitBy day
	changed    day // the day on which what is owed last changed
	reminded   map[reminder]bool
	matters    []*matter
	settled    bool // a matter was decided on its merits: no other follows
	opened     bool // told of the opening
}

type reminder struct {
	by   day
	days int
}

type matter struct {
	status                      string
	served, answerBy, on, ended day
	statementOpen               bool
}

// expect is the model's view of an organisation at the end of the last day.
func expect(p *plan) view {
	s := &filingState{plan: p, reminded: map[reminder]bool{}}
	s.view = view{Documents: map[string]int{}, Mails: map[string]int{}, Events: map[string]int{}}
	next := 0
	for today := begins; today <= lastDay; today++ {
		s.open(today)
		next = s.act(next, today, dawn)
		s.sweep(today)
		s.advance(today)
		s.remind(today)
		for _, at := range []slot{morning, afternoon, night} {
			next = s.act(next, today, at)
			if at == afternoon && today == p.org.known && today > begins {
				s.bind(today) // the import happens in the afternoon, after the reminders
			}
		}
	}
	return s.close()
}

// open gives the obligation on the opening day, and tells of it.
func (s *filingState) open(today day) {
	if today == opens && s.plan.org.known <= opens {
		s.bind(today)
		s.tellOpening()
	}
}

func (s *filingState) bind(today day) {
	if s.plan.org.owes() {
		s.become("open", today)
	}
}

func (s *filingState) tellOpening() {
	if s.status == "open" && !s.opened {
		s.opened = true
		s.view.Mails["opening"]++
	}
}

func (s *filingState) become(status string, today day) { s.status, s.changed = status, today }

func (s *filingState) owed() bool { return s.status == "open" || s.status == "returned" }

func (s *filingState) stands() bool {
	return s.status == "submitted" || s.status == "passed" || s.status == "unqualified"
}

// last is the last day on which a report that is owed is not late.
func (s *filingState) last() day {
	if s.status == "returned" {
		return max(due, s.resubmitBy)
	}
	return due
}

func (s *filingState) overdue(today day) bool { return s.owed() && today > s.last() }

// sweep is the 00:10 job: notice, spot-check list and penalty case, for whoever is overdue and has no matter yet.
func (s *filingState) sweep(today day) {
	if !s.overdue(today) || s.openMatter() != nil || s.settled {
		return
	}
	m := &matter{status: "notified"}
	s.matters = append(s.matters, m)
	s.note("prior_notice")
	if s.plan.org.electronic {
		m.serve(today)
	}
	if s.view.SpotCheck == "" { // once a year, however often the notice is repeated
		s.view.SpotCheck = today.String()
		s.view.Events["spot_check.entered"]++
		s.note("spot_check_notice")
		s.note("penalty_case_notice")
	}
}

// note counts a document that the organisation is told of by mail.
func (s *filingState) note(document string) {
	s.view.Documents[document]++
	s.view.Mails["notice"]++
}

func (m *matter) serve(on day) { m.served, m.answerBy = on, on.plus(statementWithin) }

func (s *filingState) openMatter() *matter {
	for _, m := range s.matters {
		if m.status == "notified" || m.status == "listed" {
			return m
		}
	}
	return nil
}

// advance is the 00:20 job.
func (s *filingState) advance(today day) {
	m := s.openMatter()
	if m == nil || m.status != "notified" {
		return
	}
	switch {
	case s.stands() || !s.overdue(today):
		s.withdraw(m, today)
	case m.served != 0 && today > m.answerBy && !m.statementOpen:
		s.list(m, today)
	}
}

func (s *filingState) withdraw(m *matter, today day) {
	m.status, m.ended = "withdrawn", today
	s.note("listing_withdrawal")
}

func (s *filingState) list(m *matter, today day) {
	m.status, m.on = "listed", today
	s.view.Events["listing.listed"]++
	s.note("listing_decision")
}

// remind is the 08:00 job: the reminder whose day has come, unless what is owed changed after that day: then that
// change said how long there is left.
func (s *filingState) remind(today day) {
	if s.plan.org.known > opens && today > s.plan.org.known {
		s.tellOpening()
	}
	if !s.owed() || today > s.last() {
		return
	}
	for i := len(remindersBefore) - 1; i >= 0; i-- {
		r := reminder{s.last(), remindersBefore[i]}
		if day(r.days) < r.by-today {
			continue
		}
		if r.by-day(r.days) >= s.changed && !s.reminded[r] {
			s.reminded[r] = true
			s.view.Mails["reminder"]++
		}
		return
	}
}

// close is the view at the end.
func (s *filingState) close() view {
	s.view.Status, s.view.Overdue = s.status, s.overdue(lastDay)
	s.view.ResubmitBy = s.resubmitBy.String()
	for _, kind := range []string{"conclusion", "listing_decision", "removal_decision"} { // the public sees them anyway
		if n := s.view.Documents[kind]; n > 0 {
			s.view.Events["document.issued"] += n
		}
	}
	for _, m := range s.matters {
		s.view.Matters = append(s.view.Matters, matterView{m.status, m.served.String(), m.answerBy.String(), m.on.String(), m.ended.String()})
	}
	return s.view
}
