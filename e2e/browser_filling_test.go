package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

const (
	basicsPath = reportPath + "/sections/basics"
	sheetPath  = reportPath + "/sections/balance_sheet"
	savedLine  = "[data-saved]"
)

// until waits for something to be so on the page; nothing is measured by it.
func (p *tab) until(what, expression string) {
	p.t.Helper()
	for deadline := time.Now().Add(pagePatience); !ask[bool](p, expression); {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s never came about on %s: %q", what, p.where(), p.text("main"))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// says waits for words in an element.
func (p *tab) says(selector string, words string) {
	p.t.Helper()
	p.until(selector+" saying "+words, `(document.querySelector(`+quote(selector)+`)?.innerText ?? "").includes(`+quote(words)+`)`)
}

func field(name string) string { return `[name="` + name + `"]` }

// holds is what a field of the page has in it.
func (p *tab) holds(name string) string {
	p.t.Helper()
	return ask[string](p, `document.getElementsByName(`+quote(name)+`)[0]?.value ?? "no such field"`)
}

// paste hands the page what a spreadsheet put on the clipboard.
func (p *tab) paste(name, text string) {
	p.t.Helper()
	ask[bool](p, `(() => {
		const input = document.getElementsByName(`+quote(name)+`)[0], data = new DataTransfer();
		data.setData("text/plain", `+quote(text)+`);
		input.focus();
		return !input.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
	})()`)
}

// drop makes what the page sends fail: before it is sent, or after, so that only the answer is lost. The nth of calls is
// let through where the expression of n holds.
func (p *tab) drop(before, through string) {
	p.t.Helper()
	ask[bool](p, `(() => {
		window.sendingAlone ??= window.fetch;
		let n = 0;
		window.fetch = async (...call) => {
			n++;
			if (`+before+`) throw new TypeError("the line is down");
			const answer = await window.sendingAlone(...call);
			if (!(`+through+`)) throw new TypeError("the answer is lost");
			return answer;
		};
		return true;
	})()`)
}

// slow puts the tab on a bad line: latency in milliseconds, bytes a second.
func (p *tab) slow(latency, throughput float64) {
	p.t.Helper()
	p.do("slow the line down", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Latency: latency, DownloadThroughput: throughput, UploadThroughput: throughput}}})
		return err
	}))
}

// TestBrowserFilling tries what a person meets while filling in: nothing typed is lost, and nobody's work overwritten.
func TestBrowserFilling(t *testing.T) {
	o := openOffice(t)
	person := o.services[0]
	filer := o.tab()
	filer.signIn(person.email, officePassword)

	t.Run("what is typed is saved by itself", func(t *testing.T) {
		filer.t = t
		filer.open(basicsPath)
		filer.typeInto(field("phone"), "020-81234567")
		filer.says(savedLine, "已保存")
		filer.open(basicsPath)
		if got := filer.holds("phone"); got != "020-81234567" {
			t.Errorf("after a reload the telephone is %q", got)
		}
		if filer.has("[data-recover]") {
			t.Error("what was saved is offered again")
		}
		if n := filer.has(".nb-field--bad"); n {
			t.Error("a section that was never saved is scolded for what it lacks")
		}
	})

	t.Run("totals follow what is typed", func(t *testing.T) {
		filer.t = t
		filer.open(sheetPath)
		filer.typeInto(field("bs_cash.closing"), "１２，３４５．６")
		filer.typeInto(field("bs_inventory.closing"), "0.4")
		filer.typeInto(field("bs_accumulated_depreciation.closing"), "46")
		filer.typeInto(field("bs_fixed_assets_cost.closing"), "2000000000000")
		for path, want := range map[string]string{
			"bs_current_assets_total.closing": "12,346.00", "bs_fixed_assets_net.closing": "1,999,999,999,954.00", "bs_assets_total.closing": "2,000,000,012,300.00",
		} {
			if got := filer.text(`[data-calc="` + path + `"]`); got != want {
				t.Errorf("%s is %s, want %s", path, got, want)
			}
		}
		if got := filer.holds("bs_cash.closing"); got != "12,345.60" {
			t.Errorf("the amount is shown as %s", got)
		}
		filer.says(savedLine, "已保存")
		filer.open(sheetPath)
		if got := filer.text(`[data-calc="bs_assets_total.closing"]`); got != "2,000,000,012,300.00" {
			t.Errorf("the server's total is %s", got)
		}
	})

	t.Run("a spreadsheet is pasted into a statement", func(t *testing.T) {
		filer.t = t
		filer.open(sheetPath)
		filer.paste("bs_cash.opening", "1\t10\n(2)\t-\n3.5\t30\n")
		for name, want := range map[string]string{"bs_cash.opening": "1.00", "bs_cash.closing": "10.00", "bs_short_term_investment.opening": "−2.00",
			"bs_short_term_investment.closing": "0.00", "bs_receivables.opening": "3.50", "bs_receivables.closing": "30.00"} {
			if got := filer.holds(name); got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
		filer.leads("paste lines with their names", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			filer.paste("bs_cash.opening", "货币资金\t1\t7\t8\n流动资产合计\t20\t9\t9\n短期借款\t61\t5\t6")
			return nil
		}))
		filer.wants("main", "已贴入 4 个金额")
		if got := filer.holds("bs_short_term_loans.closing"); got != "6.00" {
			t.Errorf("the loan is %s", got)
		}
	})

	t.Run("rows are pasted, copied and removed", func(t *testing.T) { rowsInTheBrowser(t, filer) })
	t.Run("what could not be sent is offered after a reload", func(t *testing.T) { recovered(t, filer) })
	t.Run("a sign-in that ran out loses nothing", func(t *testing.T) { signedOut(t, filer) })
	t.Run("two tabs ask which value stays", func(t *testing.T) { twoTabs(t, o, filer, person) })
	t.Run("a throttled, dropping line loses no field", func(t *testing.T) { badLine(t, filer) })
}

