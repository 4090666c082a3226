package e2e

import (
	"fmt"
	"regexp"
)

// uploadChanged changes one byte of a genuine document and has it verified.
func uploadChanged(d *demonstration, p *tab) {
	d.t.Helper()
	desk := d.tab(reviewerOne)
	desk.open("/desk/documents")
	pdf := desk.fetch(desk.link(`main a[href^="/desk/documents/0"]`))
	p.upload(writeFile(d.t, d.t.TempDir(), "changed.pdf", string(changed(pdf))))
}

// changed is the file with one byte of its content altered.
func changed(pdf []byte) []byte {
	altered := append([]byte(nil), pdf...)
	altered[len(altered)/3] ^= 0x20
	return altered
}

// editTwice changes one answer in two windows at once.
func editTwice(d *demonstration, p *tab) {
	d.t.Helper()
	const save = `button[name=save][value=later]:not([tabindex])`
	other := d.browser.tab(d.t, d.server.url)
	other.signIn(associationFiler, d.password)
	other.open(p.where())
	other.fill(map[string]any{"phone": fmt.Sprintf("0990-8100%04d", p.serial())})
	other.press(save)
	p.fill(map[string]any{"phone": fmt.Sprintf("0990-8200%04d", p.serial())})
	p.press(save)
}

// previewReturn writes a remark and looks at the return before it is final.
func previewReturn(d *demonstration, p *tab) {
	d.t.Helper()
	p.typeInto("#new-remark textarea", "住所与登记证书不一致。已搬迁的，先办理变更登记；未搬迁的，按证书填写。")
	p.press("#new-remark button[type=submit]")
	p.tick(`#decide input[value=return]`)
	p.press("#decide button.btn-primary")
}

// pressMain sends the form as it stands.
func pressMain(_ *demonstration, p *tab) { p.press("main form button.btn-primary") }

// askCode asks for a code for an organisation of the register.
func askCode(d *demonstration, p *tab) {
	d.t.Helper()
	p.typeInto("#f-uscc", d.matters("/listings?status=listed")[0].Organisation.USCC)
	p.press("main form button.btn-primary")
}

// letter is the link that a mail in the desk's outbox has, which lies there since nothing can send it.
func (d *demonstration) letter(to string, link *regexp.Regexp) (path string) {
	d.t.Helper()
	admin := d.tab(adminOne)
	err := eventually(startPatience, func() error {
		admin.open("/desk/outbox")
		path = link.FindString(ask[string](admin, `[...document.querySelectorAll("main tbody tr")].find(r => r.innerText.includes(`+quote(to)+`))?.textContent ?? ""`))
		if path == "" {
			return fmt.Errorf("no link for %s in the outbox: %s", to, admin.text("main"))
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return path
}

var (
	confirmLink = regexp.MustCompile(`/account/email/[\w-]+`)
	inviteLink  = regexp.MustCompile(`/activate/[\w-]+`)
)

// openConfirmation asks for another address and opens the link of the mail.
func openConfirmation(d *demonstration, p *tab) {
	d.t.Helper()
	email := fmt.Sprintf("another%d@yanshi.example", p.serial())
	p.typeInto("#f-email", email)
	p.typeInto("#f-password", d.password)
	p.press("main form button.btn-primary")
	p.open(d.letter(email, confirmLink))
}

// openInvitation invites somebody who has an account elsewhere and opens the link of the mail.
func openInvitation(d *demonstration, p *tab) {
	d.t.Helper()
	p.typeInto("#f-name", "测试员")
	p.typeInto("#f-email", listedFiler)
	p.press(`form[action="/account/people"] button`)
	p.open(d.letter(listedFiler, inviteLink))
	p.wants("h1", "接受邀请")
}

// claimTwice claims a report that another reviewer has claimed meanwhile.
func claimTwice(d *demonstration, p *tab) {
	d.t.Helper()
	other := d.tab(reviewerTwo)
	for _, m := range d.matters("/reviews?status=pending") {
		path := "/desk/reviews/" + m.SubmissionID
		if p.open(path); p.has(`form[action$="/claim"]`) {
			other.open(path)
			other.press(`form[action$="/claim"] button`)
			p.press(`form[action$="/claim"] button`)
			return
		}
	}
	d.t.Fatal("every report is claimed")
}

// openReopening opens the page to review an unqualified report anew.
func openReopening(d *demonstration, p *tab) {
	d.t.Helper()
	for _, m := range d.matters("/reviews?status=decided") {
		if m.Outcome != nil && *m.Outcome == "unqualified" {
			p.open("/desk/reviews/" + m.SubmissionID + "/reopening")
			return
		}
	}
	d.t.Fatal("no report of the demonstration is unqualified")
}

// makeToken makes a token for the organisation's software.
func makeToken(_ *demonstration, p *tab) {
	p.t.Helper()
	p.typeInto("#f-name", fmt.Sprint("财务软件", p.serial()))
	p.press(`form[action="/account/tokens"] button[type=submit]`)
}
