package notify

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/workday"
)

// request stores a request that was decided as the columns say.
func (w *world) request(organisation, obligation uuid.UUID, columns, values string) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	w.exec(`INSERT INTO filing_request (id, obligation_id, authority_code, organisation_id, report_year, kind, reason, owed_until,
		wished_due_on, received_at, actor_kind, actor_id, actor_name, `+columns+`)
		VALUES ($1, $2, '440100', $3, 2018, 'extension', '审计未完成', '2019-03-31', '2019-04-30', now(), 'person', 'p', '甲', `+values+`)`,
		id, obligation, organisation)
	return id
}

func TestRequestIsToldToTheDesk(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	organisation, obligation := w.organisation("甲")
	w.happen(w.event(event.RequestReceivedKind, organisation, obligation,
		event.RequestReceived{Kind: "extension", WishedDueOn: workday.NewDate(2019, 4, 30)}))
	if diff := cmp.Diff([]string{"request inbox delivered"}, w.deliveries()); diff != "" {
		t.Fatal(diff)
	}
	list, err := InboxOf(t.Context(), w.db, organisation, Page{Limit: 10})
	if err != nil || len(list) != 0 {
		t.Errorf("the organisation hears of its own request: %+v, %v", list, err)
	}
}

func TestDecisionOnARequestIsToldWithItsReason(t *testing.T) {
	for name, tt := range map[string]struct {
		columns, values string
		data            event.RequestDecided
		subject, body   string
	}{
		"refused": {"status, decision_reason, decided_by, ended_at", "'refused', '审计报告已经出具。', 'r', now()",
			event.RequestDecided{Kind: "extension", Outcome: "refused"}, "2018年度报告：延期报送申请未获同意", "理由：审计报告已经出具。"},
		"granted": {"status, granted_due_on, decided_by, ended_at", "'granted', '2019-04-30', 'r', now()",
			event.RequestDecided{Kind: "extension", Outcome: "granted", DueOn: workday.NewDate(2019, 4, 30)},
			"2018年度报告：延期报送申请已获同意", "截止日改为2019年4月30日（星期二）24:00，当天算在内"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, day(3, 24, 8))
			organisation, obligation := w.organisation("甲")
			e := w.event(event.RequestDecidedKind, organisation, obligation, tt.data)
			e.SubjectID = event.Ref(w.request(organisation, obligation, tt.columns, tt.values))
			w.happen(e)
			if diff := cmp.Diff([]string{"request inbox delivered", "request mail queued 甲@org.example"}, w.deliveries()); diff != "" {
				t.Fatal(diff)
			}
			if m := w.mail(); m.Subject != tt.subject || !strings.Contains(m.Body, tt.body) {
				t.Errorf("%s\n%s", m.Subject, m.Body)
			}
		})
	}
}