func rowsInTheBrowser(t *testing.T, p *tab) {
	p.t = t
	const path = reportPath + "/sections/units"
	p.open(path)
	p.addRow("unit_table")
	p.paste("unit_table[0].name", "财务部\t王芳\t2018/3/5\n人事部\t李伟\t2018年4月1日\n后勤部\t赵敏\t20180502\n")
	const names = `[...document.querySelectorAll("[data-row] input[name$='.name']")].map(i => i.name + "=" + i.value).join(" ")`
	if got := ask[string](p, names); got != "unit_table[0].name=财务部 unit_table[1].name=人事部 unit_table[2].name=后勤部" {
		t.Errorf("pasted: %s", got)
	}
	p.tick(`[name="unit_table[1].change"][value=added]`)
	p.do("copy a row", chromedp.Click(chromedp.CSS(`[name=copy][value="unit_table[1]"]`)))
	if got := ask[string](p, `[...document.querySelectorAll("[name$='.change']:checked")].map(i => i.name).join(" ")`); got != "unit_table[1].change unit_table[2].change" {
		t.Errorf("the copy and its pattern are answered %s", got)
	}
	p.do("remove a row", chromedp.Click(chromedp.CSS(`[name=remove][value="unit_table[0]"]`)))
	if got := ask[string](p, names); got != "unit_table[0].name=人事部 unit_table[1].name=人事部 unit_table[2].name=后勤部" {
		t.Errorf("after copying and removing: %s", got)
	}
	if got := p.text("[data-row]:nth-of-type(2) legend"); got != "第 2 项" {
		t.Errorf("the second row is called %s", got)
	}
	p.says(savedLine, "已保存")
	p.open(path)
	if got := ask[string](p, names+` + " " + document.getElementsByName("unit_table[2].approved_on")[0].value`); got !=
		"unit_table[0].name=人事部 unit_table[1].name=人事部 unit_table[2].name=后勤部 2018-05-02" {
		t.Errorf("stored: %s", got)
	}
}

