package notify

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// TestCodeGoesWithTheMailAndIsWiped: it lies beside the text until it is sent, and nowhere after.
func TestCodeGoesWithTheMailAndIsWiped(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	w.activation(false)
	if d := w.mail(); strings.Contains(d.Body+d.Subject, "123456") || d.Secret != "123456" {
		t.Errorf("before: %+v", d)
	}
	w.work(w.s)
	if len(w.sender.sent) != 1 || w.sender.sent[0].Kind != "activation" || !strings.Contains(w.sender.sent[0].Body, "验证码：123456\n") {
		t.Fatalf("sent %+v", w.sender.sent)
	}
	if d := w.mail(); d.State != "sent" || d.Secret != "" || d.Revealed() != d.Body {
		t.Errorf("after: %+v", d)
	}
}

func TestCodeThatIsOverIsDropped(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	w.activation(false)
	w.clock.Advance(15 * time.Minute)
	w.work(w.s)
	if d := w.mail(); len(w.sender.sent) != 0 || d.State != "dropped" || d.Secret != "" {
		t.Errorf("sent %v, delivery %+v", w.sender.sent, d)
	}
}

func TestLettersLeadToTheirPages(t *testing.T) {
	for kind, want := range map[account.LetterKind]struct{ header, text string }{
		account.LetterActivation:   {"activation", "验证码：SECRET\n"},
		account.LetterHasPeople:    {"activation", "  陈洁，chen@org.example\n"},
		account.LetterInvitation:   {"invitation", "打开：https://nianbao.example/activate/SECRET\n"},
		account.LetterReset:        {"reset", "打开：https://nianbao.example/activate/SECRET\n"},
		account.LetterAddress:      {"address", "打开：https://nianbao.example/account/email/SECRET\n"},
		account.LetterAddressTaken: {"address", "登录：https://nianbao.example/sign-in\n"},
		account.LetterChanged:      {"account", "您在年度报告系统的账户改了密码。\n"},
		account.LetterToken:        {"account", "为 甲 新建了报送软件用的访问令牌：密码。\n"},
	} {
		w := newWorld(t, day(3, 24, 8))
		organisation, _ := w.organisation("甲")
		l := account.Letter{Kind: kind, Key: "k", To: "a@b.example", AuthorityCode: "440100", Authority: "试验市民政局", Body: "甲",
			OrganisationID: event.Ref(organisation), Name: "林\r\n晓", What: "密码", Secret: "SECRET", ExpiresAt: w.clock.Now().Add(time.Hour),
			People: []account.Contact{{Name: "陈洁", Email: "chen@org.example"}}}
		w.letter(l)
		w.letter(l) // the same letter is one letter
		w.work(w.s)
		if len(w.sender.sent) != 1 || w.sender.sent[0].Kind != want.header || !strings.Contains(w.sender.sent[0].Body, want.text) {
			t.Errorf("%s: sent %+v, want %q with %q", kind, w.sender.sent, want.header, want.text)
		}
		if inbox, err := InboxOf(t.Context(), w.db, organisation, Page{Limit: 5}); err != nil || len(inbox) != 0 {
			t.Errorf("%s: it also lies in the organisation's inbox: %v, %v", kind, inbox, err)
		}
	}
	w := newWorld(t, day(3, 24, 8))
	err := postgres.InTx(t.Context(), w.db, func(tx *postgres.Tx) error {
		return w.s.PostLetter(context.WithoutCancel(tx.Context()), tx, account.Letter{Kind: "love"})
	})
	if err == nil {
		t.Error("a letter of no kind is posted")
	}
}

// TestMailsGoToWhoHasAccepted: somebody who was merely invited, and has an account elsewhere, hears nothing yet.
func TestMailsGoToWhoHasAccepted(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	organisation, obligation := w.organisation("甲")
	w.person("here@org.example", "filer", organisation, true)
	asked := w.person("asked@org.example", "filer", organisation, true)
	w.exec(`UPDATE membership SET pending = true WHERE person_id = $1`, asked)
	w.happen(w.event(event.SubmissionReceivedKind, organisation, obligation, event.SubmissionReceived{ReceiptNo: "R1"}))
	want := []string{"receipt inbox delivered", "receipt mail queued here@org.example"}
	if diff := cmp.Diff(want, w.deliveries()); diff != "" {
		t.Error(diff)
	}
}
