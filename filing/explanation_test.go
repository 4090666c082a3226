package filing

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/registry"
)

// warned is a report that brings the warning CT-POSTCODE and nothing else.
func (w *world) warned(org registry.Organisation, postcode string) ([]byte, check.Finding) {
	w.t.Helper()
	f, err := w.svc.forms.Form(defaultForms[org.Type])
	if err != nil {
		w.t.Fatal(err)
	}
	decoded, _, err := f.Decode(w.body(org, 2018, 1), form.DefaultLimits)
	if err != nil {
		w.t.Fatal(err)
	}
	decoded.Values["postcode"] = postcode
	body, err := f.Encode(decoded.Values)
	if err != nil {
		w.t.Fatal(err)
	}
	found, err := w.svc.Check(w.ctx, Check{OrganisationID: org.ID, Year: 2018, Body: body})
	if err != nil || len(found) != 1 || found[0].Check != "CT-POSTCODE" || found[0].Severity != check.Warning {
		w.t.Fatalf("findings %+v, %v; want one warning CT-POSTCODE", found, err)
	}
	return body, found[0]
}

// said answers a finding.
func said(f check.Finding, text string) Explanation {
	return Explanation{Check: f.Check, Keys: f.Keys, Message: f.Message, Text: text}
}

func (w *world) explain(org registry.Organisation, replace bool, answers ...Answer) ([]Explanation, error) {
	w.t.Helper()
	return w.svc.Explain(w.ctx, Explain{OrganisationID: org.ID, Year: 2018, Answers: answers, Replace: replace, Actor: filer})
}

func (w *world) mustExplain(org registry.Organisation, answers ...Answer) {
	w.t.Helper()
	if kept, err := w.explain(org, false, answers...); err != nil || len(kept) > 0 {
		w.t.Fatalf("explain: kept %+v, %v", kept, err)
	}
}

var unstamped = cmpopts.IgnoreFields(Explanation{}, "At", "By")

// An explanation goes with the submission whose warning it answers, stays there
// whatever is written later, and is stale once the warning reads otherwise.
func TestExplanationGoesWithTheSubmission(t *testing.T) {
	w := newWorld(t, "2019-03-20", 2)
	w.importSeason()
	org := w.orgs[1]
	body, warning := w.warned(org, "51000O")
	other := said(check.Finding{Check: "BS-NEGATIVE", Keys: []string{"bs_cash.closing"}}, "没有这项提示了")
	w.mustExplain(org, Answer{Explanation: said(warning, " 农村地区没有邮政编码\r\n用村名 ")}, Answer{Explanation: other})

	receipt, err := w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: body, IdempotencyKey: "k", Actor: filer})
	if err != nil {
		t.Fatal(err)
	}
	of := func(id uuid.UUID) []Explanation {
		t.Helper()
		list, err := SubmissionExplanations(w.ctx, w.db, id)
		if err != nil {
			t.Fatal(err)
		}
		return list.Sorted()
	}
	want := []Explanation{said(warning, "农村地区没有邮政编码\n用村名")}
	if diff := cmp.Diff(want, of(receipt.SubmissionID), unstamped); diff != "" {
		t.Errorf("explanations of the submission (-want +got):\n%s", diff)
	}
	if got := of(receipt.SubmissionID)[0]; got.By != filer.Name || got.At.IsZero() {
		t.Errorf("written by %q at %v", got.By, got.At)
	}

	_, err = w.explain(org, false, Answer{Explanation: said(warning, "后来想到的")})
	wantCode(t, err, http.StatusConflict, CodeAlreadySubmitted)
	if _, err := w.db.ExecContext(w.ctx, `UPDATE submission SET explanations = '[]' WHERE id = $1`, receipt.SubmissionID); err == nil {
		t.Error("the explanations of a submission were changed")
	}

	w.sendBack(receipt.SubmissionID, "2019-04-30")
	_, changed := w.warned(org, "510OOO")
	there, err := ExplanationsOf(w.ctx, w.db, w.obligation(org).ID)
	if err != nil {
		t.Fatal(err)
	}
	if answer, ok := there.To(changed); !ok || !answer.Stale(changed) || answer.Stale(warning) {
		t.Errorf("answer %+v, %v: want it found, and stale for the changed warning only", answer, ok)
	}
	if _, ok := there.To(check.Finding{Check: warning.Check, Keys: []string{"phone"}}); ok {
		t.Error("an answer was found for another place of the same check")
	}
	w.mustExplain(org, Answer{Explanation: said(changed, "新的说明")})
	if diff := cmp.Diff(want, of(receipt.SubmissionID), unstamped); diff != "" {
		t.Errorf("a later answer reached the submission (-want +got):\n%s", diff)
	}
}

