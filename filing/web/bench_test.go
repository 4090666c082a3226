package web_test

import (
	"testing"

	"nianbao/filing"
	"nianbao/internal/registry"
	"nianbao/internal/web/webtest"
)

// filledWorld has a complete draft of the association, the form with the most fields.
func filledWorld(b *testing.B) *webtest.Browser {
	b.Helper()
	w := newWorld(b, "2019-03-28")
	org, _ := w.org(registry.TypeAssociation)
	f, values := w.sample(org, 1)
	if _, err := w.filing.SaveDraft(w.ctx, filing.SaveDraft{OrganisationID: org.ID, Year: 2018, Actor: person,
		Body: []byte(encode(b, f, values))}); err != nil {
		b.Fatal(err)
	}
	browser := w.browser(registry.TypeAssociation)
	browser.Get("/filer/reports/2018/tasks") // the checks compile when they first run
	return browser
}

func get(b *testing.B, browser *webtest.Browser, path string) {
	b.Helper()
	size := len(browser.Get(path).Body)
	b.ResetTimer()
	for b.Loop() {
		browser.Get(path)
	}
	b.ReportMetric(float64(size), "page-bytes")
}

// BenchmarkSectionPage is a page of more than sixty fields, the cash flow statement's and the balance sheet's size, from
// the request over the loopback with session, eight queries and all checks to the last byte.
func BenchmarkSectionPage(b *testing.B) {
	get(b, filledWorld(b), "/filer/reports/2018/sections/balance_sheet")
}

// BenchmarkReadWhole is the whole report of 490 fields to read through.
func BenchmarkReadWhole(b *testing.B) { get(b, filledWorld(b), "/filer/reports/2018/print") }

// BenchmarkTaskList is the list of sections with their states.
func BenchmarkTaskList(b *testing.B) { get(b, filledWorld(b), "/filer/reports/2018/tasks") }
