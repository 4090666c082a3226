package notify

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/workday"
)

const bureau = "试点市教育局"

// sponsorPerson gives the sponsor somebody who reads its mail.
func (w *world) sponsorPerson(authority, sponsor, email string) {
	w.t.Helper()
	_, err := account.CreatePerson(w.t.Context(), w.db, account.NewPerson{Email: email, Name: "郭主管", Role: account.RoleSponsor,
		Scope: account.Scope{AuthorityCode: authority, Sponsor: sponsor}, Actor: event.System("test")}, "sponsor-of-the-city")
	if err != nil {
		w.t.Fatal(err)
	}
}

// sentToSponsor stores a report that the sponsor has, or answered as the columns say.
func (w *world) sentToSponsor(organisation, obligation uuid.UUID, columns, values string) uuid.UUID {
	w.t.Helper()
	id := uuid.New()
	w.exec(`INSERT INTO sponsor_review (id, obligation_id, authority_code, organisation_id, report_year, sponsor, form, form_version,
			check_set_version, body, sha256, findings, warnings, attachments, sent_at, due_on, due_provisional, in_time, actor_kind,
			actor_id, actor_name, `+columns+`)
		VALUES ($1, $2, '440100', $3, 2018, '试点市教育局', 'service-2004', 1, '', '{}', repeat('a', 64), '[]', 0, '[]', now(),
			'2019-03-27', false, true, 'person', 'p', '甲', `+values+`)`, id, obligation, organisation)
	return id
}

func TestSponsorIsToldByMailAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		kind event.Kind
		data any
		says string
	}{
		"requested": {event.SponsorRequestedKind, event.SponsorRequested{Sponsor: bureau, DueOn: workday.NewDate(2019, 3, 27)}, "同意的，系统随即把这一份报告报送"},
		"warned":    {event.SponsorWarnedKind, event.SponsorWarned{Sponsor: bureau, DueOn: workday.NewDate(2019, 3, 27), WorkingDaysLeft: 3}, "期限过后没有意见的"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, day(3, 24, 8))
			organisation, obligation := w.organisation("甲")
			w.happen(w.event(tt.kind, organisation, obligation, tt.data))
			if diff := cmp.Diff([]string{}, w.deliveries()); diff != "" {
				t.Fatalf("a sponsor without a sign-in: %s", diff)
			}
			w.sponsorPerson("440100", bureau, "zhuguan@x.example")
			w.sponsorPerson("440100", "试点市卫生局", "other@x.example")
			w.happen(w.event(tt.kind, organisation, obligation, tt.data))
			if diff := cmp.Diff([]string{"sponsor mail queued zhuguan@x.example"}, w.deliveries()); diff != "" {
				t.Fatal(diff)
			}
			if m := w.mail(); !strings.Contains(m.Body, tt.says) || !strings.Contains(m.Body, "2019年3月27日（星期三）") || !strings.Contains(m.Body, "/desk") {
				t.Errorf("%s\n%s", m.Subject, m.Body)
			}
		})
	}
}

func TestSponsorsAnswerIsTold(t *testing.T) {
	for name, tt := range map[string]struct {
		columns, values string
		data            event.SponsorAnswered
		subject, body   string
	}{
		"returned": {"status, opinion, decided_by, ended_at", "'returned', '请补充业务活动情况。', 's', now()",
			event.SponsorAnswered{Sponsor: bureau, Outcome: "returned", Remarks: 2, HeldUntil: workday.NewDate(2019, 4, 8)},
			"2018年度报告：试点市教育局已退回，请修改", "到2019年4月8日（星期一）为止，不因等待业务主管单位而按逾期处理"},
		"agreed": {"status, opinion, decided_by, ended_at", "'agreed', '同意报送。', 's', now()",
			event.SponsorAnswered{Sponsor: bureau, Outcome: "agreed", Submitted: true},
			"2018年度报告：试点市教育局同意报送，报告已报送", "意见：同意报送。"},
		"agreed, not submitted": {"status, not_submitted, decided_by, ended_at", "'agreed', '附件有变化。', 's', now()",
			event.SponsorAnswered{Sponsor: bureau, Outcome: "agreed"},
			"2018年度报告：试点市教育局同意报送，但报告还没有报送", "原因：附件有变化。"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, day(3, 24, 8))
			organisation, obligation := w.organisation("甲")
			e := w.event(event.SponsorAnsweredKind, organisation, obligation, tt.data)
			e.SubjectID = event.Ref(w.sentToSponsor(organisation, obligation, tt.columns, tt.values))
			w.happen(e)
			if diff := cmp.Diff([]string{"sponsor inbox delivered", "sponsor mail queued 甲@org.example"}, w.deliveries()); diff != "" {
				t.Fatal(diff)
			}
			if m := w.mail(); m.Subject != tt.subject || !strings.Contains(m.Body, tt.body) {
				t.Errorf("%s\n%s", m.Subject, m.Body)
			}
		})
	}
}

func TestSponsorsSilenceIsToldToBoth(t *testing.T) {
	w := newWorld(t, day(3, 28, 8))
	organisation, obligation := w.organisation("甲")
	w.happen(w.event(event.SponsorPassedKind, organisation, obligation,
		event.SponsorPassed{Sponsor: bureau, DueOn: workday.NewDate(2019, 3, 27), HeldUntil: workday.NewDate(2019, 4, 3)}))
	if diff := cmp.Diff([]string{"sponsor inbox delivered", "sponsor mail queued 甲@org.example", "sponsor_silent inbox delivered"}, w.deliveries()); diff != "" {
		t.Fatal(diff)
	}
	list, err := InboxOf(t.Context(), w.db, organisation, Page{Limit: 10})
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Body, "直接报送") {
		t.Errorf("%+v, %v", list, err)
	}
}
