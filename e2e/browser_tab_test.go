package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tab is a page of the browser as a person uses it. Its methods end the test where a step cannot be done.
type tab struct {
	t     testing.TB
	ctx   context.Context
	base  string
	heard *complaints
	used  int

	policy string // content security policy of the last page
}

// do runs one step.
func (p *tab) do(what string, step chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, pagePatience)
	defer cancel()
	if err := chromedp.Do(ctx, step); err != nil {
		p.t.Fatalf("%s on %s: %v", what, p.where(), err)
	}
}

// where is the path of the page, as far as it can still be told.
func (p *tab) where() string {
	address, err := chromedp.Run(p.ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(address, p.base)
}

// ask evaluates an expression in the page. It works without script too, since the browser's tools are not the page's.
func ask[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, pagePatience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s on %s: %v", expression, p.where(), err)
	}
	return value
}

func quote(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // only strings, lists and maps of strings come here
	}
	return string(text)
}

// width sets the width of the window.
func (p *tab) width(pixels int64) {
	p.t.Helper()
	p.do("set the width", chromedp.EmulateViewport(pixels, 900))
}

// withoutScript switches the page's scripts off.
func (p *tab) withoutScript() {
	p.t.Helper()
	p.do("switch scripts off", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// scripted tells whether the page's own scripts have run.
func (p *tab) scripted() bool {
	p.t.Helper()
	return ask[string](p, "typeof htmx") != "undefined"
}

// open goes to a path and wants a page.
func (p *tab) open(path string) {
	p.t.Helper()
	if status := p.status(path); status != http.StatusOK {
		p.t.Fatalf("open %s: %d: %s", path, status, p.text("main"))
	}
}

// status goes to a path and gives the status of the answer.
func (p *tab) status(path string) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, pagePatience)
	defer cancel()
	response, err := chromedp.Run(ctx, chromedp.NavigateResponse(p.base+path))
	if err != nil {
		p.t.Fatalf("open %s: %v", path, err)
	}
	return p.answered(response)
}

// has tells whether the page has such an element.
func (p *tab) has(selector string) bool {
	p.t.Helper()
	return ask[bool](p, "!!document.querySelector("+quote(selector)+")")
}

// text is what the first such element says, empty where there is none; spaces are joined.
func (p *tab) text(selector string) string {
	p.t.Helper()
	return ask[string](p, `(document.querySelector(`+quote(selector)+`)?.innerText ?? "").replace(/\s+/g, " ").trim()`)
}

// wants fails where the element does not say all the words.
func (p *tab) wants(selector string, words ...string) {
	p.t.Helper()
	said := p.text(selector)
	for _, w := range words {
		if !strings.Contains(said, w) {
			p.t.Fatalf("%s on %s lacks %q: %q", selector, p.where(), w, said)
		}
	}
}

// link is the address of the first link that the selector finds; empty where there is none.
func (p *tab) link(selector string) string {
	p.t.Helper()
	return ask[string](p, `document.querySelector(`+quote(selector)+`)?.getAttribute("href") ?? ""`)
}

// follow opens the first link that the selector finds.
func (p *tab) follow(selector string) {
	p.t.Helper()
	path := p.link(selector)
	if path == "" {
		p.t.Fatalf("no link %s on %s: %s", selector, p.where(), p.text("main"))
	}
	p.press(selector)
}

// press clicks a link or a button and waits for the page that follows; it gives the answer's status.
func (p *tab) press(selector string) int {
	p.t.Helper()
	return p.leads("press "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// leads does a step that leads to another page.
func (p *tab) leads(what string, step chromedp.Action[chromedp.Void]) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, pagePatience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		p.t.Fatalf("%s on %s: %v", what, p.where(), err)
	}
	return p.answered(response)
}

// answered remembers what the tests ask of every answer, and gives its status.
func (p *tab) answered(response *network.Response) int {
	p.policy = ""
	for name, value := range response.Headers {
		if strings.EqualFold(name, "Content-Security-Policy") {
			p.policy, _ = value.(string)
		}
	}
	return int(response.Status)
}

// typeInto empties a field and types into it.
func (p *tab) typeInto(selector, words string) {
	p.t.Helper()
	p.do("focus "+selector, chromedp.Focus(chromedp.CSS(selector)))
	ask[string](p, `document.querySelector(`+quote(selector)+`).value = ""`)
	p.write(words)
}

