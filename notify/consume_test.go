package notify

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/workday"
)

func TestWhoHearsOfWhat(t *testing.T) {
	d := workday.NewDate
	tests := map[string]struct {
		kind    event.Kind
		data    any
		want    string // the delivery's kind; "" for nobody
		subject string
	}{
		"receipt": {event.SubmissionReceivedKind, event.SubmissionReceived{Kind: "report", ReceiptNo: "R1", ReviewDueOn: d(2019, 4, 15)},
			KindReceipt, "2018年度报告已收到，回执编号 R1"},
		"correction": {event.SubmissionReceivedKind, event.SubmissionReceived{Kind: "correction", ReceiptNo: "R1", ReviewDueOn: d(2019, 4, 15)},
			KindReceipt, "2018年度报告的更正已收到，回执编号 R1"},
		"return": {event.ReviewDecidedKind, event.ReviewDecided{Outcome: "return", ResubmitBy: d(2019, 4, 15)},
			KindReturn, "2018年度报告已退回，重新报送截止日2019年4月15日（星期一）"},
		"pass with a conclusion to come": {event.ReviewDecidedKind, event.ReviewDecided{Outcome: "pass", ConclusionIssued: true}, "", ""},
		"pass without one":               {event.ReviewDecidedKind, event.ReviewDecided{Outcome: "pass"}, KindResult, "2018年度报告审查结论：合格"},
		"unqualified":                    {event.ReviewDecidedKind, event.ReviewDecided{Outcome: "unqualified"}, KindResult, "2018年度报告审查结论：不合格"},
		"conclusion": {event.DocumentIssuedKind, event.DocumentIssued{Kind: "conclusion", Number: "试民社年审〔2019〕00001号", IssuedOn: d(2019, 4, 2)},
			KindConclusion, "2018年度报告审查结论书已签发：试民社年审〔2019〕00001号"},
		"another document": {event.DocumentIssuedKind, event.DocumentIssued{Kind: "receipt"}, "", ""},
		"due day moved": {event.ObligationDueChangedKind, event.ObligationDueChanged{DueOn: d(2019, 4, 30), PreviousDueOn: d(2019, 3, 31)},
			KindDueChanged, "2018年度报告的截止日改为2019年4月30日（星期二）"},
		"refile day moved": {event.ObligationRefileMovedKind, event.ObligationRefileMoved{ResubmitBy: d(2019, 3, 31), PreviousResubmitBy: d(2019, 3, 29)},
			KindDueChanged, "2018年度报告退回后重新报送的截止日改为2019年3月31日（星期日）"},
		"refile day moved, another counts": {event.ObligationRefileMovedKind, event.ObligationRefileMoved{ResubmitBy: d(2019, 3, 30)}, "", ""},
		"answer time moved": {event.ListingAnswerMovedKind, event.ListingTimeMoved{DueOn: d(2019, 4, 17), PreviousDueOn: d(2019, 4, 16)},
			KindDueChanged, "2018年度报告列入事项陈述申辩的截止日改为2019年4月17日（星期三）"},
		"served by post": {event.NoticeServedKind, event.NoticeServed{DocumentKind: "prior_notice", How: "post", ServedOn: d(2019, 4, 1),
			StatementDueOn: d(2019, 4, 16)}, KindNotice, "列入活动异常名录事先告知书已送达，陈述申辩到2019年4月16日（星期二）"},
		"served by inbox":          {event.NoticeServedKind, event.NoticeServed{DocumentKind: "prior_notice", How: "inbox", ServedOn: d(2019, 4, 1)}, "", ""},
		"listed":                   {event.ListingListedKind, event.ListingListed{ListedOn: d(2019, 4, 17)}, KindNotice, "已列入活动异常名录（2018年度报告）"},
		"listing withdrawn":        {event.ListingWithdrawnKind, event.ListingWithdrawn{EndedOn: d(2019, 4, 17)}, KindNotice, "不再列入活动异常名录（2018年度报告）"},
		"removed":                  {event.ListingRemovedKind, event.ListingRemoved{EndedOn: d(2019, 5, 17)}, KindNotice, "已移出活动异常名录（2018年度报告）"},
		"removal refused":          {event.ListingRemovalRefusedKind, event.ListingRemovalRefused{Reason: "尚未补报"}, KindNotice, "移出活动异常名录的申请未获同意（2018年度报告）"},
		"annulled":                 {event.ListingAnnulledKind, event.ListingAnnulled{EndedOn: d(2019, 5, 17)}, KindNotice, "列入活动异常名录的决定已撤销（2018年度报告）"},
		"spot check":               {event.SpotCheckEnteredKind, event.SpotCheckEntered{EnteredOn: d(2019, 4, 1)}, KindNotice, "已列入抽查监督名单（2018年度报告）"},
		"penalty case":             {event.PenaltyOpenedKind, event.PenaltyOpened{OpenedOn: d(2019, 4, 1)}, KindNotice, "已立案调查（2018年度报告）"},
		"due day moved on request": {event.ObligationDueChangedKind, event.ObligationDueChanged{DueOn: d(2019, 4, 30), OnRequest: true}, "", ""},
		"request withdrawn":        {event.RequestWithdrawnKind, event.RequestWithdrawn{Kind: "extension"}, "", ""},
		"infected file":            {event.AttachmentInfectedKind, event.AttachmentScanned{Kind: "declaration", N: 1, Virus: "X"}, KindAttachment, "2018年度报告的附件查出病毒，请重新上传"},
		"clean file":               {event.AttachmentClearedKind, event.AttachmentScanned{Kind: "declaration", N: 1}, "", ""},
		"nobody's business":        {event.ReviewClaimedKind, nil, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, day(3, 24, 8))
			organisation, obligation := w.organisation("甲")
			e := w.event(tt.kind, organisation, obligation, tt.data)
			if tt.want == KindConclusion {
				w.conclusion(e.SubjectID.UUID, organisation, obligation)
				e.ReportYear, e.ObligationID = 0, uuid.NullUUID{} // the event does not say; the conclusion does
			}
			w.happen(e)
			want := []string{}
			if tt.want != "" {
				want = []string{tt.want + " inbox delivered", tt.want + " mail queued 甲@org.example"}
			}
			if diff := cmp.Diff(want, w.deliveries()); diff != "" {
				t.Fatal(diff)
			}
			if tt.want == "" {
				return
			}
			list, err := InboxOf(t.Context(), w.db, organisation, Page{Limit: 10})
			if err != nil || len(list) != 1 || list[0].Subject != tt.subject || !strings.Contains(list[0].Body, "https://nianbao.example/") {
				t.Errorf("inbox %+v, %v", list, err)
			}
			// Heard once more, as after a restore of the cursor: nothing new.
			w.exec(`UPDATE event_consumer SET position = 0`)
			w.hear()
			if diff := cmp.Diff(want, w.deliveries()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDueChangeIsNoNewsToWhoHasFiled(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	organisation, obligation := w.organisation("甲")
	w.exec(`UPDATE obligation SET status = 'submitted', overdue_after = NULL`)
	w.happen(w.event(event.ObligationDueChangedKind, organisation, obligation, event.ObligationDueChanged{}))
	if diff := cmp.Diff([]string{}, w.deliveries()); diff != "" {
		t.Error(diff)
	}
}

func TestReturnNamesTheDayThatCounts(t *testing.T) {
	refile := event.ReviewDecided{Outcome: "return", ResubmitBy: workday.NewDate(2019, 3, 20)}
	tests := map[string]struct{ change, want string }{
		"due day later than the refile day": {`UPDATE obligation SET status = 'returned', submissions = 1, resubmit_by = '2019-03-20'`,
			"2019年3月31日（星期日）24:00"},
		"refile day later, provisional": {`UPDATE obligation SET status = 'returned', submissions = 1, resubmit_by = '2019-04-09',
			resubmit_provisional = true, overdue_after = '2019-04-09'`, "2019年4月9日（星期二）24:00，当天算在内（日历未定，可能调整）"},
		"refiled meanwhile": {`UPDATE obligation SET status = 'submitted', submissions = 2, overdue_after = NULL`, "2019年3月20日（星期三）24:00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, day(3, 6, 8))
			organisation, obligation := w.organisation("甲")
			w.exec(tt.change)
			w.happen(w.event(event.ReviewDecidedKind, organisation, obligation, refile))
			if d := w.mail(); !strings.Contains(d.Body, tt.want) {
				t.Errorf("body %s", d.Body)
			}
		})
	}
}

func TestPriorNoticeNamesTheAnswerDay(t *testing.T) {
	for name, served := range map[string]bool{"served": true, "not served": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, day(4, 1, 0))
			organisation, obligation := w.organisation("甲")
			listing, document := uuid.New(), uuid.New()
			w.exec(`INSERT INTO listing (id, obligation_id, authority_code, organisation_id, report_year, ground, basis, status, notified_on,
	served_on, statement_due_on, created_at, updated_at)
VALUES ($1, $2, '440100', $3, 2018, 'not_filed', '第十一条', 'notified', '2019-04-01', CASE WHEN $4 THEN date '2019-04-01' END,
	CASE WHEN $4 THEN date '2019-04-16' END, now(), now())`, listing, obligation, organisation, served)
			e := w.event(event.ListingNotifiedKind, organisation, obligation, event.ListingNotified{DocumentID: document})
			e.SubjectID, e.Basis = event.Ref(listing), "《社会组织信用信息管理办法》第十一条第（一）项"
			w.happen(e)
			list, err := InboxOf(t.Context(), w.db, organisation, Page{Limit: 10})
			if err != nil || len(list) != 1 || list[0].DocumentID.UUID != document {
				t.Fatalf("inbox %+v, %v", list, err)
			}
			if got := strings.Contains(list[0].Body, "陈述申辩到2019年4月16日（星期二）24:00"); got != served {
				t.Errorf("body: %s", list[0].Body)
			}
			if !strings.Contains(list[0].Body, e.Basis) {
				t.Errorf("the basis lacks: %s", list[0].Body)
			}
		})
	}
}