func recovered(t *testing.T, p *tab) {
	p.t = t
	p.open(basicsPath)
	p.drop("true", "true")
	p.typeInto(field("bank"), "试验银行城西支行")
	p.says(savedLine, "未能保存，将自动重试")
	p.open(basicsPath)
	p.wants("[data-recover]", "没有存上的内容")
	if p.holds("bank") == "试验银行城西支行" {
		t.Fatal("it was stored after all")
	}
	p.do("restore", chromedp.Click(chromedp.CSS("[data-recover] button")))
	if got := p.holds("bank"); got != "试验银行城西支行" {
		t.Errorf("restored: %s", got)
	}
	p.says(savedLine, "已保存")
	p.open(basicsPath)
	if got := p.holds("bank"); got != "试验银行城西支行" || p.has("[data-recover]") {
		t.Errorf("stored %q, still offered: %t", got, p.has("[data-recover]"))
	}
}

func signedOut(t *testing.T, p *tab) {
	p.t = t
	p.open(basicsPath)
	cookies, err := chromedp.Call(p.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{p.base}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cookies.Cookies {
		if _, err := chromedp.Call(p.ctx, network.DeleteCookies, network.DeleteCookiesParams{Name: c.Name, URL: p.base}); err != nil {
			t.Fatal(err)
		}
	}
	p.typeInto(field("bank_account"), "6222000011112222")
	p.says(savedLine, "登录已过期")
	for _, c := range cookies.Cookies {
		if _, err := chromedp.Call(p.ctx, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: p.base, HTTPOnly: &c.HTTPOnly}); err != nil {
			t.Fatal(err)
		}
	}
	// Another sign-in has another token, which the page fetches.
	ask[bool](p, `(document.querySelector("form[data-autosave] input[name=csrf_token]").value = "of another session", window.dispatchEvent(new Event("focus")))`)
	p.says(savedLine, "已保存")
	p.open(basicsPath)
	if got := p.holds("bank_account"); got != "6222000011112222" {
		t.Errorf("the account number is %q", got)
	}
}

func twoTabs(t *testing.T, o *office, p *tab, person organisation) {
	p.t = t
	other := o.tab()
	other.signIn(person.email, officePassword)
	p.open(basicsPath)
	other.open(basicsPath)
	p.typeInto(field("phone"), "020-11111111")
	p.says(savedLine, "已保存")
	other.typeInto(field("postcode"), "510030")
	other.typeInto(field("phone"), "020-22222222")
	other.says("[data-conflict]", "020-11111111")
	other.wants("[data-conflict]", "020-22222222", "两个人同时改了 1 项")
	if status := other.press("[data-conflict] button"); status != http.StatusConflict {
		t.Fatalf("choosing: %d: %s", status, other.text("main"))
	}
	other.wants("main", "020-11111111", "020-22222222", "留我填的", "留对方保存的")
	other.press("main form button[type=submit]")
	other.open(basicsPath)
	if phone, code := other.holds("phone"), other.holds("postcode"); phone != "020-22222222" || code != "510030" {
		t.Errorf("after choosing: %s, %s", phone, code)
	}
	if other.has("[data-recover]") {
		t.Errorf("what was decided is offered again: %s", other.text("[data-recover]"))
	}
}

// badLine fills a section on a line that is slow, loses every third sending and every other answer.
func badLine(t *testing.T, p *tab) {
	p.t = t
	p.open(sheetPath)
	p.slow(150, 20_000)
	t.Cleanup(func() { p.slow(0, -1) })
	p.drop("n % 3 === 0", "n % 2 === 0")
	want := map[string]string{}
	lines := []string{"bs_cash", "bs_short_term_investment", "bs_receivables", "bs_prepayments", "bs_inventory", "bs_payables", "bs_wages_payable", "bs_taxes_payable"}
	for round := range 3 {
		for i, line := range lines {
			name := line + ".closing"
			want[name] = fmt.Sprintf("%d.%02d", 100*round+i+1, i)
			p.typeInto(field(name), want[name])
		}
		p.until("a sending", `!document.querySelector("[data-saved]").innerText.includes("马上保存")`)
	}
	p.says(savedLine, "已保存")
	if p.has("[data-conflict]") {
		t.Errorf("a conflict with oneself: %s", p.text("[data-conflict]"))
	}
	p.slow(0, -1)
	p.open(sheetPath)
	for name, value := range want {
		if got := p.holds(name); got != value {
			t.Errorf("%s is %s, typed was %s", name, got, value)
		}
	}
	if p.has("[data-recover]") {
		t.Errorf("still offered: %s", strings.TrimSpace(p.text("[data-recover]")))
	}
}
