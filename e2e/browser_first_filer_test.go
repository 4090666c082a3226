package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestBrowserFirstFiler goes with a first-time filer of each type from the register to the receipt: the code comes by
// mail, the account is made, the report filled and submitted. The association's person has no scripts, the service
// organisation's no mouse.
func TestBrowserFirstFiler(t *testing.T) {
	mail := startMail(t)
	o := openRegister(t, "--smtp", mail.url)
	t.Run("association without scripts", func(t *testing.T) {
		organisation := o.others["association"]
		p := o.browser.tab(t, o.server.url)
		p.withoutScript()
		p.register(organisation, mail)
		if p.scripted() {
			t.Fatal("the page's scripts run although they are switched off")
		}
		a := o.answers(organisation)
		p.fillReport(a)
		p.submitChecked()
		p.filed(a, nil)
	})
	t.Run("foundation", func(t *testing.T) {
		organisation := o.others["foundation"]
		p := o.browser.tab(t, o.server.url)
		p.register(organisation, mail)
		a := o.answers(organisation)
		p.fillReport(a)
		p.submitChecked()
		p.filed(a, nil)
	})
	t.Run("service organisation by keyboard", func(t *testing.T) {
		organisation := o.services[0]
		p := o.browser.tab(t, o.server.url)
		p.registerByKeyboard(organisation, mail)
		a := o.answers(organisation)
		p.fillByKeyboard(a)
		p.submitByKeyboard()
		p.filed(a, nil)
	})
}

// first is what the first person of an organisation gives of itself, by field.
func first(t testing.TB, o organisation, mail *mailServer) map[string]string {
	return map[string]string{"#f-code": mail.code(t, o.email), "#f-name": "张会计", "#f-email": "kuaiji." + o.email,
		"#f-password": officePassword, "#f-repeat": officePassword}
}

var firstFields = []string{"#f-code", "#f-name", "#f-email", "#f-password", "#f-repeat"}

// register makes the organisation's first account with the code of the mail.
func (p *tab) register(o organisation, mail *mailServer) {
	p.t.Helper()
	p.open("/sign-in")
	p.follow(`a[href="/sign-in/activate"]`)
	p.typeInto("#f-uscc", o.uscc)
	p.press(sendButton)
	p.wants("main", "验证码已发送")
	for field, text := range first(p.t, o, mail) {
		p.typeInto(field, text)
	}
	p.press(sendButton)
	p.wants("main", "2018", o.row["name"])
}

// registerByKeyboard does the same with nothing but Tab, letters and Enter.
func (p *tab) registerByKeyboard(o organisation, mail *mailServer) {
	p.t.Helper()
	p.open("/sign-in")
	p.tabTo(`a[href="/sign-in/activate"]`)
	p.enter()
	p.tabTo("#f-uscc")
	p.write(o.uscc)
	p.enter()
	texts := first(p.t, o, mail)
	for _, field := range firstFields {
		p.tabTo(field)
		p.write(texts[field])
	}
	p.enter()
	p.wants("main", "2018", o.row["name"])
}

// fillByKeyboard goes from the home page through every part of the report with Tab, Space, the arrow keys, Enter and
// letters, until the page that checks the whole report.
func (p *tab) fillByKeyboard(a filled) {
	p.t.Helper()
	p.tabTo(`.nb-due__right a.btn`)
	p.enter()
	if strings.HasSuffix(p.where(), "/tasks") {
		p.tabTo(`aside a.btn-primary`)
		p.enter()
	}
	parts := 0
	for strings.Contains(p.where(), "/sections/") {
		if parts++; parts > 60 {
			p.t.Fatalf("the parts of the report never end: %s", p.where())
		}
		p.walk(a)
		p.enter()
	}
	if !strings.HasSuffix(p.where(), "/check") || parts < 10 {
		p.t.Fatalf("after %d parts: %s", parts, p.shown())
	}
}

// stop is what has the focus.
type stop struct{ Tag, Type, Name, Value, ID string }

const focused = `(() => { const e = document.activeElement;
	const {tagName, type, name, value, id, checked} = e;
	const v = type === "radio" ? (document.querySelector('input[name="' + name + '"]:checked')?.value ?? "") : type === "checkbox" ? (checked ? "on " : "off ") + value : value;
	return {Tag: tagName, Type: type ?? "", Name: name ?? "", Value: String(v ?? ""), ID: id}; })()`

// walk goes by Tab through the fields of a part, answers each, and ends on the button that saves and leads on.
func (p *tab) walk(a filled) {
	p.t.Helper()
	rows := map[string]int{}
	for range 3000 {
		p.keys(kb.Tab)
		at := ask[stop](p, focused)
		switch {
		case at.Name == "save" && at.Value == "next":
			return
		case at.Name == "add":
			has := ask[int](p, `+document.getElementsByName(`+quote(at.Value+".rows")+`)[0].value`)
			if rows[at.Value]++; has < a.rows[at.Value] && rows[at.Value] <= a.rows[at.Value] {
				p.keys(kb.Enter) // the new row's first field has the focus
				p.answer(ask[stop](p, focused), a)
			}
		default:
			p.answer(at, a)
		}
	}
	p.t.Fatalf("no end of %s by Tab", p.where())
}

// answer gives the field that has the focus its answer.
func (p *tab) answer(at stop, a filled) {
	p.t.Helper()
	wanted, asked := a.fields[at.Name]
	if !asked {
		return
	}
	text := fmt.Sprint(wanted)
	switch {
	case at.Type == "checkbox":
		state, value, _ := strings.Cut(at.Value, " ")
		list, several := wanted.([]string)
		if on := several && slices.Contains(list, value) || !several && text == value; on != (state == "on") {
			p.keys(" ")
		}
	case at.Type == "radio" || at.Tag == "SELECT":
		if at.Type == "radio" && at.Value == "" {
			p.keys(" ")
		}
		for range 100 {
			if at = ask[stop](p, focused); at.Value == text {
				return
			}
			p.keys(kb.ArrowDown)
		}
		p.t.Fatalf("the arrow keys never choose %q for %s", text, at.Name)
	case at.Value != text:
		ask[bool](p, `(document.activeElement.select(), true)`) // as Tab does in a line, and Ctrl+A in a longer text
		p.write(text)
	}
}

// submitByKeyboard reads the report, declares and submits.
func (p *tab) submitByKeyboard() {
	p.t.Helper()
	p.wants("main", "可以报送")
	p.tabTo(`main a[href$="/submit"].btn`)
	p.enter()
	_, name, _ := strings.Cut(p.text("#f-declarant-h"), "“")
	name, _, _ = strings.Cut(name, "”")
	p.tabTo("#f-declare")
	p.keys(" ")
	p.tabTo("#f-declarant")
	p.write(name)
	if status := p.enter(); status != http.StatusOK {
		p.t.Fatalf("submitting: %d: %s", status, p.text("main"))
	}
	p.wants("h1", "收到")
}