func TestMailGoesToThePeopleElseToTheRegister(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	organisation, obligation := w.organisation("甲")
	receipt := func() event.Event {
		return w.event(event.SubmissionReceivedKind, organisation, obligation, event.SubmissionReceived{ReviewDueOn: workday.NewDate(2019, 4, 9)})
	}
	w.person("invited@org.example", "filer", organisation, false)
	w.happen(receipt())
	w.clock.Advance(time.Hour)
	w.person("Fang@org.example", "filer", organisation, true)
	w.person("second@org.example", "filer", organisation, true)
	gone := w.person("gone@org.example", "filer", organisation, true)
	w.exec(`UPDATE membership SET ended_at = now() WHERE person_id = $1`, gone)
	w.happen(receipt())
	want := []string{"receipt inbox delivered", "receipt mail queued 甲@org.example",
		"receipt inbox delivered", "receipt mail queued fang@org.example", "receipt mail queued second@org.example"}
	if diff := cmp.Diff(want, w.deliveries()); diff != "" {
		t.Error(diff)
	}
}

func TestDesk(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	organisation, obligation := w.organisation("甲")
	reviewer := w.person("reviewer@gov.example", "reviewer", uuid.Nil, true)
	other := w.person("approver@gov.example", "approver", uuid.Nil, true)
	w.person("admin@gov.example", "admin", uuid.Nil, true)
	warned := func(claimedBy string) event.Event {
		return w.event(event.WindowWarnedKind, organisation, obligation, event.WindowWarned{ReceiptNo: "R1",
			DueOn: workday.NewDate(2019, 3, 27), WorkingDaysLeft: 3, ClaimedBy: claimedBy})
	}
	w.happen(warned(""), warned(reviewer.String()),
		w.event(event.WindowEscalatedKind, organisation, obligation, event.WindowEscalated{DueOn: workday.NewDate(2019, 3, 22), ClaimedBy: reviewer.String()}))
	want := []string{"window inbox delivered", "window inbox delivered", "window inbox delivered",
		"window mail queued approver@gov.example", "window mail queued reviewer@gov.example"}
	got := w.deliveries()
	if diff := cmp.Diff(want, sorted(got)); diff != "" {
		t.Error(diff)
	}
	for person, n := range map[uuid.UUID]int{reviewer: 3, other: 2} {
		list, err := DeskOf(t.Context(), w.db, "440100", person, Page{Limit: 10})
		if err != nil || len(list) != n {
			t.Errorf("desk of %s: %d messages, want %d, %v", person, len(list), n, err)
		}
	}
	if list, err := InboxOf(t.Context(), w.db, organisation, Page{Limit: 10}); err != nil || len(list) != 0 {
		t.Errorf("the organisation sees %+v, %v", list, err)
	}
	w.happen(w.event(event.DocumentHeldKind, organisation, obligation, event.DocumentHeld{Kind: "conclusion", Reason: "缺字"}))
	if list, err := DeskOf(t.Context(), w.db, "440100", other, Page{Limit: 1}); err != nil || list[0].Kind != KindHeld {
		t.Errorf("the held document is not on the desk: %+v, %v", list, err)
	}
	w.clock.Advance(24 * time.Hour) // a new day, a new digest
	w.happen(warned(""))
	if n := len(w.deliveries()); n != 6+3 {
		t.Errorf("%d deliveries on the second day", n)
	}
}
