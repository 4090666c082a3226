package e2e

import (
	"fmt"
	"net/http"
)

// pageKind is a kind of page and the way to it.
type pageKind struct {
	name    string
	who     string   // whose page; empty: anyone's
	path    string   // where the way begins
	status  int      // of the page at path, 0 for 200
	through []string // the links followed from there
	act     func(d *demonstration, p *tab)
}

// look goes to the page.
func (k pageKind) look(d *demonstration) *tab {
	d.t.Helper()
	p := d.tab(k.who)
	want := k.status
	if want == 0 {
		want = http.StatusOK
	}
	if got := p.status(k.path); got != want {
		d.t.Fatalf("%s: open %s: %d, want %d: %s", k.name, k.path, got, want, p.text("main"))
	}
	for _, selector := range k.through {
		p.follow(selector)
	}
	if k.act != nil {
		k.act(d, p)
	}
	return p
}

const year = "/filer/reports/2025"

// pageKinds are all kinds of page that the system has, each in the state that shows most.
var pageKinds = []pageKind{
	{name: "public-home", path: "/"},
	{name: "public-search", path: "/public/organisations?q=协会"},
	{name: "public-search-nothing", path: "/public/organisations?q=查无此会"},
	{name: "public-organisation", path: "/public/abnormal-list", through: []string{`main a[href^="/public/organisations/"]`}},
	{name: "public-abnormal-list", path: "/public/abnormal-list"},
	{name: "public-spot-check-list", path: "/public/spot-check-list"},
	{name: "public-verify", path: "/verify"},
	{name: "public-verify-genuine", path: "/public/abnormal-list", through: []string{`main a[href^="/verify/"]`}},
	{name: "public-verify-unknown", path: "/verify/0000-0000-0000", status: http.StatusNotFound},
	{name: "public-verify-changed", path: "/verify", act: uploadChanged},
	{name: "public-api-docs", path: "/api/docs"},
	{name: "account-sign-in", path: "/sign-in"},
	{name: "account-sign-in-refused", path: "/sign-in", act: func(_ *demonstration, p *tab) {
		p.typeInto("#f-email", "nobody@yanshi.example")
		p.typeInto("#f-password", "wrong password")
		p.press("main form button[type=submit]")
	}},
	{name: "account-activate", path: "/sign-in", act: func(d *demonstration, p *tab) {
		p.open(d.invite("reviewer", "--authority", demoCity, fmt.Sprintf("new%d@yanshi.example", p.serial())))
	}},
	{name: "account-register", path: "/sign-in/activate"},
	{name: "account-register-refused", path: "/sign-in/activate", act: func(_ *demonstration, p *tab) {
		p.typeInto("#f-uscc", "51440100MJK1A2B31X")
		p.press("main form button[type=submit]")
	}},
	{name: "account-code", path: "/sign-in/activate", act: askCode},
	{name: "account-code-refused", path: "/sign-in/activate", act: func(d *demonstration, p *tab) {
		askCode(d, p)
		p.press("main form button[type=submit]")
	}},
	{name: "account-reset", path: "/sign-in/reset"},
	{name: "account-reset-sent", path: "/sign-in/reset", act: func(_ *demonstration, p *tab) {
		p.typeInto("#f-email", "nobody@yanshi.example")
		p.press("main form button[type=submit]")
	}},
	{name: "account-link-over", path: "/activate/no-such-link", status: http.StatusGone},
	{name: "error-not-found", path: "/no-such-page", status: http.StatusNotFound},

	{name: "account-account", who: serviceFiler, path: "/account"},
	{name: "account-name", who: serviceFiler, path: "/account/name"},
	{name: "account-email", who: serviceFiler, path: "/account/email"},
	{name: "account-password-refused", who: serviceFiler, path: "/account/password", act: pressMain},
	{name: "account-choose", who: serviceFiler, path: "/account/choose"},
	{name: "account-people", who: serviceFiler, path: "/account/people"},
	{name: "account-people-refused", who: serviceFiler, path: "/account/people", act: func(_ *demonstration, p *tab) {
		p.press(`form[action="/account/people"] button`)
	}},
	{name: "account-accept", who: serviceFiler, path: "/account/people", act: openInvitation},
	{name: "account-people-editor", who: serviceEditor, path: "/account/people"},
	{name: "account-end", who: serviceFiler, path: "/account/people", through: []string{`main a[href$="/end"]`}},
	{name: "account-tokens", who: serviceFiler, path: "/account/tokens"},
	{name: "account-tokens-refused", who: serviceFiler, path: "/account/tokens", act: pressMain},
	{name: "account-tokens-made", who: serviceFiler, path: "/account/tokens", act: makeToken},
	{name: "account-end-token", who: serviceFiler, path: "/account/tokens", act: func(d *demonstration, p *tab) {
		makeToken(d, p)
		p.follow(`main a[href$="/end"]`)
	}},
	{name: "account-confirm", who: submittedFiler, path: "/account/email", act: openConfirmation},

	{name: "filer-home", who: associationFiler, path: "/filer"},
	{name: "filer-home-returned", who: serviceFiler, path: "/filer"},
	{name: "filer-home-passed", who: foundationFiler, path: "/filer"},
	{name: "filer-tasks", who: associationFiler, path: year + "/tasks"},
	{name: "filer-section", who: serviceFiler, path: year + "/sections/balance_sheet"},
	{name: "filer-section-activities", who: serviceFiler, path: year + "/sections/activities"},
	{name: "filer-section-fields", who: associationFiler, path: year + "/sections/basics"},
	{name: "filer-section-tables", who: serviceFiler, path: year + "/sections/government_purchase"},
	{name: "filer-section-refused", who: associationFiler, path: year + "/sections/balance_sheet", act: func(_ *demonstration, p *tab) {
		p.fill(map[string]any{"bs_cash.closing": "一万元"})
		p.press(`button[name=save][value=later]:not([tabindex])`)
	}},
	{name: "filer-conflict", who: associationFiler, path: year + "/sections/basics", act: editTwice},
	{name: "filer-check", who: associationFiler, path: year + "/check"},
	{name: "filer-check-clean", who: serviceFiler, path: year + "/check"},
	{name: "filer-attachments", who: associationFiler, path: year + "/attachments"},
	{name: "filer-attachments-refused", who: associationFiler, path: year + "/attachments", act: func(d *demonstration, p *tab) {
		p.send("form.nb-upload", writeFile(d.t, d.t.TempDir(), "审计报告.pdf", "MZ this is a program"))
	}},
	{name: "filer-print", who: associationFiler, path: year + "/print"},
	{name: "filer-workbook", who: associationFiler, path: year + "/workbook"},
	{name: "filer-workbook-refused", who: associationFiler, path: year + "/workbook", act: func(d *demonstration, p *tab) {
		p.send("form.nb-upload", writeFile(d.t, d.t.TempDir(), "报表.xlsx", "no workbook"))
	}},
	{name: "filer-workbook-preview", who: associationFiler, path: year + "/workbook", act: func(d *demonstration, p *tab) {
		p.send("form.nb-upload", writeFile(d.t, d.t.TempDir(), "报表.csv",
			"资产负债表\n项目,行次,年初数,期末数\n货币资金,1,\"1,234.50\",\"65,432.10\"\n应收款项,3,,一万元\n"))
	}},
	{name: "filer-request", who: associationFiler, path: year + "/extension"},
	{name: "filer-request-refused", who: associationFiler, path: year + "/exemption", act: pressMain},
	{name: "filer-correction", who: foundationFiler, path: year + "/correction"},
	{name: "filer-correction-refused", who: foundationFiler, path: year + "/correction", act: pressMain},
	{name: "filer-accepted", who: associationFiler, path: "/filer/reports/2024/accepted"},
	{name: "filer-submit-editor", who: serviceEditor, path: year + "/submit"},
	{name: "filer-submit-refused", who: serviceFiler, path: year + "/submit", act: func(_ *demonstration, p *tab) {
		p.press("#declare button[type=submit]")
	}},
	{name: "filer-sponsor", who: townFiler, path: year + "/sponsor"},
	{name: "filer-submit", who: serviceFiler, path: year + "/submit"},
	{name: "filer-return", who: serviceFiler, path: year + "/return"},
	{name: "filer-report", who: serviceFiler, path: year},
	{name: "filer-report-passed", who: foundationFiler, path: year},
	{name: "filer-submission", who: foundationFiler, path: year, through: []string{`main a[href*="/submissions/"]:not([href$="/receipt"])`}},
	{name: "filer-receipt", who: foundationFiler, path: year, through: []string{`main a[href$="/receipt"]`}},
	{name: "filer-withdraw", who: submittedFiler, path: year, through: []string{`main a[href$="/withdraw"]`}},
	{name: "filer-reports", who: foundationFiler, path: "/filer/reports"},
	{name: "filer-documents", who: serviceFiler, path: "/filer/documents"},
	{name: "filer-messages", who: serviceFiler, path: "/filer/messages"},
	{name: "filer-message", who: serviceFiler, path: "/filer/messages", through: []string{`main a[href^="/filer/messages/"]`}},
	{name: "filer-home-late", who: notifiedFiler, path: "/filer"},
	{name: "filer-listings", who: notifiedFiler, path: "/filer/listings"},
	{name: "filer-matter", who: notifiedFiler, path: "/filer/listings", through: []string{`main a[href^="/filer/listings/"]`}},
	{name: "filer-statement", who: notifiedFiler, path: "/filer/listings",
		through: []string{`main a[href^="/filer/listings/"]`, `main a[href$="/statement"]`}},
	{name: "filer-matter-listed", who: listedFiler, path: "/filer/listings", through: []string{`main a[href^="/filer/listings/"]`}},
	{name: "filer-removal", who: listedFiler, path: "/filer/listings",
		through: []string{`main a[href^="/filer/listings/"]`, `main a[href$="/removal"]`}},

	{name: "desk-queue", who: reviewerOne, path: "/desk/reviews"},
	{name: "desk-queue-empty", who: reviewerOne, path: "/desk/reviews?q=查无此会"},
	{name: "desk-case", who: reviewerOne, path: "/desk/reviews", through: []string{`main tbody a`}},
	{name: "desk-case-statement", who: reviewerOne, path: "/desk/reviews", through: []string{`main tbody a`, `.nb-parts a[href*="balance_sheet"]`}},
	{name: "desk-case-refused", who: reviewerOne, path: "/desk/reviews", through: []string{`main tbody a`}, act: func(_ *demonstration, p *tab) {
		p.press("#decide button.btn-primary")
	}},
	{name: "desk-decide", who: reviewerOne, path: "/desk/reviews", through: []string{`main tbody a`}, act: previewReturn},
	{name: "desk-conflict", who: reviewerOne, path: "/desk/reviews", act: claimTwice},
	{name: "desk-reopening", who: reviewerOne, path: "/desk/reviews", act: openReopening},
	{name: "desk-requests", who: reviewerOne, path: "/desk/requests"},
	{name: "desk-request", who: reviewerOne, path: "/desk/requests", through: []string{`main tbody a`}},
	{name: "desk-request-decision", who: reviewerOne, path: "/desk/requests", through: []string{`main tbody a`, `main a[href$="/decision"]`}},
	{name: "desk-service", who: reviewerOne, path: "/desk/listings", act: func(d *demonstration, p *tab) {
		p.open("/desk/listings/" + unserved(d.matters("/listings?status=notified")).ID + "/service")
	}},
	{name: "desk-decision", who: reviewerOne, path: "/desk/listings?status=notified",
		through: []string{`main a[href^="/desk/listings/"]`, `main a[href$="/decision"]`}},
	{name: "desk-removal", who: reviewerOne, path: "/desk/listings?status=listed",
		through: []string{`main a[href^="/desk/listings/"]`, `main a[href$="/removal"]`}},
	{name: "desk-listings", who: reviewerOne, path: "/desk/listings"},
	{name: "desk-listing", who: reviewerOne, path: "/desk/listings", through: []string{`main a[href^="/desk/listings/"]`}},
	{name: "desk-listing-listed", who: reviewerOne, path: "/desk/listings?status=listed", through: []string{`main a[href^="/desk/listings/"]`}},
	{name: "desk-annulment", who: reviewerOne, path: "/desk/listings?status=listed",
		through: []string{`main a[href^="/desk/listings/"]`, `main a[href$="/annulment"]`}},
	{name: "desk-spot-checks", who: reviewerOne, path: "/desk/spot-checks"},
	{name: "desk-penalties", who: reviewerOne, path: "/desk/penalties"},
	{name: "desk-seasons", who: reviewerOne, path: "/desk/seasons"},
	{name: "desk-season", who: reviewerOne, path: "/desk/seasons", through: []string{`main a[href^="/desk/seasons/"]`}},
	{name: "desk-documents", who: reviewerOne, path: "/desk/documents"},
	{name: "desk-documents-held", who: reviewerOne, path: "/desk/documents/held"},
	{name: "desk-messages", who: reviewerOne, path: "/desk/messages"},
	{name: "desk-message", who: reviewerOne, path: "/desk/messages", through: []string{`main a[href^="/desk/messages/"]`}},
	{name: "desk-outbox", who: adminOne, path: "/desk/outbox"},
	{name: "desk-admin", who: adminOne, path: "/desk"},
	{name: "desk-outbox-failed", who: adminOne, path: "/desk/outbox?state=failed"},
	{name: "desk-approver", who: approverOne, path: "/desk"},
	{name: "desk-approve", who: townApprover, path: "/desk/reviews", act: func(d *demonstration, p *tab) {
		p.open("/desk/reviews/" + d.town.proposed)
		p.tick("#decide input[value=confirm]")
		p.press("#decide button.btn-primary")
	}},
	{name: "desk-sponsor", who: townSponsor, path: "/desk/sponsor"},
	{name: "desk-sponsor-case", who: townSponsor, path: "/desk/sponsor", through: []string{`main tbody a`}},
	{name: "desk-sponsor-opinion", who: townSponsor, path: "/desk/sponsor", through: []string{`main tbody a`, `main a[href$="/opinion"]`}},
}