// write types into the field that has the focus, as a keyboard or an input method does.
func (p *tab) write(words string) {
	p.t.Helper()
	p.do("type", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: words})
		return err
	}))
}

// tick clicks a radio button or a check box.
func (p *tab) tick(selector string) {
	p.t.Helper()
	p.do("tick "+selector, chromedp.Click(chromedp.CSS(selector)))
	if !ask[bool](p, `document.querySelector(`+quote(selector)+`).checked`) {
		p.t.Fatalf("%s on %s is not ticked", selector, p.where())
	}
}

// tabTo presses Tab until the element has the focus.
func (p *tab) tabTo(selector string) {
	p.t.Helper()
	const most = 400
	for range most {
		p.do("press Tab", chromedp.KeyEvent(kb.Tab))
		if ask[bool](p, `!!document.activeElement && document.activeElement.matches(`+quote(selector)+`)`) {
			return
		}
	}
	p.t.Fatalf("%s on %s is not reached by %d times Tab", selector, p.where(), most)
}

// keys presses keys one after the other.
func (p *tab) keys(keys string) {
	p.t.Helper()
	p.do("press keys", chromedp.KeyEvent(keys))
}

// enter presses Enter, which leads to another page.
func (p *tab) enter() int {
	p.t.Helper()
	return p.leads("press Enter", chromedp.KeyEvent(kb.Enter))
}

// fill answers the fields of the page's form by name: a text, or a list of texts for check boxes. Answers for which the
// page has no field are left; it gives the names of those that it took.
func (p *tab) fill(answers map[string]any) []string {
	p.t.Helper()
	return ask[[]string](p, "("+fillForm+")("+quote(answers)+")")
}

const fillForm = `answers => Object.entries(answers).filter(([name, value]) => {
	let taken = false;
	for (const field of document.getElementsByName(name)) {
		if (field.type === "hidden") continue;
		if (field.type === "radio" || field.type === "checkbox") {
			field.checked = [].concat(value).includes(field.value);
			taken ||= field.checked;
		} else {
			field.value = value;
			taken = field.value !== "";
		}
		for (const event of ["input", "change", "focusout"]) field.dispatchEvent(new Event(event, {bubbles: true}));
	}
	return taken;
}).map(([name]) => name)`

// upload sends a file by the form of the page.
func (p *tab) upload(file string) {
	p.t.Helper()
	p.send("form[enctype]", file)
}

// send sends a file by the first such form.
func (p *tab) send(form, file string) {
	p.t.Helper()
	p.do("choose "+file, chromedp.SetUploadFiles(chromedp.CSS(form+" input[type=file]"), []string{file}))
	p.press(form + " button[type=submit]")
}

// serial is a number that the tab has not used yet.
func (p *tab) serial() int {
	p.used++
	return p.used
}

// signIn signs in by mouse and keyboard.
func (p *tab) signIn(email, password string) {
	p.t.Helper()
	p.open("/sign-in")
	p.typeInto("#f-email", email)
	p.typeInto("#f-password", password)
	p.press("main form button[type=submit]")
	if strings.HasPrefix(p.where(), "/sign-in") {
		p.t.Fatalf("%s is not let in: %s", email, p.text("main"))
	}
}

// fetch gets a file with the tab's cookies, as a click on a download does.
func (p *tab) fetch(path string) []byte {
	p.t.Helper()
	cookies, err := chromedp.Call(p.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{p.base}})
	if err != nil {
		p.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.base+path, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range cookies.Cookies {
		request.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	response, err := web.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		p.t.Fatalf("fetch %s: %d %v", path, response.StatusCode, err)
	}
	return content
}

// fits fails where the page scrolls sideways at one of the widths, and says which elements stick out.
func (p *tab) fits(widths ...int64) {
	p.t.Helper()
	for _, w := range widths {
		p.width(w)
		if out := ask[[]string](p, sticksOut); len(out) > 0 {
			p.t.Errorf("%s scrolls sideways at %d: %s", p.where(), w, strings.Join(out, ", "))
		}
	}
	p.width(desktop)
}

// sticksOut lists what reaches beyond the window's right edge, where the page as a whole does.
const sticksOut = `(() => {
	const edge = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= edge) return [];
	return [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > edge + 1)
		.slice(0, 5).map(e => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + "." + e.className + " " + Math.round(e.getBoundingClientRect().right));
})()`

// shown is what the page says, for a step that went another way than meant.
func (p *tab) shown() string {
	p.t.Helper()
	return p.where() + ": " + p.text("body")
}