// Of two who write to the same warning the later one is told what is there; to
// take away and to replace are said expressly.
func TestExplainNeverOverwritesUnseen(t *testing.T) {
	w := newWorld(t, "2019-03-20", 2)
	w.importSeason()
	org := w.orgs[1]
	_, warning := w.warned(org, "51000O")
	second := said(check.Finding{Check: "CT-PHONE", Keys: []string{"phone"}, Message: "甲"}, "乙")
	nothing, first := "", "第一个人写的"
	texts := func() map[string]string {
		t.Helper()
		there, err := ExplanationsOf(w.ctx, w.db, w.obligation(org).ID)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, e := range there {
			out[e.Check] = e.Text
		}
		return out
	}
	for _, tt := range []struct {
		name    string
		answers []Answer
		replace bool
		kept    int
		want    map[string]string
	}{
		{"the first", []Answer{{said(warning, first), &nothing}}, false, 0, map[string]string{"CT-POSTCODE": first}},
		{"one who saw nothing, and another answer", []Answer{{said(warning, "第二个人写的"), &nothing}, {second, &nothing}}, false, 1,
			map[string]string{"CT-POSTCODE": first, "CT-PHONE": "乙"}},
		{"the same again", []Answer{{said(warning, first), &nothing}}, false, 0, map[string]string{"CT-POSTCODE": first, "CT-PHONE": "乙"}},
		{"one who saw it", []Answer{{said(warning, "改过的"), &first}}, false, 0, map[string]string{"CT-POSTCODE": "改过的", "CT-PHONE": "乙"}},
		{"blank takes away", []Answer{{said(warning, " \n"), nil}}, false, 0, map[string]string{"CT-PHONE": "乙"}},
		{"replace", []Answer{{said(warning, "唯一的"), nil}}, true, 0, map[string]string{"CT-POSTCODE": "唯一的"}},
		{"replace with nothing", nil, true, 0, map[string]string{}},
	} {
		kept, err := w.explain(org, tt.replace, tt.answers...)
		if err != nil || len(kept) != tt.kept {
			t.Errorf("%s: kept %+v, %v", tt.name, kept, err)
		}
		if diff := cmp.Diff(tt.want, texts()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestExplainRefuses(t *testing.T) {
	w := newWorld(t, "2019-03-20", 2)
	w.importSeason()
	org := w.orgs[1]
	_, warning := w.warned(org, "51000O")
	_, err := w.explain(org, false, Answer{Explanation: said(warning, strings.Repeat("长", MaxExplanation+1))})
	wantCode(t, err, http.StatusUnprocessableEntity, "text_too_long")
	_, err = w.explain(org, false, Answer{Explanation: said(warning, "坏\x00字")})
	wantCode(t, err, http.StatusUnprocessableEntity, "bad_character")
	_, err = w.explain(org, false, make([]Answer, maxExplanations+1)...)
	wantCode(t, err, http.StatusUnprocessableEntity, "too_many_explanations")
	if _, err := w.svc.Explain(w.ctx, Explain{OrganisationID: uuid.New(), Year: 2018, Actor: filer}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a stranger: %v", err)
	}
}

// Many write while the report is submitted: each is either before it and told,
// or refused; no answer that was taken is missing.
func TestExplainBesideSubmit(t *testing.T) {
	w := newWorld(t, "2019-03-20", 2)
	w.importSeason()
	org := w.orgs[1]
	body, warning := w.warned(org, "51000O")
	var wait sync.WaitGroup
	taken := make([]bool, 8)
	start := make(chan struct{})
	for i := range taken {
		wait.Go(func() {
			<-start
			_, err := w.explain(org, false, Answer{Explanation: said(warning, strings.Repeat("甲", i+1))})
			taken[i] = err == nil
			var state *StateError
			if err != nil && !errors.As(err, &state) {
				t.Errorf("explain: %v", err)
			}
		})
	}
	var receipt Receipt
	wait.Go(func() {
		<-start
		var err error
		receipt, err = w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: body, IdempotencyKey: "k", Actor: filer})
		if err != nil {
			t.Errorf("submit: %v", err)
		}
	})
	close(start)
	wait.Wait()
	with, err := SubmissionExplanations(w.ctx, w.db, receipt.SubmissionID)
	if err != nil {
		t.Fatal(err)
	}
	draft, err := ExplanationsOf(w.ctx, w.db, w.obligation(org).ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(draft, with, cmpopts.EquateApproxTime(0)); diff != "" {
		t.Errorf("what was written before is not what went with the report (-draft +submission):\n%s", diff)
	}
}

func TestDeclarationStaysWithTheSubmission(t *testing.T) {
	w := newWorld(t, "2019-03-20", 3)
	w.importSeason()
	want := Declaration{Version: DeclarationVersion, Name: "张 三", PersonID: "p1", LegalRepresentative: "张三"}
	receipt, err := w.svc.Submit(w.ctx, Submit{OrganisationID: w.orgs[0].ID, Year: 2018, Body: w.body(w.orgs[0], 2018, 1), IdempotencyKey: "k",
		Declaration: &want, Actor: filer})
	if err != nil {
		t.Fatal(err)
	}
	got, err := SubmissionDeclaration(w.ctx, w.db, receipt.SubmissionID)
	if err != nil || got != want || !got.ByLegalRepresentative() {
		t.Errorf("declaration %+v, %v, want %+v", got, err, want)
	}
	program := w.mustSubmit(w.orgs[1], "k")
	if _, err := SubmissionDeclaration(w.ctx, w.db, program.SubmissionID); !errors.Is(err, ErrNoDeclaration) {
		t.Errorf("a program's submission: %v, want ErrNoDeclaration", err)
	}
	if _, err := SubmissionDeclaration(w.ctx, w.db, uuid.New()); !errors.Is(err, ErrNotFound) {
		t.Errorf("no submission: %v, want ErrNotFound", err)
	}
}

func TestSameName(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"张三", "张三", true}, {" 张　三 ", "张三", true}, {"Ａnna Li", "anna li", true}, {"阿依古丽·买买提", "阿依古丽·买买提", true},
		{"张三", "张三丰", false}, {"", "张三", false}, {"張三", "张三", false},
	} {
		if got := SameName(tt.a, tt.b); got != tt.want {
			t.Errorf("SameName(%q, %q) = %v", tt.a, tt.b, got)
		}
	}
	if DeclarationText(DeclarationVersion, 2018) == "" || DeclarationText("0", 2018) != "" {
		t.Error("the text of the present version is missing, or an unknown version has one")
	}
}
